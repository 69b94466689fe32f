import { describe, expect, it } from 'vitest';
import type { Asset, FeatureVector } from '../../pipeline/contract/events.ts';
import { type DurationMs, days, hours, minutes, seconds } from '../../pipeline/contract/time.ts';
import { TIERS } from '../../pipeline/contract/windows.ts';
import { GroupState } from '../core/group-state.ts';
import { batchOf, describeLaws, random, type SampleRow, START_MS, sampleRows } from '../core/laws.fixture.ts';
import { finishOperator, runOperator } from '../core/lift.ts';
import { inWindow, slowMoments } from '../windows/pane-twin.fixture.ts';
import { featureRow } from './feature-row.ts';
import { type FeaturesOptions, features, type LateRow } from './features.ts';

const OPTIONS: FeaturesOptions = {
  lateness_max: minutes(5),
  every: minutes(5),
  history: { age_min: days(30), every: hours(1) },
  assets: { get: () => undefined, edition: () => 0 },
};

describeLaws('features', () => features(OPTIONS), { bytes_per_gpu_max: 25_400 });
function run(rows: readonly SampleRow[], options: Partial<FeaturesOptions> & { finish?: number } = {}) {
  const vectors: FeatureVector[] = [];
  const late: LateRow[] = [];
  const state = new GroupState(0);
  const operator = features({ ...OPTIONS, ...options });
  const note = (port: string, item: FeatureVector | LateRow): void => {
    if ('values' in item) vectors.push(item);
    else late.push(item);
    expect(port).toBe('values' in item ? 'vectors' : 'late');
  };
  runOperator('features', operator, state, batchOf(state, rows), note);
  if (options.finish !== undefined) finishOperator('features', operator, state, options.finish, note);
  return { vectors, late, rows: vectors.map(featureRow) };
}

const steady = (count: number, cadence: DurationMs, row: (i: number) => Partial<SampleRow> = () => ({})): SampleRow[] =>
  Array.from({ length: count }, (_, i) => ({
    ts: START_MS + i * cadence,
    node: 'node-0',
    uuid: 'GPU-a',
    values: { gpu_temp_celsius: 50 + (i % 7), power_watts: 300 },
    ...row(i),
  }));

