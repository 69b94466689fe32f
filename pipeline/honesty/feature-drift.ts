import { binCounts, stabilityIndex } from '../../models/drift/psi.ts';
import type { FeatureVector } from '../contract/events.ts';
import { findFeature } from '../contract/features.ts';

/** How the features of a model were spread where it was trained. */
export interface FeatureReference {
  readonly features: readonly string[];
  /** Nine limits a feature, ascending, that cut what was known into ten equal parts; none where nothing was known. */
  readonly bins: readonly (readonly number[])[];
  /** Rows between the limits, repeated limits once, and rows without a value last; empty where nobody counted. */
  readonly counts: readonly (readonly number[])[];
}

/** One feature, today against then. */
export interface FeatureDrift {
  readonly feature: string;
  /** Population stability index, 0 = spread as then; null when it cannot be told. */
  readonly index: number | null;
  /** What is above it is an alarm. */
  readonly limit: number;
  readonly alarm: boolean;
  /** Share (0..1) of today's vectors, and of the rows that the model learned from, without a value. */
  readonly missing_ratio: number;
  readonly reference_missing_ratio: number | null;
}

/** Above it a feature has changed, as the trade has it. */
const INDEX_MAX = 0.25;
/** Standard deviations that chance is given. */
const CHANCE = 4;
const GPUS_MIN = 20;
const TENTHS = 10;

/**
 * How far today's vectors, one a GPU, have moved from what a model learned from, feature by feature in the model's order.
 *
 * Missing values are a bin of their own: a reading that has gone away is drift. The limit is 0.25, or what chance alone does
 * in so small a fleet: the index of n boards follows a chi-square of (bins - 1) over n. Fewer than 20 boards alarm nobody. Where
 * nobody counted the rows of the training, limits that repeat tell too little, and the index is null.
 * Values are compared as the models see them, in single precision. O(vectors x features).
 */
export function featureDrift(vectors: readonly FeatureVector[], reference: FeatureReference): FeatureDrift[] {
  const boards = new Set(vectors.map(({ gpu_uuid }) => gpu_uuid)).size;
  const column = new Float32Array(vectors.length);
  return reference.features.map((feature, k) => {
    const place = findFeature(feature);
    vectors.forEach(({ values }, row) => {
      column[row] = place < 0 ? Number.NaN : (values[place] as number);
    });
    const given = reference.bins[k] ?? [];
    const limits = [...new Set(given)];
    const expected = expectedCounts(given, limits, reference.counts[k]);
    const actual = binCounts(column, limits);
    const index = expected === null ? Number.NaN : stabilityIndex(expected, withoutUncounted(actual, expected));
    const limit = Math.max(INDEX_MAX, indexByChance(limits.length + 1, boards));
    return {
      feature,
      index: Number.isFinite(index) ? index : null,
      limit,
      alarm: boards >= GPUS_MIN && index > limit,
      missing_ratio: vectors.length === 0 ? 0 : (actual.at(-1) as number) / vectors.length,
      reference_missing_ratio: missingRatio(reference.counts[k]),
    };
  });
}

/** Without counts, ten equal parts of what was known; nothing is known then of missing values. */
function expectedCounts(
  given: readonly number[],
  limits: readonly number[],
  counts: readonly number[] | undefined,
): readonly number[] | null {
  if (counts !== undefined && counts.length === limits.length + 2) return counts;
  return given.length === TENTHS - 1 && limits.length === given.length ? new Array(TENTHS).fill(1_000) : null;
}

const withoutUncounted = (actual: Float64Array, expected: readonly number[]): Float64Array =>
  actual.subarray(0, expected.length);

function missingRatio(counts: readonly number[] | undefined): number | null {
  const all = (counts ?? []).reduce((sum, count) => sum + count, 0);
  return counts === undefined || all === 0 ? null : (counts.at(-1) as number) / all;
}

const indexByChance = (freedom: number, boards: number): number =>
  boards === 0 ? Number.POSITIVE_INFINITY : (freedom + CHANCE * Math.sqrt(2 * freedom)) / boards;
