import { sortedOrder } from '../sorted-order.ts';

/** Inner edges of bins, ascending: bin k holds what is above edge k - 1 and at most edge k; one bin more is for missing values. */
export type StabilityBins = readonly number[];

/**
 * Edges that cut what was expected into `bins` parts of about the same size; fewer where values repeat. Missing values (NaN)
 * are left out. Cost O(n).
 */
export function stabilityBins(expected: ArrayLike<number>, bins = 10): StabilityBins {
  const known = Float64Array.from(expected).filter((x) => !Number.isNaN(x));
  const order = sortedOrder(known);
  const edges: number[] = [];
  const highest = known[order[order.length - 1] ?? 0];
  for (let k = 1; k < bins; k++) {
    const edge = known[order[Math.ceil((k * order.length) / bins) - 1] ?? -1];
    if (edge === undefined || edge === highest) break;
    if (edge !== edges.at(-1)) edges.push(edge);
  }
  return edges;
}

/** The bin of a value; that of a missing one is the last. */
export function binOf(value: number, bins: StabilityBins): number {
  if (Number.isNaN(value)) return bins.length + 1;
  let bin = 0;
  while (bin < bins.length && value > (bins[bin] as number)) bin++;
  return bin;
}

/** How many values fall into each bin, the missing ones last. */
export function binCounts(values: ArrayLike<number>, bins: StabilityBins): Float64Array {
  const counts = new Float64Array(bins.length + 2);
  for (let i = 0; i < values.length; i++) {
    const bin = binOf(values[i] as number, bins);
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts;
}

/**
 * Population stability index of two counts over the same bins: sum of (a - e) ln(a / e) over the shares, 0 = the same. Half a
 * count is added to every bin, so that one that is empty in one of them stays finite. NaN where there is nothing.
 */
export function stabilityIndex(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  const bins = expected.length;
  let expected_all = 0;
  let actual_all = 0;
  for (let k = 0; k < bins; k++) {
    expected_all += expected[k] as number;
    actual_all += actual[k] as number;
  }
  if (expected_all === 0 || actual_all === 0) return Number.NaN;
  let index = 0;
  for (let k = 0; k < bins; k++) {
    if (expected[k] === 0 && actual[k] === 0) continue;
    const e = ((expected[k] as number) + 0.5) / (expected_all + 0.5 * bins);
    const a = ((actual[k] as number) + 0.5) / (actual_all + 0.5 * bins);
    index += (a - e) * Math.log(a / e);
  }
  return index;
}

/**
 * How far values have moved from what was expected: under 0.1 little, above 0.25 much, as the trade has it.
 * Source   Siddiqi 2006; Yurdakul 2018 for its spread: of the same source it is about (bins - 1) (1 / n + 1 / m).
 */
export function populationStabilityIndex(expected: ArrayLike<number>, actual: ArrayLike<number>, bins = 10): number {
  const edges = stabilityBins(expected, bins);
  return stabilityIndex(binCounts(expected, edges), binCounts(actual, edges));
}
