import { binnedKolmogorovSmirnov, type Cases } from '../../models/drift/binned-kolmogorov-smirnov.ts';
import { binCounts, binOf, stabilityIndex } from '../../models/drift/psi.ts';
import { inputReader } from '../../models/training/model-features.ts';
import type { FeatureVector } from '../contract/events.ts';
import { designEffect } from './design-effect.ts';

/** How the features of a model were spread where it was trained. */
export interface FeatureReference {
  readonly features: readonly string[];
  /** Nine limits a feature, ascending, that cut what was known into ten equal parts; none where nothing was known. */
  readonly bins: readonly (readonly number[])[];
  /** Rows between the limits, repeated limits once, and rows without a value last; empty where nobody counted. */
  readonly counts: readonly (readonly number[])[];
  /** How much each moves predictions, on any scale. */
  readonly importance: readonly number[];
  /** Boards that the rows were of; null where nobody knows. */
  readonly gpus: number | null;
}

/** One feature, today against then. */
export interface FeatureDrift {
  readonly feature: string;
  /** Population stability index, 0 = spread as then; null when it cannot be told. */
  readonly index: number | null;
  /** What is above it is an alarm. */
  readonly limit: number;
  readonly alarm: boolean;
  /** Kolmogorov-Smirnov over the limits of the reference: the largest distance of the cumulated shares of what is known, 0..1. */
  readonly ks: number | null;
  /** Chance of such a distance or more were today as then. */
  readonly ks_p: number | null;
  /** Of the reference. */
  readonly importance: number;
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
 * What `featureDrift` must find in a vector to tell of these features: counts of samples are told as models see them, by how
 * many samples there were.
 */
export const driftInputs = (features: readonly string[]): readonly string[] => [
  ...new Set([...features, 'samples_7d']),
];

/**
 * How far today's vectors, one a GPU, have moved from what a model learned from, feature by feature in the model's order.
 *
 * Missing values are a bin of their own: a reading that has gone away is drift. The limit is 0.25, or what chance alone does
 * in so small a fleet: the index of n cases follows a chi-square of (bins - 1) over n. Fewer than 20 boards alarm nobody. Where
 * nobody counted the rows of the training, limits that repeat tell too little, and the index is null.
 * The Kolmogorov-Smirnov beside it looks at known values alone, at the same limits.
 * Cases are boards, fewer by as much as those of a node are alike in the feature (`designEffect`): eight boards of one job say
 * what one says. Rows of a board on many days repeat each other too: a reference has as many cases as boards, by the same
 * measure, and one that does not say how many it had is taken to have had today's.
 * Values are compared as the models see them (`inputReader`), in single precision. O(vectors x features).
 */
export function featureDrift(vectors: readonly FeatureVector[], reference: FeatureReference): FeatureDrift[] {
  const { features } = reference;
  const boards = new Set(vectors.map(({ gpu_uuid }) => gpu_uuid)).size;
  const width = features.length;
  const read = inputReader(features);
  const values = new Float32Array(vectors.length * width);
  vectors.forEach((vector, row) => {
    read(vector.values, values, row * width);
  });
  const column = new Float32Array(vectors.length);
  const nodes = new Map<string, number>();
  const node = Uint32Array.from(vectors, (vector) => {
    const known = nodes.get(vector.node) ?? nodes.size;
    nodes.set(vector.node, known);
    return known;
  });
  return features.map((feature, k) => {
    for (let row = 0; row < column.length; row++) column[row] = values[row * width + k] as number;
    const given = reference.bins[k] ?? [];
    const limits = [...new Set(given)];
    const expected = expectedCounts(given, limits, reference.counts[k]);
    const actual = binCounts(column, limits);
    const alike = designEffect(
      Float64Array.from(column, (value) => binOf(value, limits)),
      node,
      nodes.size,
    );
    const cases = Math.min(boards, vectors.length / alike);
    // A bin without a board is as much of a surprise as there are cases.
    const weighed = actual.map((count) => (count * cases) / vectors.length);
    const index = expected === null ? Number.NaN : stabilityIndex(expected, withoutUncounted(weighed, expected));
    const limit = Math.max(INDEX_MAX, indexByChance(limits.length + 1, cases));
    const told = distance(expected, actual, { actual: cases, expected: (reference.gpus ?? boards) / alike });
    return {
      feature,
      index: Number.isFinite(index) ? index : null,
      limit,
      alarm: boards >= GPUS_MIN && index > limit,
      ...told,
      importance: reference.importance[k] ?? 0,
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

function distance(
  expected: readonly number[] | null,
  actual: Float64Array,
  cases: Cases,
): Pick<FeatureDrift, 'ks' | 'ks_p'> {
  if (expected === null) return { ks: null, ks_p: null };
  const uncounted = expected.length < actual.length;
  const counts = uncounted ? [...expected, 0] : expected;
  const known = (all: ArrayLike<number>): number => Array.from(all).slice(0, -1).reduce(sum, 0);
  const { statistic, p } = binnedKolmogorovSmirnov(counts, actual, {
    expected: Math.min(known(counts), cases.expected),
    actual: Math.min(known(actual), cases.actual),
  });
  return Number.isNaN(statistic) ? { ks: null, ks_p: null } : { ks: statistic, ks_p: p };
}

const sum = (all: number, one: number): number => all + one;

function missingRatio(counts: readonly number[] | undefined): number | null {
  const all = (counts ?? []).reduce(sum, 0);
  return counts === undefined || all === 0 ? null : (counts.at(-1) as number) / all;
}

const indexByChance = (freedom: number, cases: number): number =>
  cases === 0 ? Number.POSITIVE_INFINITY : (freedom + CHANCE * Math.sqrt(2 * freedom)) / cases;
