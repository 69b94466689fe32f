import { describe, expect, it } from 'vitest';
import type { FeatureVector, FleetQuantiles } from '../../pipeline/contract/events.ts';
import { FEATURE_COUNT } from '../../pipeline/contract/features.ts';
import { METRIC_COUNT, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { GroupState } from '../core/group-state.ts';
import { keepForFleet } from '../core/keep-for-fleet.fixture.ts';
import { random, START_MS } from '../core/laws.fixture.ts';
import { finishFleet, fleetSpecs, runFleet } from '../core/run-fleet.ts';
import { FLEET_QUANTILES_DEFAULTS, fleetQuantiles } from './fleet-quantiles.ts';

const MINUTE_MS = 60_000;

function vector(
  minute: number,
  node: string,
  model: string,
  readings: Partial<Record<MetricName, number>>,
  instance = '',
): FeatureVector {
  const latest = new Float64Array(METRIC_COUNT).fill(Number.NaN);
  for (const [name, value] of Object.entries(readings)) latest[metricIndex(name as MetricName)] = value;
  const ts = START_MS + minute * MINUTE_MS;
  const values = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
  return {
    ts,
    gpu_uuid: `GPU-${node}`,
    node,
    instance,
    model,
    job: '',
    values,
    latest,
    latest_ts: ts,
    arrived_at: ts,
    final: false,
  };
}

function run(vectors: readonly FeatureVector[], restoreEvery = 0): FleetQuantiles[] {
  const operator = fleetQuantiles(FLEET_QUANTILES_DEFAULTS);
  const told: FleetQuantiles[] = [];
  const emit = (_: 'quantiles', quantiles: FleetQuantiles): void => {
    told.push(quantiles);
  };
  let state = new GroupState(0);
  const began = vectors[0]?.ts as number;
  vectors.forEach((item, i) => {
    keepForFleet('q', operator, state, 'vectors', item, item.ts);
    runFleet('q', operator, state, { began, now: item.ts }, emit);
    if (restoreEvery > 0 && i % restoreEvery === 0) {
      state = GroupState.restore(structuredClone(state.save()), new Map(fleetSpecs('q', operator)));
    }
  });
  finishFleet('q', operator, state, vectors.at(-1)?.ts as number, emit);
  return told;
}

/** An hour and a half of two models, each GPU every five minutes. */
function fleet(): FeatureVector[] {
  const next = random(1);
  return Array.from({ length: 90 }, (_, i) => i + 1).flatMap((minute) =>
    Array.from({ length: 40 }, (_, n) => {
      const [model, base] = n % 4 === 0 ? ['A100', 50] : ['H100', 65];
      return vector(minute, `node-${n}`, model as string, {
        gpu_temp_celsius: (base as number) + 10 * next(),
        gpu_util_ratio: n % 2,
      });
    }).filter((_, n) => n % 5 === minute % 5),
  );
}

describe('fleet quantiles', () => {
  it('tell every five minutes of the hour so far, by model and for all', () => {
    const vectors = fleet();
    const told = run(vectors);
    const minutes = [...new Set(told.map(({ ts }) => (ts - START_MS) / MINUTE_MS))];
    expect(minutes).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90]);
    const temperature = metricIndex('gpu_temp_celsius');
    for (const { ts, hour_ts, model, metric, count, p05, p50, p99 } of told) {
      if (metric !== 'gpu_temp_celsius') continue;
      const exact = vectors
        .filter((each) => each.ts > hour_ts && each.ts <= ts && (model === '' || each.model === model))
        .map(({ latest }) => latest[temperature] as number)
        .sort((a, b) => a - b);
      expect(count).toBe(exact.length);
      for (const [share, quantile] of [
        [0.05, p05],
        [0.5, p50],
        [0.99, p99],
      ] as const) {
        const low = exact[Math.floor(share * (count - 1))] as number;
        const high = exact[Math.ceil(share * (count - 1))] as number;
        expect(quantile).toBeGreaterThanOrEqual(low * 0.99 - 1e-9);
        expect(quantile).toBeLessThanOrEqual(high * 1.01 + 1e-9);
      }
    }
    const keys = told.filter(({ ts }) => ts === START_MS + 65 * MINUTE_MS).map((q) => [q.model, q.metric, q.hour_ts]);
    expect(keys).toEqual(
      ['', 'A100', 'H100'].flatMap((model) =>
        ['gpu_temp_celsius', 'gpu_util_ratio'].map((metric) => [model, metric, START_MS + 3_600_000]),
      ),
    );
  });

  it('count a MIG instance for what is its own only, and nothing for missing readings', () => {
    const told = run([
      vector(1, 'a', 'H100', { gpu_temp_celsius: 50, sm_active_ratio: 0.5 }),
      vector(2, 'a', 'H100', { gpu_temp_celsius: 50, sm_active_ratio: 0.25 }, '1'),
      vector(3, 'b', '', {}),
      vector(9, 'b', '', {}),
    ]);
    const counts = told.filter(({ model, ts }) => model === '' && ts === START_MS + 5 * MINUTE_MS);
    expect(counts.map(({ metric, count }) => [metric, count])).toEqual([
      ['gpu_temp_celsius', 1],
      ['sm_active_ratio', 2],
    ]);
  });

  it('go on from a snapshot as if nothing had happened, and keep odd names apart', () => {
    const vectors = fleet().map((each, i) => (i % 7 === 0 ? { ...each, model: '__proto__' } : each));
    const whole = run(vectors);
    expect(whole.some(({ model }) => model === '__proto__')).toBe(true);
    expect(run(vectors, 17)).toEqual(whole);
  });
});
