import { sortedOrder } from '../sorted-order.ts';

export interface KolmogorovSmirnov {
  /** Largest distance between the two distributions, 0..1. */
  readonly statistic: number;
  /** Chance of such a distance or more were both of one source: asymptotic, good from some ten values each; too high where values tie. */
  readonly p: number;
}

/**
 * Two samples of one source? Missing values (NaN) are left out; without any left on one side both figures are NaN.
 * Cost     O(n).
 * Source   Smirnov 1939; Stephens 1970 for the correction of short samples.
 */
export function kolmogorovSmirnov(a: ArrayLike<number>, b: ArrayLike<number>): KolmogorovSmirnov {
  const left = known(a);
  const right = known(b);
  if (left.length === 0 || right.length === 0) return { statistic: Number.NaN, p: Number.NaN };
  let statistic = 0;
  let i = 0;
  let j = 0;
  while (i < left.length && j < right.length) {
    const x = Math.min(left[i] as number, right[j] as number);
    while (i < left.length && (left[i] as number) <= x) i++;
    while (j < right.length && (right[j] as number) <= x) j++;
    statistic = Math.max(statistic, Math.abs(i / left.length - j / right.length));
  }
  return { statistic, p: chanceOf(statistic, left.length, right.length) };
}

/** Chance that two samples of one source, of so many cases each, are at least so far apart. 1 where a side has none. */
export function chanceOf(statistic: number, left: number, right: number): number {
  const size = Math.sqrt((left * right) / (left + right));
  return size > 0 ? kolmogorovTail((size + 0.12 + 0.11 / size) * statistic) : 1;
}

function known(values: ArrayLike<number>): Float64Array {
  const there = Float64Array.from(values).filter((x) => !Number.isNaN(x));
  return Float64Array.from(sortedOrder(there), (at) => there[at] as number);
}

/** P(K > x) of Kolmogorov's distribution; the second series is for small x, where the first one alternates for long. */
function kolmogorovTail(x: number): number {
  if (x <= 0) return 1;
  let sum = 0;
  if (x < 1.18) {
    for (let k = 1; k <= 9; k += 2) sum += Math.exp((-k * k * Math.PI * Math.PI) / (8 * x * x));
    return Math.max(0, 1 - (Math.sqrt(2 * Math.PI) / x) * sum);
  }
  for (let k = 1; k <= 20; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return Math.min(1, Math.max(0, sum));
}
