import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { VitalsError } from '../pipeline/contract/errors.ts';
import { cacheFolder, fillCache } from './services/cache.ts';
import { findProgram, isProgram } from './services/find-program.ts';
import { lastLine, runCommand } from './services/run-command.ts';

export interface GoProgram {
  readonly name: string;
  /** With its version, as `go install` takes it. */
  readonly module: string;
  /** What `go install` calls it, by its folder, where that is another name. */
  readonly built_as?: string;
}

export const K6: GoProgram = { name: 'k6', module: 'go.k6.io/k6@latest' };
export const NATS_CLI: GoProgram = { name: 'nats', module: 'github.com/nats-io/natscli/nats@v0.5.1' };
export const KUSTOMIZE: GoProgram = { name: 'kustomize', module: 'sigs.k8s.io/kustomize/kustomize/v5@v5.7.1' };
export const KUBECONFORM: GoProgram = {
  name: 'kubeconform',
  module: 'github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0',
};
/** Docker Compose's own reader of its files. */
export const COMPOSE_SPEC: GoProgram = {
  name: 'compose-spec',
  module: 'github.com/compose-spec/compose-go/v2/cmd@v2.16.2',
  built_as: 'cmd',
};

const BUILD_MS = 1_200_000;

/** A program on PATH, in the cache, or made there with Go. Throws GV-SVC-004 with what to do when there is no Go either. */
export async function goProgram(
  { name, module, built_as = name }: GoProgram,
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
    if (built_as !== name) await rename(join(part, built_as), join(part, name));
  });
  return join(folder, name);
}
