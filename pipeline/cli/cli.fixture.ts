import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../clock.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'dist/pipeline/cli/main.js');
const EXIT_LIMIT_MS = 60_000;

export interface CliRun {
  readonly pid: number;
  /** Everything said so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exited: Promise<Exit>;
  /** Resolves when the condition holds; throws when the process ends before, or after a minute, with what it said. */
  until(what: string, condition: () => boolean): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface CliOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string | Uint8Array;
  /** `npm start` instead of the built program. */
  readonly npm?: true;
  /** Another Node. */
  readonly node?: string;
  /** Another build's program. */
  readonly main?: string;
  /** In front of everything: a program that starts the rest. */
  readonly within?: readonly string[];
}

const running = new Set<ChildProcess>();

/** Starts the built command line as a user does, or `npm start` above it. */
export function startCli(args: readonly string[], options: CliOptions = {}): CliRun {
  const main = options.main ?? MAIN;
  if (!existsSync(main)) throw new Error('the build is missing: npm run build');
  const ours = options.npm ? ['npm', 'start', '--'] : [options.node ?? process.execPath, main];
  const [program, ...before] = [...(options.within ?? []), ...ours] as [string, ...string[]];
  const child = spawn(program, [...before, ...args], {
    cwd: options.cwd ?? ROOT,
    env: options.env ?? process.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin);
  let ended: Exit | null = null;
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      running.delete(child);
      ended = { code, signal, stdout, stderr };
      resolve(ended);
    });
  });
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    exited,
    async until(what, condition) {
      await until(what, () => {
        if (condition()) return true;
        if (ended) throw new Error(`ended with ${ended.code} before ${what}:\n${stdout}\n${stderr}`);
        return false;
      }).catch((error: Error) => {
        throw new Error(`${error.message}\n${stderr}`);
      });
    },
    kill(signal) {
      child.kill(signal);
    },
  };
}

/** Runs a command to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<Exit> {
  const run = startCli(args, options);
  const timer = setTimeout(() => run.kill('SIGKILL'), EXIT_LIMIT_MS);
  const exit = await run.exited;
  clearTimeout(timer);
  return exit;
}

/** Kills what tests have left running: `afterAll(endCliRuns)`. Services end with their parent. */
export async function endCliRuns(): Promise<void> {
  const children = [...running];
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => new Promise((resolve) => child.once('close', resolve))));
}

/** Waits for a condition, asking again and again. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limit_ms = 60_000,
): Promise<void> {
  const end = systemClock.monotonic() + limit_ms;
  while (!(await condition())) {
    if (systemClock.monotonic() > end) throw new Error(`not within ${limit_ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The one JSON line on stdout of a command that stays. */
export async function readyLine(run: CliRun): Promise<Record<string, string>> {
  await run.until('ready', () => run.stdout().includes('\n'));
  return JSON.parse(run.stdout().split('\n', 1)[0] as string) as Record<string, string>;
}

/** Pids of the services that a data folder's parent started. */
export async function servicePids(data: string): Promise<number[]> {
  const state = JSON.parse(await readFile(join(data, 'run/services.json'), 'utf8')) as Record<string, { pid: number }>;
  return Object.values(state).map(({ pid }) => pid);
}
