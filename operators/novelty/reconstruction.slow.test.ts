import { describe, expect, it } from 'vitest';
import { systemClock } from '../../pipeline/clock.ts';
import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { RECONSTRUCTION_DEFAULTS, reconstruction } from './reconstruction.ts';
import { DAY_MS, type Fault, fleetVectors, HOUR_MS, runDetector, START_MS } from './vectors.fixture.ts';

const make = () => reconstruction(RECONSTRUCTION_DEFAULTS);
/** Less thorough, in as many ticks. */
const quick = () => reconstruction({ ...RECONSTRUCTION_DEFAULTS, batches: 100, batches_per_tick: 1 });

const FAULT: Fault = {
  gpu: 5,
  from_ms: START_MS + 2 * DAY_MS,
  until_ms: START_MS + 2.6 * DAY_MS,
  memory_c: 18,
  corrected_per_day: 4_000,
};
const sick = fleetVectors({ gpus: 24, days: 4, seed: 3, faults: [FAULT] });

interface Models {
  readonly models: readonly [
    Readonly<
      Record<
        string,
        {
          readonly judge: { readonly at: number; readonly features: readonly number[] } | null;
          readonly trainee: { readonly progress: { readonly batches: number } | null } | null;
          readonly watches: object;
        }
      >
    >,
  ];
}
const modelsOf = (state: unknown) => Object.values((state as Models).models[0]);

