import { describe, expect, it } from 'vitest';
import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { FEATURES } from '../../pipeline/contract/features.ts';
import { hours, minutes } from '../../pipeline/contract/time.ts';
import { NOVELTY_DEFAULTS, novelty } from './novelty.ts';
import { inputIndex, NOVELTY_FEATURES } from './novelty-features.ts';
import { DAY_MS, type Fault, fleetVectors, HOUR_MS, runDetector, START_MS } from './vectors.fixture.ts';

const make = () => novelty(NOVELTY_DEFAULTS);
const FAULT: Fault = {
  gpu: 5,
  from_ms: START_MS + 3 * DAY_MS,
  until_ms: START_MS + 5 * DAY_MS,
  hotter: 0.7,
  corrected_per_day: 4_000,
};
const sick = fleetVectors({ gpus: 24, days: 7, seed: 3, faults: [FAULT] });

describe('novelty features', () => {
  it('are a table of health, each once', () => {
    expect(new Set(NOVELTY_FEATURES.map(({ name }) => name)).size).toBe(NOVELTY_FEATURES.length);
    expect(NOVELTY_FEATURES.length).toBeGreaterThanOrEqual(30);
    for (const { name, given, floor, unit } of NOVELTY_FEATURES) {
      expect(floor).toBeGreaterThan(0);
      expect(given.length).toBeLessThanOrEqual(2);
      for (const input of given) expect(inputIndex(input), input).toBeGreaterThanOrEqual(0);
      const definition = FEATURES.find((feature) => feature.name === name);
      if (definition) expect(definition.unit, name).toBe(unit);
    }
  });
});

