import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { days } from '../contract/time.ts';
import { planTraining } from './training-plan.ts';

const FROM = Date.UTC(2026, 0, 1);

describe('a training plan', () => {
  it('cuts time in order, with 40 days and more for each part', () => {
    fc.assert(
      fc.property(fc.integer({ min: 120 * 24, max: 2_000 * 24 }), (hours) => {
        const until = FROM + hours * (days(1) / 24);
        const plan = planTraining(FROM, until);
        expect([plan.from, plan.until]).toEqual([FROM, until]);
        for (const [a, b] of [
          [plan.from, plan.train_until],
          [plan.train_until, plan.calibrate_until],
          [plan.calibrate_until, plan.until],
        ] as const) {
          expect(b - a).toBeGreaterThanOrEqual(days(40));
        }
        expect(plan.train_until - plan.from).toBeGreaterThanOrEqual((until - FROM) / 3 - 1);
      }),
    );
  });

  it.each([0, 50, 119.9])('refuses %d days', (span) => {
    expect(() => planTraining(FROM, FROM + span * days(1))).toThrowError(
      expect.objectContaining({ code: 'GV-MDL-303' }),
    );
  });

  it('has each GPU on one side for good: its name alone says which, whatever else is there', () => {
    const now = planTraining(FROM, FROM + days(130));
    const later = planTraining(FROM, FROM + days(400));
    const sides = { train: 0, calibrate: 0, judge: 0 };
    for (let i = 0; i < 5_000; i++) {
      const gpu = `GPU-${i}`;
      expect(later.side(gpu)).toBe(now.side(gpu));
      sides[now.side(gpu)]++;
    }
    expect(sides.train).toBeGreaterThan(2_850);
    expect(sides.train).toBeLessThan(3_150);
    expect(sides.calibrate).toBeGreaterThan(900);
    expect(sides.judge).toBeGreaterThan(900);
    // As the default seed dealt them when seeds still did.
    expect(['GPU-0', 'GPU-1', 'GPU-2', 'GPU-3'].map(now.side)).toEqual(['train', 'train', 'judge', 'calibrate']);
  });
});