describe('reconstruction', () => {
  it('opens nothing in 5 days of ordinary work', () => {
    const vectors = fleetVectors({ gpus: 24, days: 5, seed: 1, step_ms: minutes(30) });
    const { anomalies, state } = runDetector(make, vectors);
    expect(anomalies).toEqual([]);
    expect(modelsOf(state)[0]?.judge?.at).toBeGreaterThan(START_MS + 4.5 * DAY_MS);
  });

  it('names a board whose readings do not go together, why, and its end', () => {
    const { anomalies } = runDetector(make, sick);
    const [first] = anomalies;
    expect(new Set(anomalies.map(({ gpu_uuid }) => gpu_uuid))).toEqual(new Set(['GPU-5']));
    expect(first).toMatchObject({
      type: 'reconstruction_error',
      detector: 'autoencoder',
      severity: 'info',
      node: 'node-000',
      state: 'open',
      closed_at: null,
    });
    const opened_at = first?.opened_at ?? 0;
    expect(first?.ts).toBe(opened_at);
    expect(opened_at).toBeGreaterThan(FAULT.from_ms);
    expect(opened_at).toBeLessThan(FAULT.from_ms + 6 * HOUR_MS);
    expect(first?.score).toBeGreaterThan(1);
    expect(first?.observed).toBeGreaterThan(first?.expected ?? Number.NaN);
    expect(first?.explanation).toMatch(
      /^Since 2026-01-03 \d\d:\d\d UTC .*NVIDIA H100.* spreads off where \d\.\d is the limit: .*\d (C|count\/day) where .* fits its other readings/,
    );
    expect(first?.explanation).toMatch(/memory temperature.*(corrected memory errors|memory temperature)/);
    expect(new Set(anomalies.map(({ severity }) => severity))).toEqual(new Set(['info']));
    const last = anomalies.filter(({ id }) => id === first?.id).at(-1);
    expect(last).toMatchObject({ state: 'closed', ts: opened_at, metric: first?.metric });
    expect(last?.closed_at).toBeGreaterThan(FAULT.until_ms ?? 0);
  });

  it('sees a board that fails although two have been sick for ever', () => {
    const for_ever = [8, 9].map((gpu) => ({
      gpu,
      from_ms: START_MS,
      corrected_per_day: 40_000,
      replays_per_day: 9_000,
    }));
    const later: Fault = { gpu: 17, from_ms: START_MS + 2 * DAY_MS, memory_c: 14, corrected_per_day: 1_500 };
    const vectors = fleetVectors({ gpus: 24, days: 2.8, seed: 9, faults: [...for_ever, later] });
    const told = new Set(runDetector(make, vectors).anomalies.map(({ gpu_uuid }) => gpu_uuid));
    expect([...told].sort()).toEqual(['GPU-17', 'GPU-8', 'GPU-9']);
    const together = () => reconstruction({ ...RECONSTRUCTION_DEFAULTS, sick_share: 0 });
    expect(runDetector(together, vectors).anomalies.filter(({ gpu_uuid }) => gpu_uuid === 'GPU-17')).toEqual([]);
  });

  it('goes on after a snapshot anywhere as if nothing had happened', () => {
    const whole = runDetector(quick, sick);
    expect(whole.anomalies.length).toBeGreaterThan(1);
    const at = (ts: number): number => Math.round((ts - START_MS) / minutes(15)) * 24 + 7;
    const restore_at = [at(FAULT.from_ms + HOUR_MS), at(FAULT.from_ms + 5 * HOUR_MS), sick.length - 3];
    for (let i = 0; i < 24; i++) restore_at.push(at(START_MS + 1.5 * DAY_MS + i * minutes(15)));
    expect(runDetector(quick, sick, { restore_at })).toEqual(whole);
    // That was in the middle of a training.
    const upTo = (place: number) => modelsOf(runDetector(quick, sick.slice(0, place)).state)[0];
    const steps = restore_at.slice(3, 12).map((place) => upTo(place)?.trainee?.progress?.batches ?? 0);
    expect(Math.max(...steps)).toBeGreaterThan(10);
  });

  it('says the same twice', () => {
    const vectors = sick.slice(0, 24 * 96 * 2.2);
    const whole = runDetector(quick, vectors);
    expect(runDetector(quick, vectors)).toEqual(whole);
    expect(modelsOf(whole.state)[0]?.judge).not.toBeNull();
  });

  it.each<[string, readonly FeatureVector[]]>([
    ['fewer than eight GPUs', fleetVectors({ gpus: 7, days: 2.5, seed: 6, faults: [{ ...FAULT, gpu: 1 }] })],
    ['MIG instances', fleetVectors({ gpus: 16, days: 2.5, seed: 6, instance: '3', faults: [FAULT] })],
    ['an unknown model', fleetVectors({ gpus: 16, days: 2.5, seed: 6, model: '', faults: [FAULT] })],
  ])('is silent about %s', (_, vectors) => {
    expect(runDetector(make, vectors).anomalies).toEqual([]);
  });

  it('judges a feature only once half of the rows know it', () => {
    const trend = 'gpu_temp_trend';
    const features = (days: number): number =>
      modelsOf(runDetector(quick, sick.slice(0, 24 * 96 * days)).state)[0]?.judge?.features.length ?? 0;
    // Slopes over the week are told from the third day on.
    expect(features(2.5), trend).toBe(features(4) - 2);
  });

  it('trains the model that was trained longest ago', () => {
    const models = ['NVIDIA A100', 'NVIDIA L4', 'NVIDIA H100'].map((model, m) =>
      fleetVectors({ gpus: 8, days: 3, seed: m, model, step_ms: minutes(30) }).map((vector) => ({
        ...vector,
        gpu_uuid: `${vector.gpu_uuid}-${m}`,
      })),
    );
    const vectors = models.flat().sort((a, b) => a.ts - b.ts);
    const slow = () => reconstruction({ ...RECONSTRUCTION_DEFAULTS, batches: 250, batches_per_tick: 1 });
    const states = modelsOf(runDetector(slow, vectors).state);
    expect(states).toHaveLength(3);
    // Three of more than 4 h each take longer than the 6 h between two, and none is left out.
    for (const { judge } of states) expect(judge?.at).toBeGreaterThan(START_MS + 2 * DAY_MS);
  });

  it('does not call a change of the whole model a fault of each board', () => {
    const faults = Array.from({ length: 24 }, (_, gpu) => ({ ...FAULT, gpu, until_ms: START_MS + 9 * DAY_MS }));
    const { anomalies } = runDetector(quick, fleetVectors({ gpus: 24, days: 4, seed: 8, faults }));
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
    const vectors = fleetVectors({ gpus: 32, days: 1.55, seed: 2, step_ms: minutes(5) });
    const { state } = runDetector(make, vectors);
    const [model] = modelsOf(state);
    expect(model?.trainee?.progress?.batches).toBeGreaterThan(0);
    expect(JSON.stringify(state).length).toBeLessThan(500_000);
    expect(Object.keys(model?.watches ?? {}).length).toBeLessThan(8);
  });

  it('spreads a training over ticks', () => {
    const operator = make();
    const state = { models: [null] as unknown[] };
    const took_ms: number[] = [];
    let now = START_MS;
    const tickUntil = (ts: number): void => {
      for (; now < ts; now += minutes(1)) {
        const before = systemClock.monotonic();
        operator.timer?.onTime(now, state, () => undefined);
        took_ms.push(systemClock.monotonic() - before);
      }
    };
    for (const vector of fleetVectors({ gpus: 32, days: 2, seed: 2 })) {
      tickUntil(vector.ts);
      const kept = operator.on.vectors.pick(vector);
      if (kept) operator.on.vectors.take(kept, state, () => undefined);
    }
    const busy = took_ms.filter((ms) => ms > 0.5).sort((a, b) => a - b);
    const { batches, batches_per_tick } = RECONSTRUCTION_DEFAULTS;
    const at = (share: number): string => (busy[Math.ceil(share * busy.length) - 1] as number).toFixed(1);
    console.info(`reconstruction: ${busy.length} busy ticks, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`);
    expect(busy.length).toBeGreaterThanOrEqual(batches / batches_per_tick);
  });
});
