import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brierScore } from '../../models/classification-metrics.ts';
import { calibrationOf, wilsonInterval } from './calibration.ts';
import { randomOf } from './honesty.fixture.ts';

const known = (rows: readonly (readonly [p: number, label: number, weight?: number])[]) => ({
  labels: Uint8Array.from(rows, ([, label]) => label),
  p: Float64Array.from(rows, ([p]) => p),
  weights: Float64Array.from(rows, ([, , weight = 1]) => weight),
  gpu: Uint32Array.from(rows, (_, i) => i % 3),
});

describe('calibration', () => {
  it('is by hand', () => {
    const { bins, error, brier } = calibrationOf(
      known([
        [0.02, 0],
        [0.02, 0],
        [0.04, 1],
        [0.6, 1],
        [0.6, 0],
        [1, 1],
      ]),
    );
    expect(bins).toMatchObject([
      { from: 0.02, to: 0.05, predictions: 3, gpus: 3, mean_predicted: 0.08 / 3, observed: 1 / 3 },
      { from: 0.5, to: 0.7, predictions: 2, gpus: 2, mean_predicted: 0.6, observed: 0.5 },
      { from: 0.7, to: 1, predictions: 1, gpus: 1, mean_predicted: 1, observed: 1 },
    ]);
    expect(error).toBeCloseTo((3 * (1 / 3 - 0.08 / 3) + 2 * 0.1) / 6, 12);
    expect(brier.score).toBeCloseTo((2 * 0.0004 + 0.9216 + 0.16 + 0.36) / 6, 12);
    expect(brier.uncertainty).toBeCloseTo(0.25, 12);
    expect(brier.reliability).toBeCloseTo((3 * (1 / 3 - 0.08 / 3) ** 2 + 2 * 0.01) / 6, 12);
    expect(brier.resolution).toBeCloseTo((3 * (1 / 6) ** 2 + 0.25) / 6, 12);
  });

  it('has intervals as Wilson has them', () => {
    // scipy.stats.binomtest(k, n).proportion_ci(method='wilson')
    const cases: [number, number, number, number][] = [
      [0, 10, 0, 0.27753279986288926],
      [3, 10, 0.10779126740630102, 0.6032218525388546],
      [10, 10, 0.7224672001371109, 1],
      [50, 1000, 0.03813026239274881, 0.06531382024425081],
    ];
    for (const [k, n, low, high] of cases) {
      const [a, b] = wilsonInterval(k / n, n);
      expect(a).toBeCloseTo(low, 12);
      expect(b).toBeCloseTo(high, 12);
    }
  });

  it('takes a score apart without a rest, and what is within bins is what theory says', () => {
    const row = fc.tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 1 }),
      fc.integer({ min: 1, max: 9 }),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 50 }), (rows) => {
        const given = known(rows);
        const { bins, brier, error } = calibrationOf(given);
        expect(brier.score).toBeCloseTo(brierScore(given.labels, given.p, given.weights), 12);
        let within = 0;
        let total = 0;
        for (const { from, to, mean_predicted, observed } of bins) {
          for (const [p, label, weight] of rows) {
            if (p < from || (p >= to && !(p === 1 && to === 1))) continue;
            total += weight;
            within += weight * ((p - mean_predicted) ** 2 - 2 * (p - mean_predicted) * (label - observed));
          }
        }
        expect(total).toBe(rows.reduce((sum, [, , weight]) => sum + weight, 0));
        expect(brier.within_bins).toBeCloseTo(within / total, 10);
        expect(error).toBeGreaterThanOrEqual(0);
        expect(error).toBeLessThanOrEqual(1);
        for (const { low, observed, high } of bins) {
          expect(low).toBeLessThanOrEqual(observed + 1e-12);
          expect(high).toBeGreaterThanOrEqual(observed - 1e-12);
        }
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it('finds a forecaster who knows the chances well calibrated, and one who doubles them not', () => {
    const random = randomOf(9);
    const chances = Array.from({ length: 20_000 }, () => 0.4 * random() ** 2);
    const labels = chances.map((p) => (random() < p ? 1 : 0));
    const by = (factor: number) => calibrationOf(known(chances.map((p, i) => [factor * p, labels[i] as number])));
    expect(by(1).error).toBeLessThan(0.01);
    expect(by(2).error).toBeGreaterThan(0.1);
    expect(by(1).brier.score).toBeLessThan(by(2).brier.score);
  });
});
