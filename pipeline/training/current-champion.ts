import type { ModelRegistry } from '../../models/registry/model-registry.ts';
import { VitalsError } from '../contract/errors.ts';
import { type BaseModel, modelOf } from '../shipped-model.ts';

/** What could be read and cannot be used: damaged, or of a release with other features or another format. */
const UNUSABLE = /^GV-MDL-(?!105)/;

/**
 * The model that a new one must beat: the registry's champion, `base` where there is none. One that nobody can read judges
 * nowhere, so that `base` takes its place here too, and is told: a release that no longer reads an old champion can still
 * train the next one. Errors: GV-MDL-105 and GV-API-003, when the registry cannot be asked.
 */
export async function currentChampion(options: {
  readonly registry: ModelRegistry;
  readonly base: BaseModel;
  readonly say: (line: string) => void;
}): Promise<BaseModel & { readonly version: number | null }> {
  const { registry, base, say } = options;
  const version = (await registry.aliases()).champion ?? null;
  if (version === null) return { ...base, version };
  try {
    return { ...(await modelOf(registry, String(version), '')), version };
  } catch (error) {
    if (!(error instanceof VitalsError && UNUSABLE.test(error.code))) throw error;
    const { name, version: of_base } = base.model;
    say(
      `the champion, version ${version}, cannot be used (${error.message}): ${name} ${of_base} is compared with instead`,
    );
    return { ...base, version: null };
  }
}
