import { readBundle } from '../models/prediction/bundle.ts';
import type { ModelManifest } from '../models/registry/manifest.ts';
import type { ModelRegistry } from '../models/registry/model-registry.ts';
import { heuristic } from '../operators/prediction/heuristic.ts';
import type { AliasRequest, JudgedReference, KnownModel, ModelDesk } from '../server/model-desk.ts';
import { VitalsError } from './contract/errors.ts';
import type { FailureModel } from './contract/failure-model.ts';
import type { Judging } from './model-versions.ts';
import { SHIPPED_PREFIX } from './shipped-model.ts';

export interface ModelDeskOptions {
  /** Null where no model is followed: the reference profile. */
  readonly registry: ModelRegistry | null;
  /** Models that come with this release; a folder that is not there holds none. */
  readonly shipped: ModelRegistry;
  /** What judges where nobody has been promoted. */
  readonly base: 'shipped' | 'heuristic';
  readonly judging: () => Judging;
  /** Told of every alias that was moved here (null: to no version), with the model's name. */
  readonly onMove: (alias: string, name: string, model: ModelManifest | null) => void;
}

const CHAMPION = 'champion';

/** Reads the registry anew for every question; only the newest reference is kept. Errors: those of ModelDesk. */
export function modelDesk(options: ModelDeskOptions): ModelDesk {
  const { registry, shipped, base, judging, onMove } = options;
  let reference: JudgedReference | null = null;

  const ratioOf = (name: string, version: string): number => {
    const { champion, challenger, challenger_share } = judging();
    const is = (model: FailureModel): boolean => model.name === name && model.version === version;
    return (
      (is(champion ?? heuristic) ? 1 - challenger_share : 0) +
      (challenger !== null && is(challenger) ? challenger_share : 0)
    );
  };
  const knownOf = (manifest: ModelManifest, version: string, aliases: readonly string[]): KnownModel => ({
    ...manifest,
    version,
    aliases,
    judges_ratio: ratioOf(manifest.name, version),
  });
  const registered = async (): Promise<KnownModel[]> => {
    if (registry === null) return [];
    const [manifests, aliases] = await Promise.all([registry.list(), registry.aliases()]);
    return manifests.map((manifest) => {
      const names = Object.keys(aliases).filter((alias) => aliases[alias] === manifest.version);
      return knownOf(manifest, String(manifest.version), names);
    });
  };
  const shippedChampion = async (): Promise<ModelManifest | null> => {
    try {
      return await shipped.manifest(CHAMPION);
    } catch (error) {
      // A release without one: no folder, or nothing in it that is for use.
      if (error instanceof VitalsError && ['GV-MDL-101', 'GV-MDL-105'].includes(error.code)) return null;
      throw error;
    }
  };
  const following = (): ModelRegistry => {
    if (registry !== null) return registry;
    throw new VitalsError('GV-MDL-103', 'the reference profile takes the heuristic and no other model', 'profile', {
      action: 'Start with --profile default.',
    });
  };
  const promoteBase = async (version: string, { alias, by, why }: AliasRequest): Promise<string | null> => {
    const judgesOtherwise = base === 'heuristic' ? version === 'heuristic' : version.startsWith(SHIPPED_PREFIX);
    if (!judgesOtherwise || alias !== CHAMPION) {
      throw new VitalsError('GV-MDL-103', `${version} is in no registry and cannot be ${alias}`, version, {
        action: judgesOtherwise
          ? `It can only take the place of the ${CHAMPION}.`
          : 'Set failure-model: it judges where nobody is promoted.',
      });
    }
    const before = (await following().aliases())[CHAMPION];
    if (before === undefined) return null;
    const { name } = await following().manifest(before);
    await following().removeAlias(CHAMPION, { by, why });
    onMove(CHAMPION, name, null);
    return String(before);
  };

  return {
    async list() {
      const manifest = await shippedChampion();
      const own = await registered();
      return [
        ...own,
        ...(manifest === null ? [] : [knownOf(manifest, `${SHIPPED_PREFIX}${manifest.version}`, [])]),
        {
          version: 'heuristic',
          name: heuristic.name,
          trained_on: 'nothing',
          created_at: null,
          aliases: [],
          judges_ratio: ratioOf(heuristic.name, heuristic.version),
          metrics: {},
          lineage: NO_LINEAGE,
          parent_version: null,
          note: 'A base rate and four rules of thumb; what judges while no trained model does.',
          card: '',
          sha256: null,
          size_bytes: null,
        },
      ];
    },
    history: async () => (registry === null ? [] : registry.history()),
    async promote(version, request) {
      const { alias, by, why } = request;
      if (version === 'heuristic' || version.startsWith(SHIPPED_PREFIX)) {
        return { alias, before: await promoteBase(version, request), version: null };
      }
      const manifest = await following().manifest(version);
      const before = (await following().aliases())[alias];
      await following().setAlias(alias, manifest.version, { by, why });
      onMove(alias, manifest.name, manifest);
      return { alias, version: String(manifest.version), before: before === undefined ? null : String(before) };
    },
    async rollback({ alias, by, why }) {
      const before = (await following().aliases())[alias];
      const version = await following().rollback(alias, { by, why });
      const manifest = await following().manifest(version);
      onMove(alias, manifest.name, manifest);
      return { alias, version: String(version), before: before === undefined ? null : String(before) };
    },
    async reference() {
      const { champion, challenger, challenger_share } = judging();
      const model = challenger !== null && challenger_share > 0.5 ? challenger : champion;
      if (model === null) return null;
      if (reference?.version === model.version && reference.name === model.name) return reference;
      const { bytes, manifest } = model.version.startsWith(SHIPPED_PREFIX)
        ? await shipped.get(model.version.slice(SHIPPED_PREFIX.length))
        : await following().get(model.version);
      const { bundle } = readBundle(bytes, `version ${model.version}`);
      const weight = bundle.importance.reduce((sum, one) => sum + one, 0);
      reference = {
        name: model.name,
        version: model.version,
        trained_on: bundle.trained_on,
        features: bundle.features,
        bins: bundle.reference_bins,
        counts: bundle.reference_counts,
        importance: bundle.importance.map((one) => (weight > 0 ? one / weight : 0)),
        gpus: manifest.lineage.gpus,
      };
      return reference;
    },
  };
}

const NO_LINEAGE: KnownModel['lineage'] = {
  data_from: null,
  data_to: null,
  rows: null,
  gpus: null,
  positives: null,
  feature_version: null,
  seed: null,
  commit: null,
  params: {},
  trigger: null,
};
