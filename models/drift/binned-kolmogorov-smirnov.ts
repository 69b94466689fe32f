import { chanceOf, type KolmogorovSmirnov } from './kolmogorov-smirnov.ts';

/** How many independent cases stand behind the counts of each side; rows that repeat what another one says are none. */
export interface Cases {
  readonly expected: number;
  readonly actual: number;
}

/**
 * Kolmogorov-Smirnov of two counts over the same bins (binCounts of psi.ts: ascending, what is missing last and left out here).
 *
 * The statistic is the largest distance of the two cumulated shares at the borders of the bins. What has moved within a bin is
 * not seen: the statistic of the values themselves is never smaller, and larger by at most what a bin holds of either side (a
 * tenth, where the borders are tenths of one). So p is too high rather than too low. Both are NaN where a side knows no value.
 * Cost     O(bins).
 * Errors   RangeError when the counts are not over the same bins.
 */
export function binnedKolmogorovSmirnov(
  expected: ArrayLike<number>,
  actual: ArrayLike<number>,
  cases: Cases,
): KolmogorovSmirnov {
  if (expected.length !== actual.length) {
    throw new RangeError(`${expected.length} bins beside ${actual.length}`);
  }
  const bins = expected.length - 1;
  const [of_expected, of_actual] = [known(expected), known(actual)];
  if (!(of_expected > 0 && of_actual > 0)) return { statistic: Number.NaN, p: Number.NaN };
  let [statistic, below_expected, below_actual] = [0, 0, 0];
  for (let k = 0; k < bins; k++) {
    below_expected += expected[k] as number;
    below_actual += actual[k] as number;
    statistic = Math.max(statistic, Math.abs(below_expected / of_expected - below_actual / of_actual));
  }
  return { statistic, p: chanceOf(statistic, cases.expected, cases.actual) };
}

function known(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < counts.length - 1; k++) sum += counts[k] as number;
  return sum;
}
