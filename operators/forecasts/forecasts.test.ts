import { describe, expect, it } from 'vitest';
import type { Anomaly, FeatureVector, Forecast } from '../../pipeline/contract/events.ts';
import { findFeature } from '../../pipeline/contract/features.ts';
import { hours } from '../../pipeline/contract/time.ts';
import { MARGINS } from '../conditions/margins.fixture.ts';
import { bytesPerGpu, GroupState } from '../core/group-state.ts';
import { START_MS } from '../core/laws.fixture.ts';
import { FORECAST_STATE } from './forecast-state.ts';
import { FORECASTS_DEFAULTS, type ForecastsOptions, forecasts } from './forecasts.ts';
import { type GpuStory, gpuVectors } from './vectors.fixture.ts';

const DAY_MS = 86_400_000;

interface Told {
  readonly anomalies: Anomaly[];
  readonly forecasts: Forecast[];
  /** When each anomaly was told. */
  readonly at: number[];
}

function run(vectors: Iterable<FeatureVector>, options: Partial<ForecastsOptions> = {}, restoreEvery = 0): Told {
  const operator = forecasts({ ...FORECASTS_DEFAULTS, ...options });
  const told: Told = { anomalies: [], forecasts: [], at: [] };
  let state = new GroupState(0);
  let count = 0;
  for (const vector of vectors) {
    const { gpu_uuid: uuid, instance, model } = vector;
    state.registry.gpu(
      { uuid, instance, model, pci_bus_id: '', serial: '', slot: '' },
      state.registry.node(vector.node),
    );
    operator.on.vectors(vector, state, state.columns('f', operator.state), (port, item) => {
      (told[port] as unknown[]).push(item);
      if (port === 'anomalies') told.at.push(vector.ts);
    });
    if (restoreEvery > 0 && ++count % restoreEvery === 0) {
      state = GroupState.restore(structuredClone(state.save()), new Map([['f', operator.state]]));
    }
  }
  return told;
}

const dayOf = (ts: number): number => (ts - START_MS) / DAY_MS;
/** Severity, state and day of what was told. */
const brief = ({ anomalies, at }: Told): [string, string, number][] =>
  anomalies.map((a, i) => [a.severity, a.state, Math.floor(dayOf(at[i] as number))]);

