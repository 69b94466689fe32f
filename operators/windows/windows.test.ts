import { describe, expect, it } from 'vitest';
import { type DurationMs, days, hours, minutes, seconds } from '../../pipeline/contract/time.ts';
import { COUNTERS, TALLIES, type TallyName } from '../../pipeline/contract/windows.ts';
import { bytesPerGpu, GroupState } from '../core/group-state.ts';
import { batchOf, random, type SampleRow, START_MS } from '../core/laws.fixture.ts';
import { MOMENTS, meanOf } from './moments.ts';
import { rises } from './rises.ts';
import { tallies, tallyIndex } from './tallies.ts';
import { createWindows, type Observed } from './windows.ts';

const windows = createWindows({ lateness_max: minutes(5) });
const spec = windows.columns;

/** One GPU (index 0) and what it did; `at` counts from START_MS. */
function watch(
  rows: readonly { at: DurationMs; values?: Readonly<Record<string, number>> }[],
  state = new GroupState(0),
) {
  const samples = rows.map(
    ({ at, values }): SampleRow => ({
      ts: START_MS + at,
      node: 'n',
      uuid: 'GPU-a',
      values: values ?? { gpu_temp_celsius: 50 },
    }),
  );
  const batch = batchOf(state, samples);
  const cells = windows.cellsOf(state.columns('w', spec));
  const results: Observed[] = samples.map((_, row) => windows.observe(cells, batch, row));
  const t = Math.max(...samples.map(({ ts }) => ts));
  const counts = new Float64Array(TALLIES.length);
  tallies.read(cells.tallies, 0, 0, t, counts);
  return {
    results,
    cells,
    state,
    t,
    tally: (name: TallyName): number => counts[tallyIndex(name)] as number,
    perDay(counter: (typeof COUNTERS)[number], tier: number, when = t): number {
      const into = new Float64Array(COUNTERS.length + 1);
      rises.perDay(cells.rises, 0, tier, when, into);
      return into[COUNTERS.indexOf(counter)] as number;
    },
  };
}

const every = <T>(cadence: DurationMs, count: number, values: (i: number) => T) =>
  Array.from({ length: count }, (_, i) => ({ at: (i * cadence) as DurationMs, values: values(i) }));

