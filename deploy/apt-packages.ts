import { findProgram } from './services/find-program.ts';
import { lastLine, runCommand } from './services/run-command.ts';

export interface AptPackagesOptions {
  /** What they are for, in front of each line told. */
  readonly what: string;
  readonly env: NodeJS.ProcessEnv;
  /** One line per step, for people. */
  readonly report: (line: string) => void;
}

const TIMEOUT_MS = 600_000;

/** Installs Debian packages when this is root on a system with apt-get; null, or why they are not there. */
export async function installPackages(
  packages: readonly string[],
  options: AptPackagesOptions,
): Promise<string | null> {
  const { what, env, report } = options;
  const apt = findProgram('apt-get', env);
  if (apt === null) return 'there is none on PATH, and no apt-get';
  if (process.getuid?.() !== 0) return 'there is none on PATH, and only root can install one';
  const steps = [
    ['update', '-q'],
    ['install', '-q', '-y', '--no-install-recommends', ...packages],
  ];
  for (const args of steps) {
    report(`${what}: apt-get ${args.join(' ')}`);
    let seconds = 0;
    const { code, output } = await runCommand(apt, args, {
      env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout_ms: TIMEOUT_MS,
      onTick: () => {
        seconds += 2;
        if (seconds % 10 === 0) report(`${what}: apt-get ${args[0]}, ${seconds} s`);
      },
    });
    if (code !== 0) return `apt-get ${args[0]} failed: ${lastLine(output)}`;
  }
  return null;
}
