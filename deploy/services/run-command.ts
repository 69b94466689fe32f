import { spawn } from 'node:child_process';

export interface CommandResult {
  /** Null when the program could not be started or was ended by a signal or for its time. */
  readonly code: number | null;
  /** stdout and stderr as they came, the last 64 KiB. */
  readonly output: string;
  readonly stdout: string;
}

export interface CommandOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeout_ms: number;
  /** Called every two seconds while it runs. */
  readonly onTick?: () => void;
}

const KEPT_CHARS = 65_536;

/** Runs a program to its end without a shell and without input; never throws. */
export function runCommand(program: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve) => {
    let output = '';
    let stdout = '';
    const child = spawn(program, args, {
      env: options.env,
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeout_ms,
      killSignal: 'SIGKILL',
    });
    const ticks = options.onTick === undefined ? undefined : setInterval(options.onTick, 2_000);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout = (stdout + text).slice(-KEPT_CHARS);
      output = (output + text).slice(-KEPT_CHARS);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_CHARS);
    });
    const end = (code: number | null): void => {
      clearInterval(ticks);
      resolve({ code, output, stdout });
    };
    child.once('error', (error) => {
      output += error.message;
      end(null);
    });
    child.once('close', (code) => end(code));
  });
}

/** The last line that says something: what a package client ends with when it fails. */
export function lastLine(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !/^(warning|\[notice\])/i.test(line)).at(-1) ?? 'no output';
}
