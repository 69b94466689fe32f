import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../pipeline/clock.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { GUARD_SCRIPT } from './guard.ts';
import type { Report, ServiceName } from './report.ts';
import { cutLog, lastComplaint, rotateLog } from './service-log.ts';

export interface LaunchCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Rotated before the first start and at 64 MiB (one old file is kept), appended to by restarts. */
  readonly log_path: string;
}

export interface UnexpectedExit {
  readonly service: ServiceName;
  readonly code: number | null;
  readonly signal: string | null;
  readonly error: VitalsError;
}

export interface SuperviseOptions {
  readonly service: ServiceName;
  readonly command: LaunchCommand;
  /** Asks the service itself; never throws. */
  readonly ready: () => Promise<boolean>;
  readonly ready_timeout_ms: number;
  /** Time between SIGTERM and SIGKILL. */
  readonly stop_grace_ms: number;
  /** Start it again, with growing pauses, when it ends by itself. */
  readonly restart: boolean;
  readonly report: Report;
  readonly clock: Clock;
  readonly onExit: ((exit: UnexpectedExit) => void) | undefined;
  /** Told after every start, with the pid of the service itself. */
  readonly onPid: ((pid: number) => void) | undefined;
}

export interface Supervised {
  /** Pid of the service itself, null while it does not run. */
  readonly pid: number | null;
  kill(signal: NodeJS.Signals): void;
  /** Starts it again after `kill`, or ends and starts it, on the same command; resolves when it is ready. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

interface Run {
  readonly guard: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
}

const LOG_BYTES_MAX = 64 * 1_024 ** 2;
const LOG_LOOK_EVERY_MS = 60_000;
const BACK_OFF_MS = { first: 500, most: 30_000, forgiven_after: 60_000 };

/**
 * Runs one service as a child that ends with us, however we end, and keeps it running: a service that ends by itself is
 * told through `onExit` and started again on the same ports. Resolves when it is ready. Throws VitalsError GV-SVC-002
 * when it ends or stays silent before that, and then leaves nothing behind. Two idle shells of about 1 MB are its cost.
 */
export async function supervise(options: SuperviseOptions): Promise<Supervised> {
  const { service, command, report, clock } = options;
  let run: Run | null = null;
  let stopping = false;
  let held = false;
  let again: Promise<void> | null = null;
  const pause = new AbortController();
  let wait_ms = BACK_OFF_MS.first;

  const launch = async (): Promise<Run> => {
    const started = await spawnGuarded(command, options.stop_grace_ms);
    const since = clock.monotonic();
    run = started;
    options.onPid?.(started.pid);
    void started.ended.then(({ code, signal }) => {
      if (run === started) run = null;
      if (stopping || held || !options.restart || again !== null) return;
      if (clock.monotonic() - since > BACK_OFF_MS.forgiven_after) wait_ms = BACK_OFF_MS.first;
      const how = signal === null ? `exit code ${code}` : signal;
      const error = new VitalsError('GV-SVC-005', `${service} ended (${how})`, `log ${command.log_path}`);
      report({ service, step: 'exit', detail: `ended by itself (${how}); log ${command.log_path}` });
      options.onExit?.({ service, code, signal, error });
      again = keepTrying().finally(() => {
        again = null;
      });
    });
    await untilReady(options, started);
    return started;
  };

  const keepTrying = async (): Promise<void> => {
    while (!stopping && !held) {
      report({ service, step: 'restart', detail: `again in ${wait_ms} ms` });
      try {
        await sleep(wait_ms, undefined, { signal: pause.signal });
      } catch {
        return;
      }
      wait_ms = Math.min(wait_ms * 2, BACK_OFF_MS.most);
      if (stopping || held) return;
      try {
        const started = await launch();
        report({ service, step: 'ready', detail: `again, pid ${started.pid}` });
        // It may have ended while `again` still said that somebody is taking care of it.
        if (run === started) return;
      } catch (error) {
        report({ service, step: 'exit', detail: error instanceof Error ? error.message : String(error) });
        await end(options, run);
      }
    }
  };

  rotateLog(command.log_path);
  let since = clock.monotonic();
  held = true;
  try {
    const started = await launch();
    report({ service, step: 'ready', detail: `pid ${started.pid}, ${Math.round(clock.monotonic() - since)} ms` });
  } catch (error) {
    await end(options, run);
    throw error;
  }
  held = false;
  const looking = setInterval(() => cutLog(command.log_path, LOG_BYTES_MAX), LOG_LOOK_EVERY_MS);
  looking.unref();

  return {
    get pid() {
      return run?.pid ?? null;
    },
    kill(signal) {
      if (run !== null) signalProcess(run.pid, signal);
    },
    async restart() {
      held = true;
      try {
        await end(options, run);
        await again;
        since = clock.monotonic();
        await launch();
        report({ service, step: 'ready', detail: `again, ${Math.round(clock.monotonic() - since)} ms` });
      } finally {
        held = false;
      }
    },
    async stop() {
      stopping = true;
      clearInterval(looking);
      pause.abort();
      if (run !== null) report({ service, step: 'stop', detail: `pid ${run.pid}` });
      await end(options, run);
      await again;
      await end(options, run);
    },
  };
}

async function spawnGuarded(command: LaunchCommand, graceMs: number): Promise<Run> {
  mkdirSync(dirname(command.log_path), { recursive: true });
  const log = openSync(command.log_path, 'a', 0o600);
  let guard: ChildProcess;
  try {
    guard = spawn(
      '/bin/sh',
      ['-c', GUARD_SCRIPT, 'gpu-vitals-guard', String(Math.ceil(graceMs / 100)), command.program, ...command.args],
      // A session of its own, so that Ctrl-C reaches us alone and the services outlive our draining.
      { cwd: command.cwd, env: command.env, stdio: ['pipe', log, log, 'pipe'], detached: true },
    );
  } finally {
    closeSync(log);
  }
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    guard.once('exit', (code, signal) => resolve({ code, signal }));
    guard.once('error', () => resolve({ code: null, signal: null }));
  });
  guard.stdin?.on('error', () => undefined);
  const pid = await readPid(guard.stdio[3] as Readable);
  if (pid === null) {
    const { code } = await ended;
    throw new VitalsError(
      'GV-SVC-002',
      `${command.program} could not be started (exit code ${code})`,
      command.log_path,
    );
  }
  // Should the guard alone be killed, the service would be left without one.
  void ended.then(({ signal }) => {
    if (signal !== null) signalProcess(pid, 'SIGKILL');
  });
  return { guard, pid, ended };
}

