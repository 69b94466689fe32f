import { join } from 'node:path';
import { cacheFolder, fillCache } from '../../deploy/services/cache.ts';
import { findProgram, isProgram } from '../../deploy/services/find-program.ts';
import { lastLine, runCommand } from '../../deploy/services/run-command.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';

const MODULE = 'go.k6.io/k6@latest';
const BUILD_MS = 1_200_000;

/** k6 on PATH, in the cache, or made there with Go. Throws GV-SVC-004 with what to do when there is no Go either. */
export async function findK6(env: NodeJS.ProcessEnv, say: (line: string) => void): Promise<string> {
  const there = findProgram('k6', env);
  if (there !== null) return there;
  const cache = cacheFolder(env);
  const kept = join(cache, 'k6', 'k6');
  if (isProgram(kept)) return kept;
  const go = findProgram('go', env);
  if (go === null) {
    throw new VitalsError('GV-SVC-004', 'There is no k6, and no Go to make it with', 'k6', {
      action: `Install k6, or Go (https://go.dev/dl) for \`go install ${MODULE}\`.`,
    });
  }
  say(`k6: go install ${MODULE}, some minutes`);
  const folder = await fillCache(cache, 'k6', async (part) => {
    const made = await runCommand(go, ['install', MODULE], { env: { ...env, GOBIN: part }, timeout_ms: BUILD_MS });
    if (made.code !== 0) throw new VitalsError('GV-SVC-004', `k6 cannot be made: ${lastLine(made.output)}`, 'k6');
  });
  return join(folder, 'k6');
}
