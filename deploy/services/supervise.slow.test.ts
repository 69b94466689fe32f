import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import { isRunning, processIdentity } from './process-identity.ts';
import type { ReportLine } from './report.ts';
import { type Supervised, type SuperviseOptions, supervise } from './supervise.ts';

let folder: string;
let lines: ReportLine[];
let running: Supervised | null;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-supervise-'));
  lines = [];
  running = null;
});
afterEach(async () => {
  await running?.stop();
  await rm(folder, { recursive: true, force: true });
});

function options(script: string, more: Partial<SuperviseOptions> = {}): SuperviseOptions {
  const log_path = join(folder, 'logs/service.log');
  return {
    service: 'nats',
    command: { program: '/bin/sh', args: ['-c', script], cwd: folder, env: process.env, log_path },
    ready: async () => (await readFile(log_path, 'utf8').catch(() => '')).includes('ready'),
    ready_timeout_ms: 5_000,
    stop_grace_ms: 300,
    restart: true,
    report: (line) => lines.push(line),
    clock: systemClock,
    onExit: undefined,
    onPid: undefined,
    ...more,
  };
}

const SERVE = 'echo ready; exec sleep 600';

it('runs a program until it is stopped, and keeps the log of the run before', async () => {
  running = await supervise(options(SERVE));
  const identity = await processIdentity(running.pid ?? 0);
  expect(identity).not.toBeNull();
  await running.stop();
  expect(running.pid).toBeNull();
  expect(identity !== null && (await isRunning(identity))).toBe(false);
  running = await supervise(options(`echo second; ${SERVE}`));
  expect(await readFile(join(folder, 'logs/service.log'), 'utf8')).toBe('second\nready\n');
  expect(await readFile(join(folder, 'logs/service.log.1'), 'utf8')).toBe('ready\n');
});

it('ends a program that does not listen to SIGTERM when the grace is over', async () => {
  running = await supervise(options(`trap '' TERM; echo ready; while :; do sleep 0.05; done`));
  const since = systemClock.monotonic();
  await running.stop();
  expect(systemClock.monotonic() - since).toBeGreaterThanOrEqual(290);
  expect(running.pid).toBeNull();
});

it('starts a program again that was killed, and tells of it', async () => {
  const onExit = vi.fn();
  running = await supervise(options(SERVE, { onExit }));
  const first = running.pid;
  running.kill('SIGKILL');
  await vi.waitFor(() => expect(running?.pid ?? first).not.toBe(first), { timeout: 5_000 });
  expect(onExit).toHaveBeenCalledTimes(1);
  expect(onExit.mock.calls[0]?.[0]).toMatchObject({ service: 'nats', error: { code: 'GV-SVC-005' } });
  expect(lines.map((line) => line.step)).toContain('restart');
});

it('leaves it down when told not to restart, until asked', async () => {
  running = await supervise(options(SERVE, { restart: false }));
  running.kill('SIGKILL');
  await vi.waitFor(() => expect(running?.pid).toBeNull());
  await running.restart();
  expect(running.pid).not.toBeNull();
});

it.each([
  { name: 'ends at once', script: 'echo broken >&2; exit 3', what: /ended before it was ready \(broken\)/ },
  { name: 'stays silent', script: 'exec sleep 600', what: /was not ready after 0\.3 s/ },
  { name: 'is no program', script: '', what: /ended before it was ready/ },
])('tells when a program $name, and leaves nothing', async ({ script, what }) => {
  let pid = 0;
  const bad = options(script, { ready_timeout_ms: 300, onPid: (started) => (pid = started) });
  const command = script === '' ? { ...bad.command, program: join(folder, 'missing') } : bad.command;
  const failure = supervise({ ...bad, command });
  await expect(failure).rejects.toMatchObject({ code: 'GV-SVC-002', message: what });
  expect(await processIdentity(pid)).toBeNull();
});
