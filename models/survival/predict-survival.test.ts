import { describe, expect, it } from 'vitest';
import type { CoxModel } from './cox.ts';
import { fitCox } from './cox.ts';
import { failureProbability, logHazard, survivalCurve, survivalTimes } from './predict-survival.ts';
import { madeRows } from './survival-data.fixture.ts';

/** Hazard steps of ln 2 at days 10, 20, 30 for a row at the mean 1; double the hazard per unit. */
const model: Pick<CoxModel, 'coefficients' | 'means' | 'baselines'> & CoxModel = {
  names: ['x'],
  coefficients: Float64Array.of(Math.LN2),
  standard_errors: Float64Array.of(1),
  z: Float64Array.of(Math.LN2),
  p: Float64Array.of(0.5),
  means: Float64Array.of(1),
  log_likelihood: -1,
  log_likelihood_null: -2,
  baselines: [
    {
      stratum: 4,
      since: 0,
      times: Float64Array.of(10, 20, 30),
      cumulative_hazard: Float64Array.of(Math.LN2, 2 * Math.LN2, 3 * Math.LN2),
    },
  ],
  rows: 4,
  events: 3,
  iterations: 1,
};

describe('a row', () => {
  it('has its hazard against the mean', () => {
    expect(logHazard(model, [1])).toBe(0);
    expect(logHazard(model, [3])).toBeCloseTo(2 * Math.LN2, 12);
  });

  it.each([
    ['at the mean', 1, 0, [1, 0.5, 0.25, 0.125, 0.125]],
    ['of double hazard', 2, 0, [1, 0.25, 1 / 16, 1 / 64, 1 / 64]],
    ['that lived 15 days', 1, 15, [1, 0.5, 0.25, 0.25, 0.25]],
  ])('%s survives so', (_who, x, since, expected) => {
    const curve = survivalCurve({ model, row: [x], since }, [0, 10, 20, 30, 99]);
    expected.forEach((survival, k) => {
      expect(curve[k]).toBeCloseTo(survival, 12);
    });
  });

  it('fails within a horizon with what is left of that', () => {
    expect(failureProbability({ model, row: [1], since: 15 }, 5)).toBeCloseTo(0.5, 12);
    expect(failureProbability({ model, row: [1], since: 15 }, 4.9)).toBe(0);
  });

  it.each([
    ['at the mean', 1, 0, { median: 10, low: 10, high: null }],
    ['that lived 15 days', 1, 15, { median: 5, low: 5, high: null }],
    ['of four times the hazard', 3, 0, { median: 10, low: 10, high: 10 }],
    ['of an eighth of the hazard', -2, 0, { median: null, low: 20, high: null }],
    ['beyond all data', 1, 30, { median: null, low: null, high: null }],
  ])('%s has these times', (_who, x, since, expected) => {
    expect(survivalTimes({ model, row: [x], since })).toEqual(expected);
  });

  it('must be of a stratum that is there', () => {
    expect(survivalCurve({ model, row: [1], stratum: 4 }, [10])[0]).toBeCloseTo(0.5, 12);
    expect(() => survivalCurve({ model, row: [1], stratum: 0 }, [10])).toThrow('no stratum 0');
  });
});

it('halves of made rows survive their median', () => {
  const { weights, strata, ...data } = madeRows({ rows: 4_000, seed: 8, truth: [1.2], grain: 1e-4 });
  const fitted = fitCox(data);
  for (const x of [-0.8, 0, 0.8]) {
    const { median, low, high } = survivalTimes({ model: fitted, row: [x] });
    const truth = Math.LN2 / Math.exp(1.2 * x);
    expect(Math.abs((median ?? Number.NaN) / truth - 1)).toBeLessThan(0.1);
    expect(low).toBeLessThan(median ?? Number.NaN);
    expect(high ?? Number.POSITIVE_INFINITY).toBeGreaterThan(median ?? Number.NaN);
  }
});
