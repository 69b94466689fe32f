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
/** A model that could not be fetched is asked for again after so long; one that is damaged is not. */
const AGAIN_MS = 2_000;
const PASSING = /^GV-(BUS|API)-/;

export interface FollowModelsOptions {
  readonly registry: ModelRegistry;
  /** What judges where the registry has no champion; null: the heuristic. */
  readonly base: FailureModel | null;
  /** Share of the GPUs that a challenger judges. */
  readonly share: number;
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
  /** How a bundle becomes a model; the ensemble where it is left out. */
  readonly read?: (bytes: Uint8Array, version: string) => FailureModel;
}

export interface ModelFollower {
  readonly versions: ModelVersions;
  stop(): Promise<void>;
}

const ensembleOf = (bytes: Uint8Array, version: string): FailureModel =>
  createEnsemble(readBundle(bytes, `version ${version}`), version);

/**
 * Reads champion and challenger with their last terms, then follows them: a promotion or a rollback changes what judges
 * without a pause. A model that cannot be read is told, and the one before goes on.
 */
export async function followModels(options: FollowModelsOptions): Promise<ModelFollower> {
  const { registry, say, tell, read = ensembleOf } = options;
  const versions = new ModelVersions({ base: options.base, share: options.share });
  const loaded = new Map<number, FailureModel>();
  /** Changes of each role that were dealt with: their number in the history, which only grows. */
  const told = new Map<ModelRole, number>();
  const again = new Map<ModelRole, NodeJS.Timeout>();
  let stopped = false;

  const load = async (version: number): Promise<FailureModel> => {
    const known = loaded.get(version);
    if (known !== undefined) return known;
    const model = read((await registry.get(version)).bytes, String(version));
    loaded.set(version, model);
    return model;
  };
  /** Terms that have not been heard of yet; the last ones only. */
  const catchUp = async (role: ModelRole): Promise<void> => {
    const since = told.get(role) ?? Number.NEGATIVE_INFINITY;
    const changes = (await registry.history()).filter(({ alias, at }) => alias === role && at > since);
    for (const { at, to } of changes.slice(-TERMS_MAX)) {
      const from = at + SETTLE_MS;
      try {
        versions.put(role, to === null ? null : await load(to), from);
        say(`models: ${role} is ${to === null ? 'none' : `version ${to}`} from ${new Date(from).toISOString()}`);
      } catch (cause) {
        const error = asError(cause, `version ${to}`);
        tell(error);
        if (PASSING.test(error.code)) return later(role);
      }
      told.set(role, at);
    }
  };
  let working: Promise<void> = Promise.resolve();
  const work = (role: ModelRole): void => {
    working = working
      .then(() => catchUp(role))
      .catch((cause: unknown) => {
        tell(asError(cause, role));
        later(role);
      });
  };
  const later = (role: ModelRole): void => {
    clearTimeout(again.get(role));
    if (!stopped)
      again.set(
        role,
        setTimeout(() => work(role), AGAIN_MS),
      );
  };

  for (const role of ROLES) await catchUp(role);
  const watches = ROLES.map((role) => registry.watch(role, () => work(role)));
  return {
    versions,
    async stop() {
      stopped = true;
      for (const timer of again.values()) clearTimeout(timer);
      await Promise.all(watches.map((watch) => watch.stop()));
      await working;
    },
  };
}

const asError = (cause: unknown, where: string): VitalsError =>
  cause instanceof VitalsError ? cause : new VitalsError('GV-MDL-304', String(cause), where, { cause });