describe('windows', () => {
  it('costs what it says', () => {
    const part = (prefix: string): number =>
      bytesPerGpu(Object.fromEntries(Object.entries(spec).filter(([name]) => name.startsWith(prefix))));
    // 8 gauges over four windows, 2 over the week, 19 counters over two: 100,000 GPUs take 2.5 GB.
    expect({
      paced: part('paced'),
      weekly: part('weekly'),
      rises: part('rise') + part('counter'),
      tallies: part('tally'),
      all: bytesPerGpu(spec),
    }).toEqual({ paced: 16_676, weekly: 1_196, rises: 4_712, tallies: 1_804, all: 24_822 });
  });

  it.each<[string, DurationMs[], Observed[]]>([
    ['in order', [seconds(0), seconds(10)], ['counted', 'counted']],
    ['the newest instant again', [seconds(10), seconds(10)], ['counted', 'repeated']],
    ['late by what is allowed', [minutes(5), seconds(0)], ['counted', 'counted']],
    ['later', [(minutes(5) + 1) as DurationMs, seconds(0)], ['counted', 'late']],
    ['within it across a rotation', [hours(12), (hours(12) - minutes(4)) as DurationMs], ['counted', 'counted']],
  ])('%s', (_, ats, expected) => {
    expect(watch(ats.map((at) => ({ at }))).results).toEqual(expected);
  });

  it('counts late rows, in their own panes, and not the rises of their counters', () => {
    const row = (at: DurationMs, total: number) => ({
      at,
      values: { ecc_sbe_volatile_total: total, throttle_reasons: 64, gpu_temp_celsius: 50 },
    });
    const gpu = watch([row(seconds(0), 5), row(seconds(20), 9), row(seconds(10), 7), row(seconds(30), 9)]);
    expect(gpu.tally('samples')).toBe(4);
    expect(gpu.tally('late_samples')).toBe(1);
    expect(gpu.tally('late_ms')).toBe(10_000);
    expect(gpu.tally('ecc_sbe_rise')).toBe(1);
    expect(gpu.tally('thermal_throttle')).toBe(4);
    expect(gpu.perDay('ecc_sbe_volatile_total', 0) * (30 / 86_400)).toBeCloseTo(4, 9);
  });

  it.each<[string, number[], number, number]>([
    ['a steady counter', [7, 7, 7], 0, 0],
    ['rises', [7, 8, 8, 20], 13, 2],
    ['a reset adds nothing, what follows does', [100, 3, 4], 1, 1],
    ['a missing reading loses nothing', [1, Number.NaN, 5], 4, 1],
    ['a first reading is no rise', [1e6], 0, 0],
  ])('counters: %s', (_, readings, total, samples) => {
    const gpu = watch(every(minutes(1), readings.length, (i) => ({ ecc_dbe_volatile_total: readings[i] as number })));
    const span_days = (readings.length - 1) / 1_440;
    for (const tier of [0, 1]) {
      const rate = gpu.perDay('ecc_dbe_volatile_total', tier);
      if (span_days === 0) expect(rate).toBeNaN();
      else expect(rate * span_days).toBeCloseTo(total, 9);
    }
    expect(gpu.perDay('ecc_sbe_volatile_total', 0)).toBeNaN();
    expect(gpu.tally('ecc_dbe_rise')).toBe(samples);
  });

  it('differential: rises per day over both windows, long after the first panes are gone', () => {
    const next = random(2);
    let total = 0;
    const rows = every(minutes(30), 12 * 48, () => {
      total += next() < 0.3 ? Math.floor(next() * 100) : 0;
      return { pcie_replay_total: total };
    });
    const gpu = watch(rows);
    for (const [tier, length, pane] of [
      [0, days(1), hours(2)],
      [1, days(7), hours(12)],
    ] as const) {
      const from = Math.floor((gpu.t - length) / pane) * pane;
      const kept = rows.findIndex(({ at }) => START_MS + at >= from);
      const rise = total - (rows[kept - 1]?.values.pcie_replay_total ?? 0);
      const span = gpu.t - (START_MS + (rows[kept - 1]?.at ?? 0));
      expect(gpu.perDay('pcie_replay_total', tier)).toBeCloseTo((rise / span) * 86_400_000, 6);
    }
    expect(gpu.perDay('pcie_replay_total', 0, gpu.t + days(1))).toBeNaN();
  });

  it.each<[string, number[], { observed_s: number; gaps: number; gap_s: number }]>([
    ['one sample stands for nothing yet', [0], { observed_s: 0, gaps: 0, gap_s: 0 }],
    ['the first one stands for as long as the second', [0, 10], { observed_s: 20, gaps: 0, gap_s: 0 }],
    ['jitter adds up to the time that passed', [0, 10, 19, 31, 40], { observed_s: 50, gaps: 0, gap_s: 0 }],
    ['a sample after a gap stands for one cadence', [0, 10, 20, 1_020], { observed_s: 40, gaps: 1, gap_s: 990 }],
    ['a short silence is no gap', [0, 10, 20, 300], { observed_s: 40, gaps: 0, gap_s: 0 }],
    [
      'a slower cadence is learnt from three like intervals',
      [0, 10, 20, 140, 260, 380, 500],
      { observed_s: 30 + 10 + 10 + 120 + 120, gaps: 0, gap_s: 0 },
    ],
    ['a faster one too', [0, 120, 130, 140, 150, 160], { observed_s: 280, gaps: 0, gap_s: 0 }],
  ])('time: %s', (_, ats_s, expected) => {
    const gpu = watch(ats_s.map((at) => ({ at: seconds(at) })));
    expect({
      observed_s: gpu.tally('observed_ms') / 1_000,
      gaps: gpu.tally('gaps'),
      gap_s: gpu.tally('gap_ms') / 1_000,
    }).toEqual(expected);
  });

  it.each<[number, Partial<Record<TallyName, number>>]>([
    [0, { thermal_throttle: 0, power_brake: 0, sw_power_cap: 0, throttle_ms: 0 }],
    [1 + 2 + 256, { thermal_throttle: 0, power_brake: 0, sw_power_cap: 0, throttle_ms: 0 }],
    [4, { sw_power_cap: 6, throttle_ms: 60_000 }],
    [64 + 1, { thermal_throttle: 6, throttle_ms: 60_000 }],
    [128 + 64 + 4, { thermal_throttle: 6, power_brake: 6, sw_power_cap: 6, throttle_ms: 60_000 }],
    [8, { thermal_throttle: 0, throttle_ms: 60_000 }],
    [Number.NaN, { masked_samples: 0, throttle_ms: 0 }],
  ])('throttle reasons %d over six samples', (mask, expected) => {
    const gpu = watch(every(seconds(10), 6, () => ({ throttle_reasons: mask })));
    for (const [name, count] of Object.entries(expected)) expect(gpu.tally(name as TallyName), name).toBe(count);
  });

  it('differential: spikes and power anomalies against the week as it stood, late rows included', () => {
    const next = random(8);
    const rows = Array.from({ length: 3_000 }, (_, i) => ({
      at: (i * 600_000 - (next() < 0.2 ? Math.floor(next() * 299_000) : 0)) as DurationMs,
      values: { gpu_temp_celsius: 50 + 10 * next() ** 4, power_watts: 300 + 50 * (next() - next()) },
    }));
    const gpu = watch(rows);
    const expected = { temp_spike: 0, power_anomaly: 0 };
    let newest = 0;
    const pane = hours(12);
    const oldest = Math.floor((gpu.t - days(7)) / pane) * pane;
    rows.forEach(({ at, values }, i) => {
      const ts = START_MS + at;
      newest = Math.max(newest, ts);
      const from = Math.floor((newest - days(7)) / pane) * pane;
      const before = rows.slice(0, i).filter((row) => START_MS + row.at >= from);
      for (const [metric, tally] of [
        ['gpu_temp_celsius', 'temp_spike'],
        ['power_watts', 'power_anomaly'],
      ] as const) {
        const n = before.length;
        const mean = before.reduce((sum, row) => sum + row.values[metric], 0) / n;
        const std = Math.sqrt(before.reduce((sum, row) => sum + (row.values[metric] - mean) ** 2, 0) / (n - 1));
        const off = values[metric] - mean;
        if (n >= 2 && ts >= oldest && (tally === 'temp_spike' ? off : Math.abs(off)) > 2 * std) expected[tally]++;
      }
    });
    expect(expected.temp_spike).toBeGreaterThan(20);
    expect({ temp_spike: gpu.tally('temp_spike'), power_anomaly: gpu.tally('power_anomaly') }).toEqual(expected);
  });

  it('tells the contrast of the hours of the day, smoothed over days', () => {
    const cosine = (i: number): number => 60 + 10 * Math.cos((2 * Math.PI * (i % 144)) / 144);
    const at = (count: number): number => {
      const gpu = watch(every(minutes(10), count, (i) => ({ gpu_temp_celsius: cosine(i) })));
      return windows.hours.contrast(gpu.cells.hours, 0, 0);
    };
    const hour = (h: number): number =>
      Array.from({ length: 6 }, (_, i) => cosine(h * 6 + i)).reduce((sum, value) => sum + value, 0) / 6;
    const means = Array.from({ length: 24 }, (_, h) => hour(h));
    expect(at(11 * 6)).toBeNaN();
    expect(at(145)).toBeCloseTo(Math.max(...means) - Math.min(...means), 4);
    expect(at(1_009)).toBeCloseTo(Math.max(...means) - Math.min(...means), 4);
    // A day that is 30 degrees hotter in one hour weighs a seventh.
    const gpu = watch(every(minutes(60), 49, (i) => ({ gpu_temp_celsius: i === 30 ? 80 : 50 })));
    expect(windows.hours.contrast(gpu.cells.hours, 0, 0)).toBeCloseTo(30 / 7, 4);
  });

  it('reuses the index of a GPU that was swept as if nobody had been there, and does not grow', () => {
    const state = new GroupState(0);
    const fresh = watch(every(minutes(7), 500, (i) => ({ gpu_temp_celsius: 40 + (i % 9), ecc_sbe_volatile_total: i })));
    const bytes = new Set<number>();
    for (let life = 0; life < 40; life++) {
      const { cells } = watch(
        every(minutes(7), 500, (i) => ({ gpu_temp_celsius: 40 + (i % 9), ecc_sbe_volatile_total: i })),
        state,
      );
      expect(cells.time.observed_ms[0]).toBe(fresh.cells.time.observed_ms[0]);
      const saved = state.save().columns;
      expect(saved.map(({ data }) => Array.from(data))).toEqual(
        fresh.state.save().columns.map(({ data }) => Array.from(data)),
      );
      bytes.add(saved.reduce((sum, { data }) => sum + data.byteLength, 0));
      state.sweep(Date.UTC(2100, 0, 1));
    }
    expect(bytes.size).toBe(1);
    for (const [name, column] of Object.entries(spec)) {
      const array = state.columns('w', spec)[name as keyof typeof spec];
      expect(
        array.subarray(0, column.width).every((value) => Object.is(value, column.initial)),
        name,
      ).toBe(true);
    }
  });

  it('refuses to read what is not kept', () => {
    expect(() => windows.gauge('sm_occupancy_ratio', '1h')).toThrow('sm_occupancy_ratio is not kept over 1h');
    const gpu = watch(every(minutes(1), 10, (i) => ({ sm_occupancy_ratio: i / 10 })));
    const into = new Float64Array(MOMENTS);
    windows.gauge('sm_occupancy_ratio', '7d')(gpu.cells, 0, gpu.t, into);
    expect(meanOf(into)).toBeCloseTo(0.45, 12);
  });
});
