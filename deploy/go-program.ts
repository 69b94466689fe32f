import { join } from 'node:path';
import { VitalsError } from '../pipeline/contract/errors.ts';
import { cacheFolder, fillCache } from './services/cache.ts';
import { findProgram, isProgram } from './services/find-program.ts';
import { lastLine, runCommand } from './services/run-command.ts';

export interface GoProgram {
  readonly name: string;
  /** With its version, as `go install` takes it. */
  readonly module: string;
}

export const K6: GoProgram = { name: 'k6', module: 'go.k6.io/k6@latest' };
export const NATS_CLI: GoProgram = { name: 'nats', module: 'github.com/nats-io/natscli/nats@v0.5.1' };

const BUILD_MS = 1_200_000;

/** A program on PATH, in the cache, or made there with Go. Throws GV-SVC-004 with what to do when there is no Go either. */
export async function goProgram(
  { name, module }: GoProgram,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<string> {
  const there = findProgram(name, env);
  if (there !== null) return there;
  const cache = cacheFolder(env);
  const kept = join(cache, name, name);
  if (isProgram(kept)) return kept;
  const go = findProgram('go', env);
  if (go === null) {
    throw new VitalsError('GV-SVC-004', `There is no ${name}, and no Go to make it with`, name, {
      action: `Install ${name}, or Go (https://go.dev/dl) for \`go install ${module}\`.`,
    });
  }
  say(`${name}: go install ${module}, some minutes`);
  const folder = await fillCache(cache, name, async (part) => {
    const made = await runCommand(go, ['install', module], { env: { ...env, GOBIN: part }, timeout_ms: BUILD_MS });
    if (made.code !== 0) {
      throw new VitalsError('GV-SVC-004', `${name} cannot be made: ${lastLine(made.output)}`, name);
    }
  });
  return join(folder, name);
}
