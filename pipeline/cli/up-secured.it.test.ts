import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { firstValueFrom, timeout } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createLiveClient, type LiveSocket } from '../../server/live-client.ts';
import { type Authority, authority, hasOpenssl } from '../../server/security/certificates.fixture.ts';
import { type CliRun, endCliRuns, readyLine, runCli, startCli, until } from './cli.fixture.ts';

const GPUS = 8;
let folder: string;
let ca: Buffer;
let issuer: Authority;
let up: CliRun;
let ready: Record<string, string>;
const keys: Record<string, { readonly id: string; readonly key: string }> = {};
let gpus: readonly { readonly gpu_uuid: string; readonly ts: string }[] = [];

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A call over TLS that trusts the test's authority alone. */
function call(
  path: string,
  options: { key?: string; method?: string; body?: unknown; ca?: Buffer | null } = {},
): Promise<Answer> {
  const { key, method = 'GET', body, ca: trusted = ca } = options;
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (key !== undefined) headers.Authorization = `Bearer ${key}`;
  return new Promise((resolve, reject) => {
    const asked = request(`${ready.api}${path}`, { method, headers, ...(trusted === null ? {} : { ca: trusted }) });
    asked.on('error', reject);
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: text.startsWith('{') ? JSON.parse(text) : text }),
      );
    });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const keyOf = (who: string): string => keys[who]?.key ?? '';
const shared = (): string[] => ['--data', join(folder, 'data')];

async function makeKey(who: string, role: string, ...more: string[]): Promise<void> {
  const made = await runCli(['keys', 'create', '--name', who, '--role', role, ...more, '--json', ...shared()]);
  expect([made.code, made.stderr]).toEqual([0, '']);
  keys[who] = JSON.parse(made.stdout) as { id: string; key: string };
}

/** A WebSocket that trusts the test's authority. */
class TrustingSocket extends WebSocket {
  constructor(url: string, protocol: string) {
    super(url, protocol, { ca });
  }
}
const live = (key?: string) =>
  createLiveClient({
    url: ready.live as string,
    WebSocket: TrustingSocket as unknown as new (url: string, protocol: string) => LiveSocket,
    ...(key === undefined ? {} : { key }),
  });

