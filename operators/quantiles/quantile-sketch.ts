/** Guaranteed relative error of a quantile. */
export const RELATIVE_ERROR = 0.01;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LN_GAMMA = Math.log(GAMMA);
/** What is nearer to 0 counts as 0. */
const SMALLEST = 1e-9;

/**
 * Plain data. `bins[i]` counts the values v with |v| in (gamma^(first + i - 1), gamma^(first + i)], for either sign.
 */
export interface QuantileSketch {
  count: number;
  zeros: number;
  readonly above: SketchBins;
  readonly below: SketchBins;
}
interface SketchBins {
  first: number;
  count: number;
  bins: number[];
}

/** A sketch of nothing. */
export const sketchStart = (): QuantileSketch => ({
  count: 0,
  zeros: 0,
  above: { first: 0, count: 0, bins: [] },
  below: { first: 0, count: 0, bins: [] },
});

/**
 * Adds a finite value.
 *
 * State   one count for each 2 % of the range that values came from: 350 for a factor of 1,000.
 * Time    one logarithm.
 * Source  Masson, Rim & Lee 2019, DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees
 *         (VLDB 12).
 */
export function sketchAdd(sketch: QuantileSketch, value: number): void {
  sketch.count++;
  const size = Math.abs(value);
  if (size < SMALLEST) {
    sketch.zeros++;
    return;
  }
  const store = value > 0 ? sketch.above : sketch.below;
  const key = Math.ceil(Math.log(size) / LN_GAMMA);
  if (store.count === 0) store.first = key;
  while (key < store.first) {
    store.bins.unshift(0);
    store.first--;
  }
  while (key >= store.first + store.bins.length) store.bins.push(0);
  store.count++;
  const at = key - store.first;
  store.bins[at] = (store.bins[at] as number) + 1;
}

/** The value that this share (0..1) of all values does not exceed, within RELATIVE_ERROR; NaN without any. */
export function sketchQuantile(sketch: QuantileSketch, share: number): number {
  const { count, zeros, above, below } = sketch;
  if (count === 0) return Number.NaN;
  const rank = share * (count - 1);
  if (rank < below.count) return -valueAt(below, below.count - 1 - Math.floor(rank));
  if (rank < below.count + zeros) return 0;
  return valueAt(above, rank - below.count - zeros);
}

/** Size of the value at a rank from the smallest: the middle of its bin, in the sense of relative error. */
function valueAt({ first, bins }: SketchBins, rank: number): number {
  let seen = 0;
  for (let i = 0; i < bins.length; i++) {
    seen += bins[i] as number;
    if (seen > rank) return (2 * GAMMA ** (first + i)) / (GAMMA + 1);
  }
  return Number.NaN;
}
