import { describe, expect, it } from 'vitest';
import type { FeatureDrift } from './feature-drift.ts';
import { fleetShift } from './fleet-shift.ts';

const STILL: FeatureDrift = {
  feature: 'gpu_temp_max',
  index: 0.01,
  limit: 0.25,
  alarm: false,
  ks: 0.02,
  ks_p: 0.6,
  importance: 0.5,
  missing_ratio: 0,
  reference_missing_ratio: 0,
};
const MOVED = { index: 3, alarm: true, ks: 0.7, ks_p: 1e-40 };
const of = (feature: string, changes: Partial<FeatureDrift> = {}): FeatureDrift => ({ ...STILL, feature, ...changes });

describe('fleet shift', () => {
  it.each([
    ['all still', [of('gpu_temp_max'), of('gpu_temp_mean')], 0, []],
    ['all moved', [of('gpu_temp_max', MOVED), of('gpu_temp_mean', MOVED)], 1, ['gpu_temp_max', 'gpu_temp_mean']],
    [
      'by weight, weightiest first',
      [
        of('gpu_temp_max', { ...MOVED, importance: 0.1 }),
        of('gpu_temp_mean', { importance: 0.6 }),
        of('power_usage_cv', { ...MOVED, importance: 0.3 }),
      ],
      0.4,
      ['power_usage_cv', 'gpu_temp_max'],
    ],
    [
      'all alike where nobody knows what weighs',
      ['gpu_temp_max', 'gpu_temp_mean', 'gpu_temp_min', 'gpu_temp_std'].map((name, i) =>
        of(name, { importance: 0, ...(i === 0 && MOVED) }),
      ),
      0.25,
      ['gpu_temp_max'],
    ],
    ['an index without the other', [of('gpu_temp_max', { ...MOVED, ks_p: 0.002 })], 0, []],
    ['the other without an index', [of('gpu_temp_max', { ...MOVED, alarm: false })], 0, []],
    [
      'a p that so many features make',
      Array.from({ length: 20 }, () => of('gpu_temp_max', { ...MOVED, ks_p: 1e-4 })),
      0,
      [],
    ],
    ['the age', [of('gpu_age_days', { ...MOVED, importance: 0.9 }), of('gpu_temp_max', { importance: 0.1 })], 0, []],
    [
      'a reading that is gone',
      [
        of('gpu_temp_max', { index: 9, alarm: true, ks: null, ks_p: null, missing_ratio: 1 }),
        of('gpu_temp_mean', MOVED),
      ],
      0.5,
      ['gpu_temp_mean'],
    ],
    ['nothing', [], null, []],
    ['nothing to compare', [of('gpu_temp_max', { index: null, ks: null, ks_p: null })], null, []],
  ] as const)('of %s', (_, features, moved_ratio, moved) => {
    const told = fleetShift(features);
    expect(told.moved).toEqual(moved);
    if (moved_ratio === null) expect(told.moved_ratio).toBeNull();
    else expect(told.moved_ratio).toBeCloseTo(moved_ratio, 12);
  });
});
