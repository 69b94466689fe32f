import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closeOtherSides, otherSide } from '../../sinks/alerts/other-side.fixture.ts';
import { closeSmtpSides, smtpSide } from '../../sinks/alerts/smtp-side.fixture.ts';
import { type Exit, endCliRuns, runCli } from './cli.fixture.ts';

/** Planted in every place where a secret may stand; nothing that is printed may have it. */
const PLANTED = 'hunter2hunter2';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-alerts-'));
});
afterEach(async () => {
  await closeOtherSides();
  await closeSmtpSides();
});
afterAll(async () => {
  await endCliRuns();
  await rm(folder, { recursive: true, force: true });
});

async function vitals(channels: unknown, args: readonly string[], env: Record<string, string> = {}): Promise<Exit> {
  const file = join(folder, 'gpu-vitals.yaml');
  await writeFile(file, JSON.stringify({ 'alert-channels': channels, 'alert-link': 'https://console.example/' }));
  const exit = await runCli([...args, '--config', file, '--data', join(folder, 'data')], {
    cwd: folder,
    env: { ...process.env, ...env },
  });
  expect(`${exit.stdout}${exit.stderr}`).not.toContain(PLANTED);
  return exit;
}

describe('alerts test', () => {
  it('sends one message to each kind, and tells what the other side said', async () => {
    const there = await otherSide({ status: 202, body: `ok ${PLANTED}` });
    const mail = await smtpSide({ disabledCommands: ['STARTTLS', 'AUTH'] });
    await writeFile(join(folder, 'url'), `${there.url}/services/${PLANTED}`);
    const channels = {
      ops: { kind: 'slack', url_file: join(folder, 'url') },
      page: { kind: 'pagerduty', url: `${there.url}/enqueue`, routing_key_env: 'ROUTING_KEY' },
      desk: { kind: 'webhook', url: `${there.url}/?key=${PLANTED}`, secret_env: 'ROUTING_KEY' },
      prom: { kind: 'alertmanager', url: there.url.replace('//', `//u:${PLANTED}@`) },
      mail: {
        kind: 'email',
        host: '127.0.0.1',
        port: mail.port,
        security: 'none',
        from: 'a@b.example',
        to: ['c@d.example'],
      },
    };
    const kinds = ['ops', 'page', 'desk', 'prom', 'mail'] as const;
    for (const name of kinds) {
      const { code, stdout, stderr } = await vitals(channels, ['alerts', 'test', name, '--json'], {
        ROUTING_KEY: PLANTED,
      });
      expect([code, stderr]).toEqual([0, '']);
      const { kind } = channels[name];
      const answer = name === 'mail' ? expect.stringMatching(/^250 /) : 'HTTP 202: ok ***';
      expect(JSON.parse(stdout)).toEqual({ channel: name, kind, answer, took_ms: expect.any(Number) });
    }
    expect(there.asked.map(({ path }) => path)).toEqual([
      ...[`/services/${PLANTED}`, '/enqueue', '/enqueue', `/?key=${PLANTED}`, '/api/v2/alerts'],
    ]);
    expect(there.asked[0]?.body).toContain('https://console.example/');
    expect(mail.mails[0]?.headers.subject).toBe('[test] Test of alert channel mail');
  });

  it('says for people that it was taken', async () => {
    const there = await otherSide();
    const { code, stdout } = await vitals({ ops: { kind: 'slack', url: there.url } }, ['alerts', 'test', 'ops']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ops \(slack\): taken in \d+ ms, HTTP 200: ok\n$/)]);
  });

  it.each<[string, unknown, string, number, string, RegExp]>([
    [
      'a channel that is not there',
      { ops: { kind: 'slack', url: 'http://h/' } },
      'oops',
      2,
      'GV-CLI-001',
      /known are ops/,
    ],
    ['a name of an object', { ops: { kind: 'slack', url: 'http://h/' } }, 'constructor', 2, 'GV-CLI-001', /known are/],
    ['no channel at all', {}, 'ops', 2, 'GV-CLI-001', /none is configured/],
    ['settings that are wrong', { ops: { kind: 'slack', secret: PLANTED } }, 'ops', 2, 'GV-CFG-001', /alert-channels/],
    ['a secret that is missing', { ops: { kind: 'slack', url_file: '/none' } }, 'ops', 1, 'GV-ALT-001', /ENOENT/],
    [
      'nobody there',
      { ops: { kind: 'slack', url: `http://127.0.0.1:9/${PLANTED}` } },
      'ops',
      1,
      'GV-ALT-002',
      /ECONNREFUSED/,
    ],
  ])('refuses %s', async (_, channels, name, exit, errorCode, what) => {
    const { code, stdout, stderr } = await vitals(channels, ['alerts', 'test', name, '--json', '--log-level', 'info']);
    expect([code, stdout]).toEqual([exit, '']);
    const told = JSON.parse(stderr) as Record<string, string>;
    expect(told).toMatchObject({ code: errorCode, what: expect.stringMatching(what) });
  });

  it('shows nothing of a refusal that is secret, not even when asked for everything', async () => {
    const there = await otherSide({ status: 403, body: `who is ${PLANTED}?` });
    const { code, stderr } = await vitals({ ops: { kind: 'webhook', url: `${there.url}/${PLANTED}` } }, [
      ...['alerts', 'test', 'ops', '--log-level', 'debug'],
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain(`error GV-ALT-002: ${there.host} answers HTTP 403: who is ***?, ops (webhook).`);
  });
});

describe('what is shown of channels', () => {
  const channels = {
    ops: { kind: 'slack', url: `https://me:${PLANTED}@hooks.example/${PLANTED}?x=${PLANTED}` },
    page: { kind: 'pagerduty', routing_key_file: '/run/key' },
  };

  it.each(['alerts channels', 'alerts channels --json', 'config', 'config --json'])('%s', async (command) => {
    const { code, stdout } = await vitals(channels, command.split(' '));
    expect(code).toBe(0);
    expect(stdout).toContain('https://hooks.example/***');
    expect(stdout).toContain('/run/key');
  });

  it('is nothing of what cannot be read', async () => {
    const file = join(folder, 'broken.yaml');
    await writeFile(file, `alert-channels:\n  ops: {kind: slack, url: "https://h/${PLANTED}"\n  x: [\n`);
    for (const args of [['config'], ['config', '--log-level', 'debug']]) {
      const { code, stderr } = await runCli([...args, '--config', file], { cwd: folder });
      expect(code).toBe(2);
      expect(stderr).toContain('GV-CFG-001');
      expect(stderr).not.toContain(PLANTED);
    }
    const variable = await runCli(['config', '--log-level', 'debug'], {
      cwd: folder,
      env: { ...process.env, GPU_VITALS_ALERT_CHANNELS: `{"ops": "${PLANTED}` },
    });
    expect([variable.code, variable.stderr]).toEqual([2, expect.not.stringContaining(PLANTED)]);
  });
});
