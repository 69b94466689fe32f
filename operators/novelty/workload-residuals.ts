import { inputIndex, type KeptRow, NOVELTY_FEATURES, type NoveltyFeature } from './novelty-features.ts';

/** What the workload explains, learned from rows: per feature intercept and slopes, median and spread of what remains. */
export interface Residuals {
  readonly width: number;
  /** Three a feature: intercept, slope of the first input, slope of the second. */
  readonly coefficients: ArrayLike<number>;
  readonly medians: ArrayLike<number>;
  /** 1.4826 times the median absolute deviation, which is the standard deviation of a normal distribution. */
  readonly spreads: ArrayLike<number>;
}

const WIDTH = NOVELTY_FEATURES.length;
const OWN = NOVELTY_FEATURES.map(({ name }) => inputIndex(name));
const GIVEN = NOVELTY_FEATURES.map(({ given }) => given.map(inputIndex));
const SLOPES_MAX = 2;
const TERMS = 1 + SLOPES_MAX;
const MAD_TO_SIGMA = 1.4826;
/** Rows beyond this many sigma are left out of the second fit: a sick GPU must not bend the line it is held against. */
const TRIM_SIGMA = 4;
/** Of the inputs' own variance: keeps slopes of inputs that hardly vary near 0. */
const RIDGE = 1e-6;

/**
 * Least squares of every feature on its inputs, twice: the second time without what lay far off the first line.
 * Cost     O(rows x features), some 3 ms for 384 rows.
 */
export function learnResiduals(rows: readonly KeptRow[]): Residuals {
  const coefficients = new Float64Array(WIDTH * TERMS);
  const medians = new Float64Array(WIDTH);
  const spreads = new Float64Array(WIDTH);
  for (let f = 0; f < WIDTH; f++) {
    const known = rows.filter((row) => isKnown(row, f));
    if (known.length === 0) continue;
    let inliers = known;
    for (let pass = 0; pass < 2; pass++) {
      fitLine(inliers, f, coefficients);
      const remainders = known.map((row) => remainder(row, f, coefficients));
      const median = medianOf(remainders);
      const sigma = MAD_TO_SIGMA * medianOf(remainders.map((x) => Math.abs(x - median)));
      medians[f] = median;
      spreads[f] = sigma;
      const limit = TRIM_SIGMA * Math.max(sigma, (NOVELTY_FEATURES[f] as NoveltyFeature).floor);
      inliers = known.filter((_, r) => Math.abs((remainders[r] as number) - median) <= limit);
    }
  }
  return { width: WIDTH, coefficients, medians, spreads };
}

/**
 * What remains of a row, in spreads of at least a floor, against the median: NaN = unknown. `whole` cuts the fractions off:
 * what is less than a spread is the noise of sensors and jobs, never strange.
 */
export function remaindersOf(
  learned: Residuals,
  row: KeptRow,
  out: Float64Array,
  rounding: 'whole' | 'exact',
): Float64Array {
  for (let f = 0; f < WIDTH; f++) {
    const x = isKnown(row, f)
      ? (remainder(row, f, learned.coefficients) - (learned.medians[f] as number)) / spreadOf(learned, f)
      : Number.NaN;
    // Adding 0 makes -0 a 0.
    out[f] = rounding === 'whole' ? Math.trunc(x) + 0 : x;
  }
  return out;
}

/**
 * What a row shows of a feature, and what the others would show in its place, in the feature's unit; or what lies `spreads`
 * above that.
 */
export function observedAndExpected(
  learned: Residuals,
  row: KeptRow,
  f: number,
  spreads = 0,
): { observed: number; expected: number } {
  const own = row[OWN[f] as number] ?? Number.NaN;
  const others = own - remainder(row, f, learned.coefficients) + (learned.medians[f] as number);
  const usual = others + spreads * spreadOf(learned, f);
  const { scale, unit } = NOVELTY_FEATURES[f] as NoveltyFeature;
  if (scale === 'log') return { observed: Math.expm1(own), expected: Math.expm1(Math.max(0, usual)) };
  return { observed: own, expected: unit === 'ratio' ? Math.max(0, usual) : usual };
}

function isKnown(row: KeptRow, f: number): boolean {
  if (typeof row[OWN[f] as number] !== 'number') return false;
  for (const input of GIVEN[f] as readonly number[]) if (typeof row[input] !== 'number') return false;
  return true;
}

const spreadOf = (learned: Residuals, f: number): number =>
  Math.max(learned.spreads[f] as number, (NOVELTY_FEATURES[f] as NoveltyFeature).floor);

function remainder(row: KeptRow, f: number, coefficients: ArrayLike<number>): number {
  const given = GIVEN[f] as readonly number[];
  let explained = given.length === 0 ? 0 : (coefficients[f * TERMS] as number);
  for (let g = 0; g < given.length; g++) {
    explained += (coefficients[f * TERMS + 1 + g] as number) * (row[given[g] as number] as number);
  }
  return (row[OWN[f] as number] as number) - explained;
}

function fitLine(rows: readonly KeptRow[], f: number, coefficients: Float64Array): void {
  const given = GIVEN[f] as readonly number[];
  if (given.length === 0 || rows.length === 0) return;
  const mean = (input: number): number => rows.reduce((sum, row) => sum + (row[input] as number), 0) / rows.length;
  const own = OWN[f] as number;
  const [first = 0, second = first] = given;
  const [mean_y, mean_a, mean_b] = [mean(own), mean(first), mean(second)];
  let [aa, ab, bb, ay, by] = [0, 0, 0, 0, 0];
  for (const row of rows) {
    const y = (row[own] as number) - mean_y;
    const a = (row[first] as number) - mean_a;
    const b = (row[second] as number) - mean_b;
    aa += a * a;
    ab += a * b;
    bb += b * b;
    ay += a * y;
    by += b * y;
  }
  let slope_a = 0;
  let slope_b = 0;
  if (given.length === 1) {
    slope_a = aa > 0 ? ay / (aa * (1 + RIDGE)) : 0;
  } else {
    const ridged_aa = aa * (1 + RIDGE);
    const ridged_bb = bb * (1 + RIDGE);
    const determinant = ridged_aa * ridged_bb - ab * ab;
    // An input that does not vary explains nothing; the other one is then fitted alone.
    if (determinant > 0) {
      slope_a = (ay * ridged_bb - by * ab) / determinant;
      slope_b = (by * ridged_aa - ay * ab) / determinant;
    } else if (aa > 0) slope_a = ay / ridged_aa;
    else if (bb > 0) slope_b = by / ridged_bb;
  }
  coefficients.set(
    given.length === 1
      ? [mean_y - slope_a * mean_a, slope_a, 0]
      : [mean_y - slope_a * mean_a - slope_b * mean_b, slope_a, slope_b],
    f * TERMS,
  );
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}