async function readPid(pipe: Readable): Promise<number | null> {
  let text = '';
  pipe.setEncoding('utf8');
  try {
    for await (const chunk of pipe) text += String(chunk);
  } catch {
    return null;
  }
  const pid = Number.parseInt(text, 10);
  return Number.isInteger(pid) ? pid : null;
}

async function untilReady(options: SuperviseOptions, run: Run): Promise<void> {
  const { service, command, clock } = options;
  const before = clock.monotonic() + options.ready_timeout_ms;
  let ended = false;
  void run.ended.then(() => {
    ended = true;
  });
  for (let pause_ms = 20; !ended && clock.monotonic() < before; pause_ms = Math.min(pause_ms * 1.5, 200)) {
    if ((await options.ready()) && !ended) return;
    await Promise.race([run.ended, sleep(pause_ms)]);
  }
  const what = ended ? 'ended before it was ready' : `was not ready after ${options.ready_timeout_ms / 1000} s`;
  const last = lastComplaint(command.log_path);
  throw new VitalsError(
    'GV-SVC-002',
    `${service} ${what}${last === '' ? '' : ` (${last})`}`,
    `log ${command.log_path}`,
  );
}

/** Ends a run within the grace period, at the latest by SIGKILL. */
async function end(options: SuperviseOptions, run: Run | null): Promise<void> {
  if (run === null) return;
  signalProcess(run.pid, 'SIGTERM');
  const timer = new AbortController();
  const late = sleep(options.stop_grace_ms, 'late', { signal: timer.signal }).catch(() => 'done');
  if ((await Promise.race([run.ended, late])) === 'late') signalProcess(run.pid, 'SIGKILL');
  await run.ended;
  timer.abort();
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}
