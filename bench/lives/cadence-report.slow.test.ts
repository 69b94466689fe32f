import { describe, expect, it } from 'vitest';
import { EXCLUSIONS, MODEL_FEATURES, readModelFeatures } from '../../models/training/model-features.ts';
import { FEATURES } from '../../pipeline/contract/features.ts';
import { type CadenceFigure, compareCadences } from './cadence-report.ts';

/** Features as they are, and as models read them. */
const NAMES = [...FEATURES.map(({ name }) => name), ...MODEL_FEATURES.map((name) => `model ${name}`)];
const figures = (short_ms: number): CadenceFigure[] =>
  compareCadences({
    gpus: 48,
    days: 8,
    seed: 11,
    short_ms,
    long_ms: 600_000,
    names: NAMES,
    read(values, into) {
      into.set(values);
      readModelFeatures(values, into, FEATURES.length);
    },
  });

describe('the same lives at another cadence', () => {
  it.each([10_000, 120_000])(
    'sampled every %i ms and every 600000 ms: the inputs of models mean the same',
    (short_ms) => {
      const all = figures(short_ms);
      const different = all.filter(({ verdict }) => verdict === 'different').map(({ feature }) => feature);
      expect(different.filter((name) => name.startsWith('model '))).toEqual([]);
      const same = all.filter(({ feature, verdict }) => feature.startsWith('model ') && verdict === 'same');
      expect(same.length).toBeGreaterThan(70);
      const dependent = ['samples_7d', 'cadence_seconds', 'temp_spike_count', 'gpu_util_ratio_std_1h'];
      expect(different).toEqual(expect.arrayContaining(dependent));
    },
    300_000,
  );
});

describe('the inputs of models', () => {
  it('are about half of the features, each left out for one reason or more', () => {
    expect(MODEL_FEATURES.length).toBeGreaterThanOrEqual(80);
    expect(MODEL_FEATURES.length).toBeLessThanOrEqual(150);
    for (const exclusion of EXCLUSIONS) {
      const only = FEATURES.filter(
        (feature) =>
          exclusion.matches(feature) && EXCLUSIONS.every((one) => one === exclusion || !one.matches(feature)),
      );
      expect(only.length, exclusion.why).toBeGreaterThan(0);
    }
  });
});