describe('forecasts', () => {
  it.each(Array.from({ length: 24 }, (_, i) => [i + 1, 40 + (i % 6) * 2, (i % 4) * 2.5] as const))(
    'raise nothing on a healthy GPU with jobs and a daily rhythm (seed %i, inlet %i C, rhythm %f C)',
    (seed, inlet, rhythm) => {
      const { anomalies, forecasts: told } = run(gpuVectors({ days: 10, seed, inlet, rhythm }));
      expect(anomalies.map(({ explanation }) => explanation)).toEqual([]);
      expect(told.length).toBeGreaterThan(0);
    },
  );

  it.each<[string, GpuStory]>([
    ['a hotter hall from one hour to the next', { days: 14, seed: 21, inlet: 40, creep: (d) => (d < 7 ? 0 : 5) }],
    ['another job for good', { days: 14, seed: 22, inlet: 44, power: (d) => (d < 7 ? 300 : 680) }],
    ['a machine that idles at night', { days: 14, seed: 23, inlet: 48, power: (d) => (d % 1 < 0.5 ? 80 : 660) }],
    ['a GPU that cools down', { days: 14, seed: 24, inlet: 46, creep: (d) => -Math.max(0, d - 5) }],
  ])('take %s for no trend', (_, story) => {
    expect(brief(run(gpuVectors(story)))).toEqual([]);
  });

  it.each<[string, GpuStory, number, number]>([
    // The limit is 88 C; at its usual power each of these is there on the day that stands last.
    [
      'dust under one job',
      { days: 18, seed: 4, inlet: 40, power: () => 650, creep: (d) => Math.max(0, d - 5) * 1.2 },
      9,
      16.8,
    ],
    ['dust under changing jobs', { days: 16, seed: 3, inlet: 43, creep: (d) => Math.max(0, d - 5) * 1.2 }, 10, 15.8],
    [
      'a fan that fades',
      { days: 9, seed: 5, inlet: 40, power: () => 600, creep: (d) => Math.max(0, d - 6) * 4 },
      8,
      9.3,
    ],
  ])('see %s coming, and say when', (_, story, info_day, reached_day) => {
    const told = run(gpuVectors(story));
    expect(told.anomalies[0]).toMatchObject({
      severity: 'info',
      state: 'open',
      metric: 'gpu_temp_celsius',
      expected: 88,
    });
    expect(dayOf(told.at[0] as number)).toBeLessThan(info_day);
    const warned = told.anomalies.findIndex(({ severity }) => severity === 'warning');
    expect(warned).toBeGreaterThan(0);
    expect(dayOf(told.at[warned] as number)).toBeLessThan(reached_day - 0.5);
    expect(new Set(told.anomalies.map(({ id }) => id)).size).toBe(1);
    expect(told.anomalies[warned]?.explanation).toMatch(
      /^GPU temperature at \d{3} W is [\d.]+ C, climbs by [\d.]+ C per day and reaches 88 C by 2026-01-\d\d \d\d:00 UTC \(80 % band then [\d.]+ C to [\d.]+ C\)\.$/,
    );
  });

  it('close when the heat sink was cleaned', () => {
    const creep = (d: number): number => (d > 5 && d < 12 ? (d - 5) * 1.5 : 0);
    const told = run(gpuVectors({ days: 18, seed: 7, inlet: 40, power: () => 600, creep }));
    expect(told.anomalies[0]?.state).toBe('open');
    const closed = told.anomalies.at(-1);
    expect(closed).toMatchObject({ state: 'closed', id: told.anomalies[0]?.id, ts: told.anomalies[0]?.ts });
    expect(dayOf(closed?.closed_at as number)).toBeLessThan(14);
  });

  it("takes the board's own word for its limit", () => {
    const story: GpuStory = {
      days: 5,
      seed: 8,
      power: () => 500,
      latest: () => ({ gpu_temp_celsius: 60, temp_margin_celsius: 23 }),
    };
    const { forecasts: told } = run(gpuVectors(story));
    expect(told.findLast(({ metric }) => metric === 'gpu_temp_celsius')?.limit).toBeCloseTo(83, 6);
  });

  it.each(MARGINS)('believes a margin as conditions and health do: %s', (_, model, die_c, margin_c, believed) => {
    const latest = () => ({ gpu_temp_celsius: die_c, temp_margin_celsius: margin_c });
    const vectors = [...gpuVectors({ days: 2, seed: 8, power: () => 500, latest })];
    const { forecasts: told } = run(vectors.map((vector) => ({ ...vector, model })));
    const limit = believed ? die_c + margin_c : FORECASTS_DEFAULTS.gpu_temp_limit_celsius;
    expect(told.findLast(({ metric }) => metric === 'gpu_temp_celsius')?.limit).toBeCloseTo(limit, 6);
  });

  it('keeps the limit of a board over margins that cannot be believed', () => {
    // A driver that is loaded anew sends 0 for a while.
    const latest = (day: number) => ({ gpu_temp_celsius: 60, temp_margin_celsius: day > 3 && day < 3.1 ? 0 : 24 });
    const { forecasts: told } = run(gpuVectors({ days: 4, seed: 8, power: () => 500, latest }), {
      tell_every: hours(1),
    });
    const limits = told.filter(({ metric }) => metric === 'gpu_temp_celsius').map(({ limit }) => limit);
    expect(new Set(limits)).toEqual(new Set([84]));
  });

  it('give a band that holds about as often as it says', () => {
    let inside = 0;
    let judged = 0;
    for (const seed of [31, 32, 33, 34]) {
      const vectors = [...gpuVectors({ days: 12, seed, inlet: 30, rhythm: 6, power: () => 500 })];
      const feature = findFeature('gpu_temp_celsius_mean_1h');
      const truth = new Map(vectors.map(({ ts, values }) => [ts, values[feature] as number]));
      for (const { ts, metric, horizon_ms, low, high } of run(vectors, { tell_every: hours(1) }).forecasts) {
        const then = truth.get(ts + horizon_ms);
        if (metric !== 'gpu_temp_celsius' || then === undefined || dayOf(ts) < 5) continue;
        judged++;
        if (then >= low && then <= high) inside++;
      }
    }
    expect(judged).toBeGreaterThan(500);
    expect(inside / judged).toBeGreaterThan(0.65);
    expect(inside / judged).toBeLessThan(0.97);
  });

  it.each<[string, GpuStory['latest'] & object, string, string[]]>([
    [
      'remapped rows that use up the spare ones',
      (d) => ({ remapped_rows_correctable_total: 100 + Math.floor(Math.max(0, d - 4) * 40) }),
      'remapped_rows_uncorrectable_total',
      ['info', 'warning'],
    ],
    [
      'corrected errors that double every day',
      (d) => ({ ecc_sbe_volatile_total: Math.floor(100 * (2 ** d - 1)) }),
      'ecc_sbe_volatile_total',
      ['info', 'warning'],
    ],
    [
      'replays that grow towards what the link may have',
      (d) => ({ pcie_replay_total: Math.floor(1_000 * 1.6 ** d), pcie_link_gen: 5, pcie_link_width: 16 }),
      'pcie_replay_total',
      ['info', 'warning'],
    ],
    [
      'steady replays of a link that sleeps',
      (d) => ({
        ...{ pcie_replay_total: Math.floor(20_000 * d), gpu_util_ratio: 0, pcie_link_gen: 1, pcie_link_width: 16 },
        ...{ pcie_max_link_gen: 5, pcie_max_link_width: 16 },
      }),
      '',
      [],
    ],
    ['a few remapped rows', (d) => ({ remapped_rows_correctable_total: 3 + Math.floor(d / 3) }), '', []],
    [
      'steady replays',
      (d) => ({ pcie_replay_total: Math.floor(20_000 * d), pcie_link_gen: 5, pcie_link_width: 16 }),
      '',
      [],
    ],
    ['counters that begin anew', (d) => ({ ecc_sbe_volatile_total: Math.floor((d % 3) * 500) }), '', []],
  ])('judge %s', (_, latest, metric, severities) => {
    const told = run(gpuVectors({ days: 14, seed: 9, features: false, latest }));
    expect(told.anomalies.map((a) => [a.metric, a.severity])).toEqual(severities.map((severity) => [metric, severity]));
    for (const { expected, low, high } of told.forecasts) {
      expect(low).toBeLessThanOrEqual(expected);
      expect(high).toBeGreaterThanOrEqual(expected);
      expect(low).toBeGreaterThanOrEqual(0);
    }
  });

  it('take one row of a MIG board', () => {
    const story = { days: 3, seed: 10, power: () => 500 };
    const lower = [...gpuVectors({ ...story, instance: '1' })];
    const both = [...gpuVectors({ ...story, instance: '2' })].flatMap((vector, i) => [
      lower[i] as FeatureVector,
      vector,
    ]);
    expect(new Set(run(both).forecasts.map(({ instance }) => instance))).toEqual(new Set(['1']));
  });

  it('go on from a snapshot as if nothing had happened', () => {
    const story = { days: 14, seed: 4, inlet: 40, power: () => 650, creep: (d: number) => Math.max(0, d - 5) * 1.5 };
    const whole = run(gpuVectors(story));
    expect(whole.anomalies.length).toBeGreaterThan(0);
    expect(run(gpuVectors(story), {}, 250)).toEqual(whole);
  });

  it('tell how things stand at the end of an input, keep little, and ignore strangers', () => {
    const vectors = [...gpuVectors({ days: 4, seed: 6, power: () => 400 })];
    const last = vectors.pop() as FeatureVector;
    const told = run([...vectors, { ...last, final: true }]);
    expect(told.forecasts.filter(({ ts }) => ts === last.ts).length).toBe(2 * FORECASTS_DEFAULTS.horizons.length);
    expect(bytesPerGpu(FORECAST_STATE)).toBeLessThanOrEqual(1_200);
    const operator = forecasts(FORECASTS_DEFAULTS);
    const state = new GroupState(0);
    const emitted: unknown[] = [];
    operator.on.vectors(last, state, state.columns('f', operator.state), (_, item) => emitted.push(item));
    expect(emitted).toEqual([]);
  });
});
