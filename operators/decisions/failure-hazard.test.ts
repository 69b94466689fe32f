import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DAYS_PER_MONTH,
  type FailureHazard,
  failureHazard,
  hazardPerHour,
  monthlyRisks,
  riskWithin30,
  withRisk,
} from './failure-hazard.ts';

const survived = (hazard: FailureHazard, months: number): number =>
  monthlyRisks(hazard, months, 1).reduce((alive, fails) => alive * (1 - fails), 1);

describe('failure hazard', () => {
  it('goes through what was foreseen', () => {
    const hazard = failureHazard({ p7: 0.05, p30: 0.2, p90: 0.5 }, 0.1);
    expect(riskWithin30(hazard)).toBeCloseTo(0.2, 12);
    expect(hazardPerHour(hazard)).toBeCloseTo(-Math.log(0.95) / 168, 12);
    // 90 days lie between the second and the third month: interpolate the hazard, which is straight there.
    const daily = -Math.log(0.5 / 0.8) / 60;
    expect(survived(hazard, 2)).toBeCloseTo(0.8 * Math.exp(-daily * (2 * DAYS_PER_MONTH - 30)), 12);
    expect(survived(hazard, 12)).toBeCloseTo(0.5 * Math.exp(-daily * (365.25 - 90)), 12);
  });

  it.each([
    [{ p7: null, p30: null, p90: null }, 0.3, 1 - Math.exp((-0.3 * 30) / 365.25)],
    [{ p7: 0.1, p30: null, p90: null }, 0.3, 1 - 0.9 ** (30 / 7)],
    [{ p7: null, p30: null, p90: 0.3 }, 0.3, 1 - 0.7 ** (1 / 3)],
    [{ p7: null, p30: 0.25, p90: null }, 0.3, 0.25],
    [{ p7: 0.4, p30: 0.25, p90: 0.1 }, 0.3, 0.4],
    [{ p7: 1, p30: 1, p90: 1 }, 0.3, 0.9999],
    [{ p7: 0, p30: 0, p90: 0 }, 0.3, 0],
  ])('fills in what nobody told: %o', (odds, usual, p30) => {
    expect(riskWithin30(failureHazard(odds, usual))).toBeCloseTo(p30, 10);
  });

  it('does not fall below the usual rate where the forecast ends', () => {
    const quiet = failureHazard({ p7: 0, p30: 0, p90: 0 }, 0.365_25);
    expect(quiet.tail_per_day).toBeCloseTo(0.001, 12);
    expect(monthlyRisks(quiet, 12, 1)[11]).toBeCloseTo(1 - Math.exp(-0.001 * DAYS_PER_MONTH), 12);
  });

  it('scales to another risk, and rises with it', () => {
    const odds = fc.tuple(fc.double({ min: 0, max: 0.6, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(odds, fc.double({ min: 0, max: 0.99, noNaN: true }), ([p30, share], wanted) => {
        const hazard = failureHazard({ p7: p30 * share, p30, p90: Math.min(1, p30 * (1 + share)) }, 0.05);
        const scaled = withRisk(hazard, wanted, 0.05);
        expect(riskWithin30(scaled)).toBeCloseTo(wanted, 8);
        const [more, less] = wanted >= p30 ? [scaled, hazard] : [hazard, scaled];
        expect(survived(more, 12)).toBeLessThanOrEqual(survived(less, 12) + 1e-12);
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});
