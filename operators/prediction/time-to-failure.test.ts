import fc from 'fast-check';
import { expect, it } from 'vitest';
import { timeToFailure } from './time-to-failure.ts';

it('is that of a constant hazard where the probabilities are of one', () => {
  const hazard = 0.01;
  const p = (days: number): number => 1 - Math.exp(-hazard * days);
  const { median_days, low_days, high_days } = timeToFailure(p(7), p(30), p(90));
  expect(median_days).toBeCloseTo(Math.LN2 / hazard, 9);
  expect(low_days).toBeCloseTo(-Math.log(0.9) / hazard, 9);
  expect(high_days).toBeCloseTo(Math.log(10) / hazard, 9);
});

it.each<[string, readonly [number, number, number], readonly (number | null)[]]>([
  ['nothing ahead', [0, 0, 0], [null, null, null]],
  ['a certain failure', [1, 1, 1], [0, 0, 1]],
  ['half by the seventh day, and nobody after', [0.5, 0.5, 0.5], [1, 7, 299]],
  ['half by the thirtieth', [0, 0.5, 0.6], [3, 30, 120]],
])('has its bounds: %s', (_, [p7, p30, p90], [low, median, high]) => {
  const told = timeToFailure(p7, p30, p90);
  const near = (value: number | null, wanted: number | null | undefined, days: number): void => {
    if (wanted === null || wanted === undefined) expect(value).toBeNull();
    else expect(Math.abs((value ?? Number.NaN) - wanted)).toBeLessThanOrEqual(days);
  };
  near(told.low_days, low, 8);
  near(told.median_days, median, 1e-6 + (median === 0 ? 1 : 0));
  near(told.high_days, high, 600);
});

it('lies where the probabilities put it, in order', () => {
  const probability = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.tuple(probability, probability, probability), (drawn) => {
      const [p7, p30, p90] = drawn.toSorted((a, b) => a - b) as [number, number, number];
      const told = timeToFailure(p7, p30, p90);
      const days = [told.low_days, told.median_days, told.high_days].map((t) => t ?? Number.POSITIVE_INFINITY);
      expect(days).toEqual(days.toSorted((a, b) => a - b));
      if (told.median_days !== null && p30 < 1) expect(told.median_days <= 30 + 1e-9).toBe(p30 >= 0.5 - 1e-12);
    }),
    { seed: 7, numRuns: 500 },
  );
});
