const f = Math.fround;

/** How much finer than the bins the first summary of a long column is. */
const FACTOR = 8;

/** Distinct values of a column with the weight below each and with each, rising. */
interface Summary {
  readonly size: number;
  readonly value: Float32Array;
  /** Weight of smaller values, of these included, and of this one alone. */
  readonly below: Float32Array;
  readonly until: Float32Array;
  readonly own: Float32Array;
}

export interface Cuts {
  /** Bin i holds values below cuts[i] that are not below cuts[i - 1]; the last cut is above all. */
  readonly cuts: Float32Array;
  /** Below all values: the threshold that sends only missing ones left. */
  readonly minimum: number;
}

/**
 * Cuts of a column into at most `max_bin` bins of about equal weight; one bin a distinct value where those are few.
 * `values` are the column's known values, rising; `weights` go with them.
 * Source   the weighted quantile summary of Chen, Guestrin 2016 (appendix), pruned in the steps and with the rounding of
 *          XGBoost's `hist`: the same cuts for columns of up to 8 x max_bin values, without its streaming error beyond.
 */
export function quantileCuts(values: Float32Array, weights: Float32Array | undefined, max_bin: number): Cuts {
  if (values.length === 0) return { cuts: Float32Array.of(f(2e-5)), minimum: f(1e-5) };
  const all = summaryOf(values, weights);
  if (all.size === 0) return quantileCuts(values, undefined, max_bin);
  const fine = Math.min(values.length, max_bin * FACTOR);
  const bins = Math.min(fine, max_bin);
  const summary = pruned(pruned(all, fine), bins + 1);
  const cuts: number[] = [];
  for (let i = 1; i < Math.min(summary.size, bins); i++) {
    const cut = summary.value[i] as number;
    if (cuts.length === 0 || cut > (cuts[cuts.length - 1] as number)) cuts.push(cut);
  }
  const lowest = summary.value[0] as number;
  const highest = summary.value[summary.size - 1] as number;
  cuts.push(f(highest + f(Math.abs(highest) + f(1e-5))));
  return { cuts: Float32Array.from(cuts), minimum: f(f(lowest - Math.abs(lowest)) - f(1e-5)) };
}

function summaryOf(values: Float32Array, weights: Float32Array | undefined): Summary {
  let size = 0;
  const value = new Float32Array(values.length);
  const below = new Float32Array(values.length);
  const until = new Float32Array(values.length);
  const own = new Float32Array(values.length);
  let sum = 0;
  for (let from = 0; from < values.length; ) {
    let weight = 0;
    let end = from;
    for (; end < values.length && values[end] === values[from]; end++) {
      weight = f(weight + (weights === undefined ? 1 : (weights[end] as number)));
    }
    if (weight > 0) {
      value[size] = values[from] as number;
      below[size] = sum;
      until[size] = f(sum + weight);
      own[size] = weight;
      sum = f(sum + weight);
      size++;
    }
    from = end;
  }
  return { size, value, below, until, own };
}

/** At most `max` of the values: both ends, and those nearest to equal ranks between. */
function pruned(from: Summary, max: number): Summary {
  if (from.size <= max) return from;
  const last = from.size - 1;
  const { below, until, own } = from;
  const begin = until[0] as number;
  const range = f((below[last] as number) - begin);
  const kept: number[] = [0];
  let latest = 0;
  let i = 1;
  for (let k = 1; k < max - 1; k++) {
    const rank = f(2 * f(f(f(k * range) / (max - 1)) + begin));
    while (i < last && rank >= f((until[i + 1] as number) + (below[i + 1] as number))) i++;
    if (i === last) break;
    const after = f((below[i] as number) + (own[i] as number));
    const before = f((until[i + 1] as number) - (own[i + 1] as number));
    const nearest = rank < f(after + before) ? i : i + 1;
    if (nearest === latest) continue;
    kept.push(nearest);
    latest = nearest;
  }
  if (latest !== last) kept.push(last);
  return only(from, kept);
}

function only(from: Summary, kept: readonly number[]): Summary {
  const pick = (list: Float32Array): Float32Array => Float32Array.from(kept, (i) => list[i] as number);
  return {
    size: kept.length,
    value: pick(from.value),
    below: pick(from.below),
    until: pick(from.until),
    own: pick(from.own),
  };
}
