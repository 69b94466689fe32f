import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, authority, hasOpenssl } from '../../server/security/certificates.fixture.ts';
import { type CliRun, endCliRuns, readyLine, runCli, startCli, until } from './cli.fixture.ts';

/** Everything that takes a secret is given one that tells its place; nothing that the program says or keeps may hold it. */
const planted = new Map<string, string>();
const heard: { readonly where: string; readonly text: string }[] = [];
let folder: string;
let issuer: Authority;
let closed: number;

function plant(place: string): string {
  const secret = `plnt3d${place.replaceAll(/\W/g, '')}7f3a9c`;
  planted.set(place, secret);
  return secret;
}

function secretFile(place: string): string {
  const path = join(folder, 'secrets', place);
  writeFileSync(path, `${plant(place)}\n`, { mode: 0o600 });
  return path;
}

const hear = (where: string, text: string): void => {
  heard.push({ where, text });
};
/** Which secrets were heard where; as they are, and as addresses and Basic logins spell them. */
const leaks = (): string[] =>
  [...planted].flatMap(([place, secret]) =>
    heard
      .filter(({ text }) => text.includes(secret) || text.includes(Buffer.from(secret).toString('base64').slice(0, -4)))
      .map(({ where, text }) => `${place} in ${where}: ${around(text, secret)}`),
  );
const around = (text: string, secret: string): string => {
  const at = text.indexOf(secret);
  return text.slice(Math.max(0, at - 120), at + secret.length + 20);
};

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function cli(args: readonly string[], env: NodeJS.ProcessEnv, main?: string): Promise<string> {
  const { stdout, stderr } = await runCli(args, { env: { ...process.env, ...env }, ...(main ? { main } : {}) });
  hear(`${args.join(' ')} on stdout`, stdout);
  hear(`${args.join(' ')} on stderr`, stderr);
  return stdout;
}

/** Every file below a folder, as it is. */
function hearFolder(path: string, where: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    // QuestDB has to be told its passwords; the file is its own.
    if (file.endsWith('questdb/conf/server.conf')) continue;
    hear(`${where} ${file.slice(path.length)}`, readFileSync(file).toString('latin1'));
  }
}

