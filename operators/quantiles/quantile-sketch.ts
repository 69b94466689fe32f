import { DDSketch } from '@datadog/sketches-js';

/** Guaranteed relative error of a quantile. */
export const RELATIVE_ERROR = 0.01;

/** A DDSketch as plain data: the library's own fields, as they stand after every value. */
export interface QuantileSketch {
  count: number;
  zeros: number;
  readonly above: SketchBins;
  readonly below: SketchBins;
}
interface SketchBins {
  count: number;
  /** Key of the first bin. */
  offset: number;
  min_key: number;
  max_key: number;
  bins: number[];
}

/** A sketch of nothing. */
export const sketchStart = (): QuantileSketch => ({
  count: 0,
  zeros: 0,
  above: { count: 0, offset: 0, min_key: 0, max_key: 0, bins: [] },
  below: { count: 0, offset: 0, min_key: 0, max_key: 0, bins: [] },
});

/** Live sketches by their data: they share the bins, and are made anew from the data after a restore. */
const live = new WeakMap<QuantileSketch, DDSketch>();

/**
 * Adds a finite value.
 *
 * State   one count for each 2 % of the range that values came from: 350 for a factor of 1,000.
 * Time    one logarithm.
 * Source  Masson, Rim & Lee 2019, DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees
 *         (VLDB 12).
 */
export function sketchAdd(data: QuantileSketch, value: number): void {
  const sketch = liveOf(data);
  sketch.accept(value);
  data.count = sketch.count;
  data.zeros = sketch.zeroCount;
  note(data.above, sketch.store);
  note(data.below, sketch.negativeStore);
}

/** The value that this share (0..1) of all values does not exceed, within RELATIVE_ERROR; NaN without any. */
export const sketchQuantile = (data: QuantileSketch, share: number): number => liveOf(data).getValueAtQuantile(share);

function liveOf(data: QuantileSketch): DDSketch {
  const known = live.get(data);
  if (known !== undefined) return known;
  const sketch = new DDSketch({ relativeAccuracy: RELATIVE_ERROR });
  restore(sketch.store, data.above);
  restore(sketch.negativeStore, data.below);
  sketch.zeroCount = data.zeros;
  sketch.count = data.count;
  live.set(data, sketch);
  return sketch;
}

type Store = DDSketch['store'];

function note(data: SketchBins, { count, offset, minKey, maxKey, bins }: Store): void {
  if (count === 0) return;
  data.count = count;
  data.offset = offset;
  data.min_key = minKey;
  data.max_key = maxKey;
  data.bins = bins;
}

function restore(store: Store, { count, offset, min_key, max_key, bins }: SketchBins): void {
  if (count === 0) return;
  store.count = count;
  store.offset = offset;
  store.minKey = min_key;
  store.maxKey = max_key;
  store.bins = bins;
}
