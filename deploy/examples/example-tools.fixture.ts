import { dirname, join } from 'node:path';
import { goProgram, NATS_CLI } from '../go-program.ts';
import { cacheFolder, fillCache } from '../services/cache.ts';
import { findProgram, isProgram } from '../services/find-program.ts';
import { lastLine, runCommand } from '../services/run-command.ts';

const PACKAGES = ['pandas==3.1.1', 'duckdb==2.0.0'];
const INSTALL_MS = 600_000;
const say = (line: string): void => console.error(line);

/** Folder of a python3 that has the packages of the examples, made in the cache where there is none; null: it cannot be. */
export async function pythonOfExamples(env: NodeJS.ProcessEnv): Promise<string | null> {
  const python = env.EXAMPLES_PYTHON ?? findProgram('python3', env);
  if (python === null || python === undefined) return null;
  const has = await runCommand(python, ['-c', 'import duckdb, pandas'], { env, timeout_ms: INSTALL_MS });
  if (has.code === 0) return dirname(python);
  const cache = cacheFolder(env);
  const kept = join(cache, 'examples-python', 'bin');
  if (isProgram(join(kept, 'python3'))) return kept;
  say(`examples: pip install ${PACKAGES.join(' ')}`);
  try {
    const folder = await fillCache(cache, 'examples-python', async (part) => {
      for (const [program, ...args] of [
        [python, '-m', 'venv', part],
        [join(part, 'bin', 'python3'), '-m', 'pip', 'install', '--quiet', '--only-binary=:all:', ...PACKAGES],
      ] as const) {
        const { code, output } = await runCommand(program as string, args, { env, timeout_ms: INSTALL_MS });
        if (code !== 0) throw new Error(lastLine(output));
      }
    });
    return join(folder, 'bin');
  } catch (error) {
    say(`examples: no Python packages, ${String(error)}`);
    return null;
  }
}

/** Folder of the command line of NATS, made in the cache where there is none; null: it cannot be. */
export async function natsOfExamples(env: NodeJS.ProcessEnv): Promise<string | null> {
  try {
    return dirname(await goProgram(NATS_CLI, env, say));
  } catch (error) {
    say(`examples: ${String(error)}`);
    return null;
  }
}