describe.skipIf(!hasOpenssl)('secrets given to a running system', () => {
  let config: string;
  let env: NodeJS.ProcessEnv;
  let up: CliRun;
  let ready: Record<string, string>;
  let key: string;
  let ca: Buffer;
  const data = (): string => join(folder, 'data');

  function call(
    path: string,
    options: { method?: string; body?: unknown; authorization?: string } = {},
  ): Promise<{ status: number; text: string }> {
    const { method = 'GET', body, authorization = `Bearer ${key}` } = options;
    const headers = { 'Content-Type': 'application/json', Authorization: authorization };
    return new Promise((resolve, reject) => {
      const asked = request(`${ready.api}${path}`, { method, headers, ca });
      asked.on('error', reject);
      asked.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => {
          hear(`${method} ${path}`, `${JSON.stringify(response.headers)}\n${text}`);
          resolve({ status: response.statusCode ?? 0, text });
        });
      });
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-planted-'));
    mkdirSync(join(folder, 'secrets'));
    closed = await closedPort();
    issuer = authority();
    ca = readFileSync(issuer.ca_file);
    const { cert_file, key_file } = issuer.issue('gpu-vitals');
    const [, line = ''] = readFileSync(key_file, 'utf8').split('\n');
    planted.set('tls-key', line);
    const nowhere = `127.0.0.1:${closed}`;
    config = join(folder, 'gpu-vitals.yaml');
    const settings = {
      data: data(),
      'log-level': 'debug',
      api: '127.0.0.1:0',
      live: '127.0.0.1:0',
      'remote-write': '127.0.0.1:0',
      'remote-write-bearer-token-file': secretFile('remote-write-token'),
      'tls-cert': cert_file,
      'tls-key': key_file,
      interval: '1s',
      targets: [nowhere],
      'target-access': [{ match: nowhere, bearer_token_file: secretFile('access-token') }],
      'targets-url-bearer-token-file': secretFile('targets-url-token'),
      'target-bearer-token-file': secretFile('target-token'),
      'questdb-password-file': secretFile('questdb-password'),
      'questdb-reader-password-file': secretFile('questdb-reader-password'),
      'alert-channels': {
        slack: { kind: 'slack', url_file: secretFile('slack-file') },
        hook: {
          kind: 'webhook',
          url: `https://me:${plant('webhook-login')}@${nowhere}/${plant('webhook-path')}?t=${plant('webhook-query')}`,
          secret_env: 'HOOK_SECRET',
          bearer_token_file: secretFile('webhook-token'),
        },
        page: { kind: 'pagerduty', url: `http://${nowhere}/v2`, routing_key_env: 'PAGE_KEY' },
        mail: {
          kind: 'email',
          host: '127.0.0.1',
          port: closed,
          user: 'me',
          password_file: secretFile('smtp-password'),
          from: 'a@example.com',
          to: ['b@example.com'],
        },
        am: {
          kind: 'alertmanager',
          url: `http://me:${plant('alertmanager-login')}@${nowhere}`,
          bearer_token_env: 'AM_TOKEN',
        },
      },
    };
    writeFileSync(
      settings['alert-channels'].slack.url_file,
      `http://${nowhere}/services/T0/${planted.get('slack-file')}\n`,
    );
    writeFileSync(config, JSON.stringify(settings));
    env = {
      GPU_VITALS_CONFIG: config,
      GPU_VITALS_TARGETS_URL: `http://sd:${plant('targets-url-login')}@${nowhere}/sd?token=${plant('targets-url-query')}`,
      HOOK_SECRET: plant('webhook-secret'),
      PAGE_KEY: plant('pagerduty-key'),
      AM_TOKEN: plant('alertmanager-token'),
      GPU_VITALS_OIDC_ISSUER: `https://sso:${plant('oidc-login')}@${nowhere}`,
      GPU_VITALS_OIDC_AUDIENCE: 'vitals',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://otel:${plant('otlp-login')}@${nowhere}`,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${plant('otlp-header')}`,
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
    };
    up = startCli(['up'], { env: { ...process.env, ...env } });
    ready = await readyLine(up);
    const made = await runCli(['keys', 'create', '--name', 'root', '--role', 'admin', '--json'], {
      env: { ...process.env, ...env },
    });
    key = (JSON.parse(made.stdout) as { key: string }).key;
    planted.set('api-key', key.split('_').at(-1) ?? '');
    hear('keys create on stderr', made.stderr);
    await until('the key is known', async () => (await call('/api/v1/gpus')).status === 200);
  });
  afterAll(async () => {
    await endCliRuns();
    issuer?.remove();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });

  it('are in no answer of the API, whatever fails', async () => {
    const document = JSON.parse((await call('/openapi.json')).text) as { paths: Record<string, object> };
    for (const path of [...Object.keys(document.paths), '/', '/docs']) {
      const methods = document.paths[path];
      if (methods !== undefined && !('get' in methods)) continue;
      await call(path.replace(/\{\w+\}/g, '1'));
    }
    for (const channel of ['slack', 'hook', 'page', 'mail', 'am']) {
      const { status } = await call(`/api/v1/alert-channels/${channel}/test`, { method: 'POST', body: { by: 'x' } });
      expect([channel, status]).not.toEqual([channel, 404]);
    }
    // What a stranger shows is a secret of somebody, too.
    const jwt = `${Buffer.from('{"alg":"RS256","kid":"1"}').toString('base64url')}.${Buffer.from('{"sub":"x"}').toString('base64url')}.${plant('strange-token')}`;
    for (const authorization of [
      `Bearer ${key}x`,
      `Bearer gvk_000000000000_${plant('strange-key')}`,
      `Basic ${plant('strange-basic')}`,
      `Bearer ${jwt}`,
    ]) {
      await call('/api/v1/gpus', { authorization });
      await call('/api/v1/alerts/A1/acknowledge', { method: 'POST', body: { by: 'x' }, authorization });
    }
    await call('/api/v1/audit?limit=1000');
    expect(heard.filter(({ where }) => where.startsWith('GET /api/v1/')).length).toBeGreaterThan(30);
    expect(leaks()).toEqual([]);
  });

  it('nor in what the commands say', async () => {
    for (const args of [
      ['config'],
      ['config', '--json'],
      ['doctor'],
      ['doctor', '--json', '--log-level', 'debug'],
      ['alerts', 'channels'],
      ['alerts', 'channels', '--json'],
      ...['slack', 'hook', 'page', 'mail', 'am'].map((name) => ['alerts', 'test', name, '--json']),
      ['keys', 'list'],
      ['dead-letters', 'list', '--json'],
      ['services', 'status'],
      ['backup', join(folder, 'backup')],
      ['logs', '--lines', '10000'],
      ['logs', '--part', 'nats', '--lines', '10000'],
      ['logs', '--part', 'questdb', '--lines', '10000'],
    ]) {
      await cli(args, env);
    }
    expect(heard.filter(({ where }) => where === 'config on stdout')[0]?.text).toContain('alert-channels');
    hearFolder(join(folder, 'backup'), 'backup');
    expect(leaks()).toEqual([]);
  });

  it('nor in logs, nor in anything that it keeps', async () => {
    await until('the exporters were asked', () => /GV-COL-\d+/.test(up.stderr()));
    up.kill('SIGTERM');
    await up.exited;
    hear('up on stdout', up.stdout());
    hear('up on stderr', up.stderr());
    hearFolder(data(), 'data');
    expect(heard.filter(({ where }) => where.startsWith('data ')).length).toBeGreaterThan(20);
    expect(leaks()).toEqual([]);
  });

  it('nor when the services that they are for cannot be reached', async () => {
    const nowhere = `127.0.0.1:${closed}`;
    const elsewhere = { data: join(folder, 'elsewhere') };
    for (const [n, nats] of [
      `nats://me:${plant('nats-password')}@${nowhere}`,
      `nats://${plant('nats-token')}@${nowhere}`,
      `${plant('nats-bare-token')}@${nowhere}`,
      `nats://${nowhere}?nkey=${secretFile('nkey-seed')}`,
      `nats://${nowhere}?creds=${secretFile('nats-creds')}`,
    ].entries()) {
      const away = {
        GPU_VITALS_DATA: elsewhere.data,
        GPU_VITALS_LOG_LEVEL: 'debug',
        GPU_VITALS_NATS: nats,
        GPU_VITALS_QUESTDB: `http://me:${plant('questdb-login')}@${nowhere}`,
        GPU_VITALS_QUESTDB_PG: `postgres://me:${plant('questdb-pg-login')}@${nowhere}/qdb`,
      };
      for (const args of [
        ['up'],
        ['doctor'],
        ['config'],
        ['keys', 'list'],
        ['serve'],
        ['engine'],
        ['backup', join(folder, 'b2')],
      ]) {
        // The first address is asked by all, the others by one that knows the login.
        if (n === 0 || args[0] === 'keys' || args[0] === 'doctor') await cli(args, away);
      }
    }
    // Exporters are given none in their addresses: that is refused.
    const GPU_VITALS_TARGETS = `http://scraper:${plant('target-password')}@${nowhere}`;
    await cli(['config'], { GPU_VITALS_TARGETS });
    await cli(['collect', '--log-level', 'debug'], { GPU_VITALS_TARGETS });
    expect(leaks()).toEqual([]);
    expect(planted.size).toBeGreaterThan(30);
  });
});
