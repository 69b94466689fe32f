import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { GUARD_SCRIPT } from '../../deploy/services/guard.ts';
import { type Clock, systemClock } from '../../pipeline/clock.ts';

export interface RoleProcessOptions {
  readonly name: string;
  /** Arguments of Node: the program and its own; asked before every start. */
  readonly args: () => readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Everything that it says is appended here. */
  readonly log: string;
  /** What it says when it is ready; without it the start counts as done when the process is there. */
  readonly ready?: RegExp;
  readonly ready_max_ms?: number;
  readonly clock?: Clock;
  /** Told when it ends and nobody had asked for that. */
  readonly onEnd?: (how: string) => void;
}

/** A process of ours that is killed and started again on purpose. */
export interface RoleProcess {
  readonly name: string;
  /** Null while it does not run. */
  readonly pid: number | null;
  /** Resolves when it is ready, with how long that took, ms. */
  start(): Promise<number>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL when that took too long; the exit code, null after a signal or when it did not run. */
  end(): Promise<number | null>;
  signal(signal: NodeJS.Signals): void;
  /** The last it has said. */
  tail(): string;
}

const GRACE_MS = 20_000;
const READY_MAX_MS = 90_000;
const TAIL_BYTES = 4_096;

/** Runs under the services' guard: ends with us, however we end. */
export function roleProcess(options: RoleProcessOptions): RoleProcess {
  const { name, log, clock = systemClock } = options;
  mkdirSync(dirname(log), { recursive: true });
  let run: { readonly pid: number; readonly exited: Promise<number | null>; wanted: boolean } | null = null;

  const said = (from: number): string => {
    const length = Math.max(0, sizeOf(log) - from);
    const bytes = Buffer.alloc(length);
    const file = openSync(log, 'r');
    try {
      return bytes.toString('utf8', 0, readSync(file, bytes, 0, length, from));
    } finally {
      closeSync(file);
    }
  };
  const signal = (which: NodeJS.Signals): void => {
    try {
      if (run !== null) process.kill(run.pid, which);
    } catch {
      // It has ended already.
    }
  };
  const leave = async (how: NodeJS.Signals): Promise<number | null> => {
    const one = run;
    if (one === null) return null;
    one.wanted = true;
    signal(how);
    // One that stands still does not hear of its end.
    if (how === 'SIGTERM') signal('SIGCONT');
    const late = new AbortController();
    const timer = sleep(GRACE_MS, undefined, { signal: late.signal }).then(
      () => signal('SIGKILL'),
      () => undefined,
    );
    const code = await one.exited;
    late.abort();
    await timer;
    return code;
  };

  return {
    name,
    get pid() {
      return run?.pid ?? null;
    },
    async start() {
      if (run !== null) throw new Error(`${name} runs already`);
      const began = clock.monotonic();
      const from = sizeOf(log);
      const started = await spawnGuarded(options);
      const one = { ...started, wanted: false };
      run = one;
      void started.exited.then((code) => {
        if (run === one) run = null;
        if (!one.wanted) options.onEnd?.(`${name} ended by itself with ${code ?? 'a signal'}`);
      });
      const end = began + (options.ready_max_ms ?? READY_MAX_MS);
      while (options.ready !== undefined && !options.ready.test(said(from))) {
        if (run !== one) throw new Error(`${name} ended before it was ready:\n${said(from).slice(-TAIL_BYTES)}`);
        if (clock.monotonic() > end) throw new Error(`${name} is not ready:\n${said(from).slice(-TAIL_BYTES)}`);
        await sleep(10);
      }
      return clock.monotonic() - began;
    },
    kill: async () => {
      await leave('SIGKILL');
    },
    end: () => leave('SIGTERM'),
    signal,
    tail: () => said(Math.max(0, sizeOf(log) - TAIL_BYTES)),
  };
}

async function spawnGuarded(options: RoleProcessOptions): Promise<{ pid: number; exited: Promise<number | null> }> {
  const out = openSync(options.log, 'a', 0o600);
  let guard: ChildProcess;
  try {
    const args = ['-c', GUARD_SCRIPT, 'gpu-vitals-guard', String(GRACE_MS / 100), process.execPath, ...options.args()];
    guard = spawn('/bin/sh', args, {
      env: { ...process.env, ...options.env },
      stdio: ['pipe', out, out, 'pipe'],
      detached: true,
    });
  } finally {
    closeSync(out);
  }
  guard.stdin?.on('error', () => undefined);
  const exited = new Promise<number | null>((resolve) => {
    guard.once('exit', (code) => resolve(code !== null && code > 128 ? null : code));
    guard.once('error', () => resolve(null));
  });
  let text = '';
  for await (const chunk of guard.stdio[3] as Readable) text += String(chunk);
  const pid = Number.parseInt(text, 10);
  if (!Number.isInteger(pid)) throw new Error(`${options.name} could not be started`);
  return { pid, exited };
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
