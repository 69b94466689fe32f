import { type Forest, pathContributions, scoreRow } from '../../models/isolation-forest/forest.ts';
import { type ForestFit, startForestFit } from '../../models/isolation-forest/forest-fit.ts';
import { type KeptRow, NOVELTY_FEATURES } from './novelty-features.ts';
import { learnResiduals, type Residuals, remaindersOf } from './workload-residuals.ts';

/** A forest as state: what it grows from and how far it is. Plain data; the trees follow from it. */
export interface ForestSeed {
  /** When its rows were taken. */
  readonly at: number;
  readonly seed: number;
  readonly rows: readonly KeptRow[];
  /** GPUs among the rows. */
  readonly gpus: number;
  built: number;
  /** Score above which a row is strange; null until all trees are there. */
  threshold: number | null;
}

export interface NoveltyForestOptions {
  readonly trees: number;
  readonly sample_size: number;
  /** Share of its own rows that may score above the threshold. */
  readonly contamination: number;
  /** The threshold is never below this. */
  readonly threshold_min: number;
}

interface Grown {
  readonly residuals: Residuals;
  readonly rows: readonly Float64Array[];
  readonly fit: ForestFit;
  forest: Forest | null;
  ordinary: Float64Array | null;
}

/**
 * Forests over what the workload leaves unexplained. What was grown is kept beside the state as long as its seed lives, and
 * grown again from the seed where it is missing, so a restored engine goes on with the same trees.
 * Cost     a step grows its trees (some 40 us each); the first one learns what the workload explains, the last one scores the rows,
 *          some 5 ms each for 384 rows; growing again after a restore some 15 ms.
 */
export function createNoveltyForests(options: NoveltyForestOptions): {
  /** Grows up to `trees` more; true once the forest can judge. */
  step(seed: ForestSeed, trees: number): boolean;
  /** 0..1, see `scoreRow`; and by how many spreads the row's farthest feature is off. */
  judge(seed: ForestSeed, row: KeptRow): { readonly score: number; readonly deviation: number };
  /**
   * The features that make the row strange, strongest first: by how many splits they make its mean path shorter than that
   * of the median row, times the spreads that they are off.
   */
  reasons(seed: ForestSeed, row: KeptRow): number[];
  residuals(seed: ForestSeed): Residuals;
} {
  const cache = new WeakMap<ForestSeed, Grown>();
  const scratch = new Float64Array(NOVELTY_FEATURES.length);

  const grownFrom = (seed: ForestSeed): Grown => {
    let grown = cache.get(seed);
    if (!grown) {
      const residuals = learnResiduals(seed.rows);
      const rows = seed.rows.map((row) => remaindersOf(residuals, row, new Float64Array(residuals.width), 'whole'));
      const fit = startForestFit(rows, { trees: options.trees, sample_size: options.sample_size, seed: seed.seed });
      grown = { residuals, rows, fit, forest: null, ordinary: null };
      cache.set(seed, grown);
    }
    if (grown.fit.built < seed.built) grown.fit.step(seed.built - grown.fit.built);
    return grown;
  };
  const forestOf = (grown: Grown): Forest => {
    grown.forest ??= grown.fit.forest();
    return grown.forest;
  };
  const ordinaryOf = (grown: Grown): Float64Array => {
    grown.ordinary ??= pathContributions(forestOf(grown), scratch.fill(0));
    return grown.ordinary;
  };

  return {
    step(seed, trees) {
      if (seed.threshold !== null) return true;
      const grown = grownFrom(seed);
      const whole = grown.fit.step(trees);
      seed.built = grown.fit.built;
      if (!whole) return false;
      const forest = forestOf(grown);
      const scores = Float64Array.from(grown.rows, (row) => scoreRow(forest, row)).sort();
      const rank = Math.ceil(scores.length * (1 - options.contamination)) - 1;
      seed.threshold = Math.max(options.threshold_min, scores[Math.max(0, rank)] as number);
      return true;
    },
    judge(seed, row) {
      const grown = grownFrom(seed);
      const shaped = remaindersOf(grown.residuals, row, scratch, 'whole');
      let deviation = 0;
      for (const spreads of shaped) if (Math.abs(spreads) > deviation) deviation = Math.abs(spreads);
      return { score: scoreRow(forestOf(grown), shaped), deviation };
    },
    reasons(seed, row) {
      const grown = grownFrom(seed);
      const ordinary = ordinaryOf(grown);
      const shaped = remaindersOf(grown.residuals, row, scratch, 'whole');
      const contributions = pathContributions(forestOf(grown), shaped);
      return Array.from(contributions, (splits, feature) => {
        const spreads = shaped[feature] as number;
        const weight = (splits - (ordinary[feature] as number)) * Math.abs(spreads);
        return { feature, weight: Number.isNaN(weight) ? 0 : weight };
      })
        .filter(({ weight }) => weight > 0)
        .sort((a, b) => b.weight - a.weight || a.feature - b.feature)
        .map(({ feature }) => feature);
    },
    residuals: (seed) => grownFrom(seed).residuals,
  };
}
