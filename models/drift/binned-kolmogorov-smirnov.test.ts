import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binnedKolmogorovSmirnov } from './binned-kolmogorov-smirnov.ts';
import { kolmogorovSmirnov } from './kolmogorov-smirnov.ts';
import { binCounts, stabilityBins } from './psi.ts';

const cases = (expected: number, actual: number) => ({ expected, actual });

/** Few values that repeat, many that do not, and some that are missing. */
const sample = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.double({ min: -50, max: 50, noNaN: true }) },
    { weight: 4, arbitrary: fc.integer({ min: -3, max: 3 }) },
    { weight: 1, arbitrary: fc.constant(Number.NaN) },
  ),
  { minLength: 1, maxLength: 120 },
);
const two = fc.tuple(sample, sample);
const known = (values: readonly number[]): number[] => values.filter((x) => !Number.isNaN(x));
const binned = (left: readonly number[], right: readonly number[], bins: readonly number[]) =>
  binnedKolmogorovSmirnov(
    binCounts(left, bins),
    binCounts(right, bins),
    cases(known(left).length, known(right).length),
  );

describe('Kolmogorov-Smirnov of counts', () => {
  it('is by hand what the shares below each border say', () => {
    const told = binnedKolmogorovSmirnov([1, 1, 2, 9], [4, 2, 2, 0], cases(4, 8));
    expect(told.statistic).toBe(0.25);
    expect(told.p).toBe(kolmogorovSmirnov([1, 2, 3, 3], [1, 1, 1, 1, 2, 2, 3, 3]).p);
    expect(binnedKolmogorovSmirnov([3, 0, 0], [0, 5, 0], cases(3, 5)).statistic).toBe(1);
  });

  it('is that of samples of which one knows no more than the bin', () => {
    fc.assert(
      fc.property(two, fc.integer({ min: 2, max: 12 }), ([left, right], parts) => {
        const bins = stabilityBins(left, parts);
        const binOf = (x: number): number => (Number.isNaN(x) ? x : bins.filter((edge) => x > edge).length);
        expect(binned(left, right, bins)).toEqual(kolmogorovSmirnov(left.map(binOf), right.map(binOf)));
      }),
    );
  });

  it('is never above that of the values, and below by what a bin holds of either side at the most', () => {
    fc.assert(
      fc.property(two, ([left, right]) => {
        fc.pre(known(left).length > 0 && known(right).length > 0);
        const bins = stabilityBins(left);
        const exact = kolmogorovSmirnov(left, right);
        const told = binned(left, right, bins);
        const shares = (values: readonly number[]): number[] =>
          [...binCounts(known(values), bins)].map((count) => count / known(values).length);
        const of_right = shares(right);
        const hidden = Math.max(...shares(left).map((share, k) => Math.min(share, of_right[k] as number)));
        expect(told.statistic).toBeLessThanOrEqual(exact.statistic + 1e-12);
        expect(told.statistic).toBeGreaterThanOrEqual(exact.statistic - hidden - 1e-12);
        expect(told.p).toBeGreaterThanOrEqual(exact.p - 1e-12);
      }),
    );
  });

  it('is the same from both sides, for counts of any scale, and 0 beside itself', () => {
    const counts = fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 1_000 }), (pairs, scale) => {
        const [a, b] = [pairs.map(([x]) => x), pairs.map(([, x]) => x)];
        const told = binnedKolmogorovSmirnov(a, b, cases(30, 70));
        expect(binnedKolmogorovSmirnov(b, a, cases(70, 30))).toEqual(told);
        const scaled = binnedKolmogorovSmirnov(
          a.map((x) => x * scale),
          b,
          cases(30, 70),
        );
        if (Number.isNaN(told.statistic)) expect(scaled.statistic).toBeNaN();
        else {
          expect(scaled.statistic).toBeCloseTo(told.statistic, 12);
          expect(told.statistic).toBeGreaterThanOrEqual(0);
          expect(told.statistic).toBeLessThanOrEqual(1);
          expect(binnedKolmogorovSmirnov(a, a, cases(30, 70))).toEqual({ statistic: 0, p: 1 });
        }
      }),
    );
  });

  it('trusts the same distance more the more cases stand behind it', () => {
    const p = [10, 100, 1_000, 10_000].map(
      (n) => binnedKolmogorovSmirnov([50, 50, 0], [60, 40, 0], cases(10_000, n)).p,
    );
    expect(p).toEqual(p.toSorted((a, b) => b - a));
    expect(p[0]).toBeGreaterThan(0.9);
    expect(p[3]).toBeLessThan(1e-40);
    expect(binnedKolmogorovSmirnov([50, 50, 0], [0, 40, 0], cases(9, 0)).p).toBe(1);
  });

  it.each([
    ['nothing', [0, 0, 0], [3, 3, 0]],
    ['only missing values', [3, 3, 0], [0, 0, 8]],
  ])('of %s is NaN', (_, left, right) => {
    expect(binnedKolmogorovSmirnov(left, right, cases(6, 6))).toEqual({ statistic: Number.NaN, p: Number.NaN });
  });

  it('refuses counts over other bins', () => {
    expect(() => binnedKolmogorovSmirnov([1, 2, 0], [1, 2, 3, 0], cases(3, 6))).toThrow(RangeError);
  });
});