// Skipped without openssl, which makes the certificates.
describe.skipIf(!hasOpenssl)('up with TLS and keys', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-secured-'));
    issuer = authority();
    ca = readFileSync(issuer.ca_file);
    const { cert_file, key_file } = issuer.issue('gpu-vitals');
    up = startCli([
      'up',
      ...`--gpus ${GPUS} --seed 7 --stories none --history 0s --interval 1s`.split(' '),
      ...'--api 127.0.0.1:0 --live 127.0.0.1:0'.split(' '),
      ...['--tls-cert', cert_file, '--tls-key', key_file],
      ...shared(),
    ]);
    ready = await readyLine(up);
    await makeKey('ann', 'admin');
    await makeKey('oscar', 'operator');
    await makeKey('vera', 'viewer', '--expires', '1h');
    await until('the keys are known', async () => (await call('/api/v1/gpus')).status === 401);
    await until('all GPUs have told something', async () => {
      const { body } = await call('/api/v1/gpus', { key: keyOf('vera') });
      gpus = (body as { items?: typeof gpus }).items ?? [];
      return gpus.length === GPUS;
    });
  });
  afterAll(async () => {
    await endCliRuns();
    issuer?.remove();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });

  it('speaks TLS only, with the certificate that it was given', async () => {
    expect(ready.api).toMatch(/^https:\/\//);
    expect(ready.live).toMatch(/^wss:\/\//);
    await expect(call('/livez', { ca: null })).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    await expect(fetch(`${ready.api?.replace('https', 'http')}/livez`)).rejects.toThrow();
    expect(await call('/livez')).toMatchObject({ status: 200, body: { alive: true } });
    const headersOf = (path: string): Promise<NodeJS.Dict<string | string[]>> =>
      new Promise((resolve, reject) => {
        get(`${ready.api}${path}`, { ca }, (answer) => resolve(answer.resume().headers)).on('error', reject);
      });
    const headers = await headersOf('/');
    expect(headers['content-security-policy']).toContain(`connect-src 'self' ${new URL(ready.live as string).origin}`);
    for (const one of [headers, await headersOf('/api/v1/gpus'), await headersOf('/livez')]) {
      expect(one['strict-transport-security']).toBe('max-age=31536000');
    }
    const { hostname, port } = new URL(ready.api as string);
    const unread = connect({ host: hostname, port: Number(port), ca, servername: 'localhost' });
    let said = '';
    unread.setEncoding('utf8').on('data', (part: string) => {
      said += part;
    });
    unread.write('NONSENSE\r\n\r\n');
    await once(unread, 'close');
    expect(said).toMatch(/^HTTP\/1\.1 400 [\s\S]*\r\nStrict-Transport-Security: max-age=31536000\r\n/);
  });

  it.each([
    ['GET', '/api/v1/gpus', undefined, [401, 200, 200, 200]],
    ['GET', '/api/v1/models', undefined, [401, 200, 200, 200]],
    ['GET', '/api/v1/models/performance', undefined, [401, 200, 200, 200]],
    ['GET', '/metrics', undefined, [401, 200, 200, 200]],
    ['GET', '/api/v1/doctor', undefined, [401, 403, 200, 200]],
    ['GET', '/api/v1/audit', undefined, [401, 403, 403, 200]],
    ['GET', '/readyz', undefined, [200, 200, 200, 200]],
  ])('%s %s asks for a key, and looks at its role', async (method, path, body, expected) => {
    const asked = [undefined, keyOf('vera'), keyOf('oscar'), keyOf('ann')].map((key) =>
      call(path, { method, body, ...(key === undefined ? {} : { key }) }),
    );
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(expected);
  });

  it('the live client hears with a key, not without one, and no more when it is revoked', async () => {
    const good = live(keyOf('vera'));
    const heard = await firstValueFrom(good.follow('fleet').pipe(timeout(10_000)));
    expect(heard.state.size).toBe(GPUS);
    good.close();
    const stranger = live();
    await expect(firstValueFrom(stranger.topic('fleet').pipe(timeout(10_000)))).rejects.toMatchObject({
      code: 'GV-SEC-001',
    });
    stranger.close();

    await makeKey('tess', 'viewer', '--tenant', 'acme');
    const tenant = live(keyOf('tess'));
    expect((await firstValueFrom(tenant.follow('fleet').pipe(timeout(10_000)))).state.size).toBe(0);
    tenant.close();
    await makeKey('gone', 'viewer');
    const socket = new TrustingSocket(ready.live as string, 'gpu-vitals.v1');
    const said: string[] = [];
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    socket.on('message', (data) => said.push(String(data)));
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.send(JSON.stringify({ op: 'auth', key: keyOf('gone') }));
    socket.send(JSON.stringify({ op: 'subscribe', topic: 'fleet' }));
    await until('it hears', () => said.some((text) => text.includes('"snapshot"')));
    expect((await runCli(['keys', 'revoke', keys.gone?.id ?? '', ...shared()])).code).toBe(0);
    expect(await closed).toBe(1008);
    expect((await call('/api/v1/gpus', { key: keyOf('gone') })).status).toBe(401);
  });

  it('doctor finds API, live socket, certificate and keys in order', async () => {
    const { stdout } = await runCli(['doctor', '--json', ...shared()]);
    const findings = JSON.parse(stdout) as { part: string; check: string; state: string; what: string }[];
    const of = (part: string): string[] =>
      findings.filter((one) => one.part === part).map(({ check, state }) => `${check} ${state}`);
    expect(of('api')).toEqual(['livez ok', 'readyz ok', 'certificate warn']);
    expect(of('live')).toEqual(['frames ok', 'socket ok']);
    expect(findings.filter(({ part, state }) => part === 'keys' && state === 'fail')).toEqual([]);
    expect(findings.filter(({ part, state }) => part === 'engine' && state === 'fail')).toEqual([]);
  });

  it('stories are put in by operators, over the API and on the command line', async () => {
    const { body } = await call('/api/v1/inject/stories', { key: keyOf('vera') });
    expect((body as { items: { name: string }[] }).items.map(({ name }) => name)).toContain('dust');
    const order = { story: 'dust', gpu_uuid: gpus[0]?.gpu_uuid ?? '' };
    expect((await call('/api/v1/inject', { method: 'POST', key: keyOf('vera'), body: order })).status).toBe(403);
    const put = await call('/api/v1/inject', { method: 'POST', key: keyOf('oscar'), body: order });
    expect([put.status, put.body]).toEqual([200, expect.objectContaining(order)]);
    const command = await runCli(['inject', order.story, '--gpu', gpus[1]?.gpu_uuid ?? '', '--json', ...shared()]);
    expect([command.code, command.stderr]).toEqual([0, '']);
    const trail = await call('/api/v1/audit?limit=50', { key: keyOf('ann') });
    const told = (trail.body as { items: { by: string; action: string }[] }).items.map(
      ({ by, action }) => `${by}: ${action}`,
    );
    expect(told).toContain('oscar: POST /api/v1/inject');
  });

  it('new rows go on coming, no part is refused by another, and all ends in time', async () => {
    const newest = (): Promise<number> =>
      call('/api/v1/gpus', { key: keyOf('vera') }).then(({ body }) =>
        Math.max(...(body as { items: { ts: string }[] }).items.map(({ ts }) => Date.parse(ts))),
      );
    const before = await newest();
    await until('newer rows', async () => (await newest()) > before);
    for (const { key } of Object.values(keys)) expect(up.stderr()).not.toContain(key);
    expect(up.stderr()).not.toMatch(/GV-SEC-|401/);
    up.kill('SIGTERM');
    expect((await up.exited).code).toBe(0);
  });
});
