import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface KeptProcessOptions {
  /** Of the command line. */
  readonly args: readonly string[];
  /** Asked before every start. */
  readonly env: () => NodeJS.ProcessEnv;
  /** Takes what it says on stderr, by lines. */
  readonly onLine: (line: string) => void;
  readonly onStart: () => void;
  readonly onExit: (how: { readonly code: number | null; readonly signal: string | null }) => void;
}

/** One role as a process of its own, started again whenever it ends, as a service manager does. */
export interface KeptProcess {
  /** Its standard output since its last start. */
  stdout(): string;
  /** Does nothing while it is away. */
  signal(signal: NodeJS.Signals): void;
  /** Kills it, leaves it down for a while, and starts it again. */
  kill(down_ms: number): Promise<void>;
  /** SIGTERM, for good: its exit code, or null when it had to be killed. */
  end(limit_ms: number): Promise<number | null>;
}

/** The built command line, also when this file is not built itself. */
const MAIN = fileURLToPath(
  new URL(`${import.meta.url.endsWith('.ts') ? '../../dist/' : '../../'}pipeline/cli/main.js`, import.meta.url),
);
const AGAIN_AFTER_MS = 300;

export function keptProcess(options: KeptProcessOptions): KeptProcess {
  let child: ChildProcess | null = null;
  let stdout = '';
  let held = false;
  let over = false;

  function start(): void {
    stdout = '';
    const started = spawn(process.execPath, [MAIN, ...options.args], {
      env: { ...process.env, ...options.env() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    options.onStart();
    started.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    let rest = '';
    started.stderr.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) options.onLine(line);
    });
    started.once('close', (code, signal) => {
      if (child === started) child = null;
      options.onExit({ code, signal });
      if (!held && !over) setTimeout(() => !held && !over && child === null && start(), AGAIN_AFTER_MS);
    });
  }

  start();
  return {
    stdout: () => stdout,
    signal(signal) {
      child?.kill(signal);
    },
    async kill(down_ms) {
      held = true;
      const killed = child;
      if (killed !== null) {
        const closed = once(killed, 'close');
        killed.kill('SIGKILL');
        await closed;
      }
      await new Promise((resolve) => setTimeout(resolve, down_ms));
      held = false;
      if (child === null && !over) start();
    },
    async end(limit_ms) {
      over = true;
      const last = child;
      if (last === null) return null;
      const closed = once(last, 'close');
      const timer = setTimeout(() => last.kill('SIGKILL'), limit_ms);
      last.kill('SIGCONT');
      last.kill('SIGTERM');
      const [code] = (await closed) as [number | null];
      clearTimeout(timer);
      return code;
    },
  };
}