describe('novelty', () => {
  it('opens nothing in 9 days of ordinary work', () => {
    for (const seed of [1, 5]) {
      const { anomalies } = runDetector(make, fleetVectors({ gpus: 24, days: 9, seed, step_ms: minutes(30) }));
      expect(anomalies).toEqual([]);
    }
  });

  it('names a board that fades, why, and its end', () => {
    const { anomalies } = runDetector(make, sick);
    const [first] = anomalies;
    expect(new Set(anomalies.map(({ gpu_uuid }) => gpu_uuid))).toEqual(new Set(['GPU-5']));
    expect(first).toMatchObject({
      type: 'novelty',
      detector: 'isolation_forest',
      node: 'node-000',
      window: '24h',
      state: 'open',
      closed_at: null,
    });
    const opened_at = first?.opened_at ?? 0;
    expect(first?.ts).toBe(opened_at);
    expect(opened_at).toBeGreaterThan(FAULT.from_ms);
    expect(opened_at).toBeLessThan(FAULT.from_ms + 12 * HOUR_MS);
    expect(first?.score).toBeGreaterThan(0.65);
    expect(first?.observed).toBeGreaterThan(first?.expected ?? Number.NaN);
    expect(first?.explanation).toMatch(/^Since 2026-01-04 \d\d:\d\d UTC .*NVIDIA H100.*limit: .*\d.*(C|count\/day)/);
    expect(anomalies.filter(({ severity }) => severity === 'critical')).toEqual([]);
    const last = anomalies.filter(({ id }) => id === first?.id).at(-1);
    expect(last).toMatchObject({ state: 'closed', ts: opened_at, metric: first?.metric });
    expect(last?.closed_at).toBeGreaterThan(opened_at);
  });

  it.each<[string, Partial<Fault>, RegExp]>([
    ['memory that runs hot and replays', { memory_c: 18, replays_per_day: 900 }, /memory temperature|PCIe replays/],
    [
      'a board that cools badly and remembers badly',
      { hotter: 0.5, corrected_per_day: 30_000 },
      /GPU temperature|corrected memory errors/,
    ],
  ])('sees %s', (_, fault, words) => {
    const planted: Fault = { gpu: 17, from_ms: START_MS + 2.5 * DAY_MS, ...fault };
    const { anomalies } = runDetector(make, fleetVectors({ gpus: 24, days: 4.5, seed: 9, faults: [planted] }));
    expect(new Set(anomalies.map(({ gpu_uuid }) => gpu_uuid))).toEqual(new Set(['GPU-17']));
    expect(anomalies[0]?.explanation).toMatch(words);
  });

  it('goes on after a snapshot anywhere as if nothing had happened', () => {
    const whole = runDetector(make, sick);
    expect(whole.anomalies.length).toBeGreaterThan(1);
    const { step_ms, gpus } = { step_ms: 15 * 60_000, gpus: 24 };
    const at = (ts: number): number => Math.round((ts - START_MS) / step_ms) * gpus + 7;
    // Also while a forest grows: the second of them begins at an offset within the 6 hours.
    const restore_at = [at(START_MS + 1.01 * DAY_MS), at(FAULT.from_ms + HOUR_MS), at(FAULT.from_ms + 30 * HOUR_MS)];
    for (let i = 0; i < 24; i++) restore_at.push(at(START_MS + 2 * DAY_MS + i * step_ms));
    const restored = runDetector(make, sick, { restore_at });
    expect(restored).toEqual(whole);
  });

  it('says the same twice', () => {
    const vectors = fleetVectors({
      gpus: 16,
      days: 3,
      seed: 4,
      faults: [{ gpu: 2, from_ms: START_MS + 2 * DAY_MS, hotter: 1 }],
    });
    const whole = runDetector(make, vectors);
    expect(runDetector(make, vectors)).toEqual(whole);
    expect(whole.anomalies.length).toBeGreaterThan(0);
  });

  it.each<[string, readonly FeatureVector[]]>([
    [
      'fewer than eight GPUs',
      fleetVectors({ gpus: 7, days: 3, seed: 6, faults: [{ gpu: 1, from_ms: START_MS + 2 * DAY_MS, hotter: 2 }] }),
    ],
    [
      'MIG instances',
      fleetVectors({
        gpus: 16,
        days: 3,
        seed: 6,
        instance: '3',
        faults: [{ gpu: 1, from_ms: START_MS + 2 * DAY_MS, hotter: 2 }],
      }),
    ],
    [
      'an unknown model',
      fleetVectors({
        gpus: 16,
        days: 3,
        seed: 6,
        model: '',
        faults: [{ gpu: 1, from_ms: START_MS + 2 * DAY_MS, hotter: 2 }],
      }),
    ],
  ])('is silent about %s', (_, vectors) => {
    expect(runDetector(make, vectors).anomalies).toEqual([]);
  });

  it('does not call a change of the whole model a fault of each board', () => {
    const faults = Array.from({ length: 24 }, (_, gpu) => ({ gpu, from_ms: START_MS + 2 * DAY_MS, hotter: 0.8 }));
    const { anomalies } = runDetector(make, fleetVectors({ gpus: 24, days: 5, seed: 8, faults }));
    const open = new Set<string>();
    let most = 0;
    for (const { gpu_uuid, state } of anomalies) {
      if (state === 'open') open.add(gpu_uuid);
      else open.delete(gpu_uuid);
      most = Math.max(most, open.size);
    }
    expect(most).toBeLessThanOrEqual(6);
    expect(open.size).toBe(0);
  });

  it('keeps at most half a megabyte a model, and nothing of calm GPUs', () => {
    const { state } = runDetector(make, fleetVectors({ gpus: 32, days: 1.5, seed: 2, step_ms: minutes(5) }));
    const [models] = (state as { models: [Record<string, { watches: object }>] }).models;
    expect(Object.keys(models)).toHaveLength(1);
    expect(JSON.stringify(models).length).toBeLessThan(500_000);
    for (const { watches } of Object.values(models)) expect(Object.keys(watches).length).toBeLessThan(8);
  });

  it('closes what nobody hears of any more', () => {
    const planted: Fault = { gpu: 5, from_ms: START_MS + 2 * DAY_MS, hotter: 1, corrected_per_day: 9_000 };
    const vectors = fleetVectors({ gpus: 24, days: 5, seed: 3, faults: [planted] });
    const gone = START_MS + 3 * DAY_MS;
    const { anomalies, state } = runDetector(
      make,
      vectors.filter(({ gpu_uuid, ts }) => gpu_uuid !== 'GPU-5' || ts < gone),
    );
    const last = anomalies.at(-1);
    expect(last).toMatchObject({ gpu_uuid: 'GPU-5', state: 'closed' });
    expect(last?.closed_at).toBeGreaterThanOrEqual(gone + hours(23));
    expect(JSON.stringify(state)).not.toContain('"open":{');
  });

  it('closes what is open and drops the model when all of it is gone', () => {
    const planted: Fault = { gpu: 5, from_ms: START_MS + 2 * DAY_MS, hotter: 1, corrected_per_day: 9_000 };
    const vectors = fleetVectors({ gpus: 24, days: 3, seed: 3, faults: [planted] });
    const later = fleetVectors({ gpus: 8, days: 0.1, seed: 4, model: 'NVIDIA L4' }).map((vector) => ({
      ...vector,
      ts: vector.ts + 9 * DAY_MS,
    }));
    const { anomalies, state } = runDetector(make, [...vectors, ...later]);
    expect(anomalies.length).toBeGreaterThan(1);
    expect(anomalies.at(-1)).toMatchObject({ gpu_uuid: 'GPU-5', state: 'closed' });
    expect(JSON.stringify(state)).not.toContain('H100');
  });
});
