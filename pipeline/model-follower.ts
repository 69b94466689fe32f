import { readBundle } from '../models/prediction/bundle.ts';
import { createEnsemble } from '../models/prediction/ensemble.ts';
import type { ModelRegistry } from '../models/registry/model-registry.ts';
import { VitalsError } from './contract/errors.ts';
import type { FailureModel } from './contract/failure-model.ts';
import { type ModelRole, ModelVersions } from './model-versions.ts';

/**
 * A change of an alias counts for rows that the server stored this much later: by then every engine has heard of it and read
 * the model, so that the row from which on it judges depends on nothing but what is stored.
 */
const SETTLE_MS = 10_000;
/** Terms of the past that are looked up at the start. */
const TERMS_MAX = 4;
const ROLES: readonly ModelRole[] = ['champion', 'challenger'];

export interface FollowModelsOptions {
  readonly registry: ModelRegistry;
  /** What judges where the registry has no champion; null: the heuristic. */
  readonly base: FailureModel | null;
  /** Share of the GPUs that a challenger judges. */
  readonly share: number;
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
}

export interface ModelFollower {
  readonly versions: ModelVersions;
  stop(): Promise<void>;
}

/**
 * Reads champion and challenger with their last terms, then follows them: a promotion or a rollback changes what judges
 * without a pause. A model that cannot be read is told, and the one before goes on.
 */
export async function followModels(options: FollowModelsOptions): Promise<ModelFollower> {
  const { registry, say, tell } = options;
  const versions = new ModelVersions({ base: options.base, share: options.share });
  const loaded = new Map<number, FailureModel>();
  const told = new Map<ModelRole, number>();

  const load = async (version: number): Promise<FailureModel> => {
    const known = loaded.get(version);
    if (known !== undefined) return known;
    const { bytes } = await registry.get(version);
    const model = createEnsemble(readBundle(bytes, `version ${version}`), String(version));
    loaded.set(version, model);
    return model;
  };
  /** Terms that have not been heard of yet; the last ones only. */
  const catchUp = async (role: ModelRole): Promise<void> => {
    const since = told.get(role) ?? Number.NEGATIVE_INFINITY;
    const changes = (await registry.history()).filter(({ alias, at }) => alias === role && at > since);
    for (const { at, to } of changes.slice(-TERMS_MAX)) {
      told.set(role, at);
      try {
        versions.put(role, to === null ? null : await load(to), at + SETTLE_MS);
        say(
          `models: ${role} is ${to === null ? 'none' : `version ${to}`} from ${new Date(at + SETTLE_MS).toISOString()}`,
        );
      } catch (cause) {
        tell(
          cause instanceof VitalsError
            ? cause
            : new VitalsError('GV-MDL-304', String(cause), `version ${to}`, { cause }),
        );
      }
    }
  };

  for (const role of ROLES) await catchUp(role);
  let working: Promise<void> = Promise.resolve();
  const watches = ROLES.map((role) =>
    registry.watch(role, () => {
      working = working
        .then(() => catchUp(role))
        .catch((cause: unknown) => {
          tell(cause instanceof VitalsError ? cause : new VitalsError('GV-MDL-105', String(cause), role, { cause }));
        });
    }),
  );
  return {
    versions,
    async stop() {
      await Promise.all(watches.map((watch) => watch.stop()));
      await working;
    },
  };
}