describe('features', () => {
  it('tells every GPU once in 5 minutes of event time, the fleet spread over the seconds', () => {
    const rows = Array.from({ length: 181 }, (_, i) =>
      Array.from({ length: 300 }, (_, n): SampleRow => {
        const values = { gpu_temp_celsius: 50 };
        return { ts: START_MS + i * 10_000, node: `node-${n}`, uuid: `GPU-${n}`, values };
      }),
    ).flat();
    const { vectors } = run(rows);
    const bySecond = new Map<number, number>();
    for (const { ts } of vectors) bySecond.set(ts, (bySecond.get(ts) ?? 0) + 1);
    expect(vectors.length).toBe(300 * 6);
    expect(Math.max(...bySecond.values())).toBeLessThanOrEqual(7);
    const own = vectors.filter(({ gpu_uuid }) => gpu_uuid === 'GPU-17').map(({ ts }) => ts);
    expect(own.slice(1).map((ts, i) => ts - (own[i] as number))).toEqual([300_000, 300_000, 300_000, 300_000, 300_000]);
  });

  it('differential: gauges, with their stated instant and never later, against two passes over the raw rows', () => {
    const next = random(12);
    const rows = steady(2_500, minutes(6), (i) => ({
      values: { gpu_temp_celsius: 60 + 10 * Math.sin(i / 50) + next(), power_watts: 1e4 * next() },
    }));
    const { rows: told } = run(rows);
    expect(told.length).toBeGreaterThan(2_400);
    for (const row of told.filter((_, i) => i % 301 === 300 || i === 0)) {
      const t = row.ts as number;
      for (const tier of TIERS) {
        for (const metric of ['gpu_temp_celsius', 'power_watts'] as const) {
          const raw = rows.map(({ ts, values }) => ({ ts, value: values[metric] as number }));
          const slow = slowMoments(inWindow(raw, tier, t).filter(({ ts }) => ts <= t));
          for (const statistic of ['mean', 'std', 'min', 'max', 'trend'] as const) {
            const got = row[`${metric}_${statistic}_${tier.window}`];
            if (Number.isNaN(slow[statistic])) expect(got).toBeNull();
            else
              expect(Math.abs((got as number) / slow[statistic] - 1), `${statistic} ${tier.window}`).toBeLessThan(1e-6);
          }
        }
      }
    }
  });

  it('says null for what it does not know', () => {
    const [row] = run(steady(2, minutes(6))).rows;
    const known = Object.entries(row ?? {}).filter(
      ([name, value]) => value !== null && !/^(gpu_temp|power)/.test(name),
    );
    expect(Object.fromEntries(known)).toEqual({
      ts: expect.any(Number),
      gpu_uuid: 'GPU-a',
      node: 'node-0',
      instance: '',
      temp_spike_count: 0,
      model_a100: 0,
      model_h100: 1,
      samples_7d: 1,
      gap_count_7d: 0,
      gap_hours_7d: 0,
      late_samples_7d: 0,
      coverage_ratio_7d: 0,
      samples_hours_7d: 0,
    });
    expect(row).toMatchObject({ gpu_temp_mean: 50, gpu_temp_std: null, gpu_temp_trend: null, power_anomaly_count: 0 });
  });

  it.each<[string, object, object]>([
    [
      'hours count from the registration',
      { operating_hours: 100, registered_at: START_MS },
      { total_operating_hours: 124.1 },
    ],
    [
      'which may be later',
      { operating_hours: 100, registered_at: START_MS + days(0.5) },
      { total_operating_hours: 112 },
    ],
    ['or still to come', { operating_hours: 100, registered_at: START_MS + days(9) }, { total_operating_hours: 100 }],
    ['unknown hours stay unknown', { registered_at: START_MS }, { total_operating_hours: null }],
    [
      'age and warranty at the ts of the row',
      { deployed_at: START_MS - days(10), warranty_until: START_MS },
      { gpu_age_days: 11, warranty_remaining_days: -1 },
    ],
  ])('assets: %s', (_, asset, expected) => {
    const facts = {
      model: '',
      deployed_at: null,
      warranty_until: null,
      operating_hours: null,
      registered_at: START_MS,
    };
    const { rows } = run(steady(243, minutes(6)), {
      assets: { get: () => ({ asset: { ...facts, ...asset } as Asset, edition: 1 }), edition: () => 1 },
    });
    // The vector of one day after the start, to within 5 minutes.
    const row = rows.find(({ ts }) => (ts as number) >= START_MS + days(1));
    for (const [name, value] of Object.entries(expected)) {
      if (value === null) expect(row?.[name]).toBeNull();
      else expect(Math.abs((row?.[name] as number) - value), `${name} ${row?.[name]}`).toBeLessThan(0.11);
    }
  });

  it.each([
    ['NVIDIA A100-SXM4-80GB', 1, 0],
    ['GRID A100D-4C', 1, 0],
    ['NVIDIA H100 80GB HBM3', 0, 1],
    ['NVIDIA RTX A1000', 0, 0],
    ['NVIDIA GH200 480GB', 0, 0],
  ])('the model %s', (model, model_a100, model_h100) => {
    const { rows } = run(steady(2, minutes(6), () => ({ model })));
    expect(rows[0]).toMatchObject({ model_a100, model_h100 });
  });

  it.each<[string, number[], (number | null)[]]>([
    ['the one that runs hot', [60, 60, 60, 75], [0, 0, 0, 15]],
    ['two others are enough', [60, 62, 70], [-6, -3, 9]],
    ['one other is not', [60, 70], [null, null]],
  ])('peers: %s', (_, temps, expected) => {
    const rows = Array.from({ length: 60 }, (_, i) =>
      temps.map((gpu_temp_celsius, g): SampleRow => {
        const values = { gpu_temp_celsius };
        return { ts: START_MS + i * 10_000, node: 'n', uuid: `GPU-${g}`, values };
      }),
    ).flat();
    const told = run(rows).rows.slice(0, temps.length);
    expect(told.map((row) => row.gpu_temp_celsius_peer_deviation_1h)).toEqual(expected);
  });

  it('counts the time in samples over a change of cadence', () => {
    const slow = steady(1_440, minutes(2));
    const quick = Array.from({ length: 360 }, (_, i) => ({
      ...(slow[0] as SampleRow),
      ts: (slow.at(-1) as SampleRow).ts + (i + 1) * 10_000,
    }));
    const last = run([...slow, ...quick]).rows.at(-1);
    expect(last?.cadence_seconds).toBe(10);
    expect(last?.samples_hours_7d).toBeGreaterThan(48.9);
    expect(last?.samples_hours_7d).toBeLessThan(49.1);
  });

  it('tells a node that fell silent once more, from a timer', () => {
    const rows = steady(60, seconds(10));
    const before = run(rows).vectors;
    const after = run(rows, { finish: START_MS + days(1) }).vectors;
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.length).toBe(before.length + 1);
    const last = after.at(-1)?.ts as number;
    expect(last).toBeGreaterThanOrEqual(rows.at(-1)?.ts as number);
    expect(last).toBeLessThan((rows.at(-1)?.ts as number) + minutes(5));
  });

  it('tells a node the same, whether another one was read before it or not', () => {
    const history = (node: string): SampleRow[] => steady(400, minutes(1), () => ({ node, uuid: `GPU-${node}` }));
    const alone = run(history('b')).vectors;
    const behind = run([...history('a'), ...history('b')]).vectors.filter(({ node }) => node === 'b');
    expect(behind).toEqual(alone);
    expect(alone.length).toBeGreaterThan(70);
  });

  it('follows a GPU to another node', () => {
    const rows = steady(200, minutes(1), (i) => ({ node: i < 100 ? 'old' : 'new' }));
    const { rows: told } = run(rows);
    expect(new Set(told.map(({ node }) => node))).toEqual(new Set(['old', 'new']));
    expect(told.at(-1)?.samples_7d).toBeGreaterThan(190);
    expect(told.filter(({ node, ts }) => node === 'old' && (ts as number) > START_MS + minutes(106))).toEqual([]);
  });

  it('leaves out what is later than allowed, and says so', () => {
    const rows = steady(100, minutes(1));
    const old = { ...(rows[50] as SampleRow), ts: START_MS + 44.9 * 60_000 };
    const { late, vectors } = run([...rows.slice(0, 51), old, ...rows.slice(51)]);
    expect(late).toEqual([
      { ts: old.ts, gpu_uuid: 'GPU-a', node: 'node-0', instance: '', newest_ts: START_MS + minutes(50) },
    ]);
    expect(vectors).toEqual(run(rows).vectors);
  });

  it('takes what a fleet sends: every feature that the rows allow is a finite number', () => {
    const rows = sampleRows(21, { gpus: 8, scrapes: 200 });
    const { rows: told } = run(rows);
    expect(told.length).toBeGreaterThan(30);
    for (const row of told) {
      for (const [name, value] of Object.entries(row)) {
        if (typeof value === 'number') expect(Number.isFinite(value), name).toBe(true);
      }
    }
  });
});
