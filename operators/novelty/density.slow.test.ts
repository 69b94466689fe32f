import { describe, expect, it } from 'vitest';
import { minutes } from '../../pipeline/contract/time.ts';
import { DENSITY_DEFAULTS, density } from './density.ts';
import { DAY_MS, type Fault, fleetVectors, HOUR_MS, runDetector, START_MS } from './vectors.fixture.ts';

const make = () => density(DENSITY_DEFAULTS);
const FAULT: Fault = {
  gpu: 5,
  from_ms: START_MS + 2 * DAY_MS,
  until_ms: START_MS + 3.5 * DAY_MS,
  hotter: 0.7,
  corrected_per_day: 4_000,
};
const sick = fleetVectors({ gpus: 24, days: 6, seed: 3, faults: [FAULT] });

describe('density', () => {
  it('opens nothing in 9 days of ordinary work', () => {
    expect(runDetector(make, fleetVectors({ gpus: 24, days: 9, seed: 1, step_ms: minutes(30) })).anomalies).toEqual([]);
  });

  it('names a board that lies apart, why, and its end', () => {
    const { anomalies } = runDetector(make, sick);
    const [first] = anomalies;
    expect(new Set(anomalies.map(({ gpu_uuid }) => gpu_uuid))).toEqual(new Set(['GPU-5']));
    expect(first).toMatchObject({ type: 'density_outlier', detector: 'dbscan', severity: 'info', state: 'open' });
    expect(first?.opened_at).toBeGreaterThan(FAULT.from_ms);
    expect(first?.opened_at).toBeLessThan(FAULT.from_ms + 24 * HOUR_MS);
    expect(first?.score).toBeGreaterThan(1);
    expect(first?.explanation).toMatch(/the 24 NVIDIA H100 80GB HBM3 seen, .* spreads .*(C|count\/day) where/);
    expect(anomalies.filter(({ id }) => id === first?.id).at(-1)?.state).toBe('closed');
    expect(new Set(anomalies.map(({ severity }) => severity))).toEqual(new Set(['info']));
  });

  it('goes on after a snapshot anywhere as if nothing had happened', () => {
    const whole = runDetector(make, sick);
    const restore_at = [100, 24 * 96 * 2, 24 * 96 * 2 + 50, 24 * 96 * 2 + 1_111, 24 * 96 * 3 + 333, sick.length - 5];
    expect(whole.anomalies.length).toBeGreaterThan(1);
    expect(runDetector(make, sick, { restore_at })).toEqual(whole);
  });

  it('keeps to its sample of boards, whatever the order of their coming', () => {
    const few = () => density({ ...DENSITY_DEFAULTS, gpus_max: 16 });
    const vectors = fleetVectors({ gpus: 40, days: 1, seed: 2 });
    const keptBy = (list: typeof vectors): string[] => {
      const [models] = (runDetector(few, list).state as { models: [Record<string, { latest: object }>] }).models;
      return Object.values(models)
        .flatMap(({ latest }) => Object.keys(latest))
        .sort();
    };
    const kept = keptBy(vectors);
    expect(kept).toHaveLength(16);
    expect(keptBy(vectors.toSorted((a, b) => a.ts - b.ts || (a.gpu_uuid < b.gpu_uuid ? 1 : -1)))).toEqual(kept);
  });

  it('is silent about fewer than sixteen boards', () => {
    const vectors = fleetVectors({ gpus: 15, days: 4, seed: 3, faults: [FAULT] });
    expect(runDetector(make, vectors).anomalies).toEqual([]);
  });
});
