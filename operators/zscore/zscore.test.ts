import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { hours } from '../../pipeline/contract/time.ts';
import { GroupState } from '../core/group-state.ts';
import { batchOf, type SampleRow, START_MS } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import { type BoardMoment, type BoardRun, boardRows } from './board.fixture.ts';
import { WATCHABLE_GAUGES } from './watched-gauges.ts';
import { ZSCORE_DEFAULTS, type ZscoreOptions, zscore } from './zscore.ts';

const HOUR_MS = 3_600_000;

const inTime = (rows: readonly SampleRow[]): SampleRow[] => rows.toSorted((a, b) => a.ts - b.ts);

function watch(rows: readonly SampleRow[], options: Partial<ZscoreOptions> = {}): Anomaly[] {
  const out: Anomaly[] = [];
  const state = new GroupState(0);
  const operator = zscore({ ...ZSCORE_DEFAULTS, ...options });
  runOperator('zscore', operator, state, batchOf(state, rows), (_, item) => out.push(item));
  return out;
}

const steady = (): BoardMoment => ({ work: 0.7 });
/** Two hours of work, an hour of pause, over and over. */
const jobs = (hour: number): BoardMoment => ({ work: hour % 3 < 2 ? 0.8 : 0, job: 1 + (Math.floor(hour / 3) % 2) });
const between = (hour: number, from: number, to: number): boolean => hour >= from && hour < to;

type Case = readonly [title: string, run: Omit<BoardRun, 'step_ms'>, told: readonly string[]];

/** What is told, in short: metric, severity, state, in the order of telling. */
const short = (told: readonly Anomaly[]): string[] => told.map((a) => `${a.metric} ${a.severity} ${a.state}`);

const CASES: readonly Case[] = [
  ['a steady board', { hours: 3, moment: steady }, []],
  ['jobs that come and go', { hours: 8, moment: jobs }, []],
  ['a first job after hours of idling', { hours: 4, moment: (h) => ({ work: h < 3 ? 0 : 0.9 }) }, []],
  ['another load of the same job', { hours: 5, moment: (h) => ({ work: 0.6 + 0.35 * Math.sin(h * 7) }) }, []],
  ['a board at its power cap', { hours: 4, moment: (h) => ({ work: 0.9, limit_watts: h < 2 ? 700 : 690 }) }, []],
  [
    'heat that no power explains, for good',
    { hours: 3, moment: (h) => ({ work: 0.7, resistance: h < 2 ? 0.06 : 0.11 }) },
    [
      'gpu_temp_celsius info open',
      'memory_temp_celsius info open',
      'gpu_temp_celsius warning open',
      'memory_temp_celsius warning open',
    ],
  ],
  [
    'heat that passes',
    {
      hours: 4,
      moment: (h) => ({ work: 0.7, resistance: between(h, 2, 2.5) ? 0.088 : 0.06 }),
      without: ['memory_temp_celsius'],
    },
    ['gpu_temp_celsius info open', 'gpu_temp_celsius info closed'],
  ],
  [
    'half a minute of heat',
    { hours: 3, moment: (h) => ({ work: 0.7, resistance: between(h, 2, 2.0084) ? 0.2 : 0.06 }) },
    [],
  ],
  [
    'a job that begins hot, its board known from others',
    {
      hours: 6.9,
      moment: (h) => ({ ...jobs(h), resistance: h < 6 ? 0.06 : 0.1 }),
      without: ['memory_temp_celsius', 'temp_margin_celsius'],
    },
    ['gpu_temp_celsius info open', 'gpu_temp_celsius warning open'],
  ],
  [
    'a margin where no temperature is told',
    {
      hours: 3,
      moment: (h) => ({ work: 0.7, resistance: h < 2 ? 0.06 : 0.09 }),
      without: ['gpu_temp_celsius', 'memory_temp_celsius'],
    },
    ['temp_margin_celsius info open'],
  ],
  [
    'a clock that falls for no reason, and its power',
    { hours: 3, moment: (h) => ({ work: 0.7, clock_ratio: h < 2 ? 1 : 0.5 }) },
    ['power_watts info open', 'sm_clock_mhz info open', 'sm_clock_mhz warning open'],
  ],
  [
    'a power limit that was lowered',
    { hours: 3, moment: (h) => ({ work: 0.9, limit_watts: h < 2 ? 700 : 330 }) },
    ['power_watts info open'],
  ],
  [
    'temperatures alone, with nothing that says what heats the board',
    {
      hours: 3,
      moment: (h) => ({ work: h < 2 ? 0 : 0.9 }),
      without: ['power_watts', 'gr_engine_active_ratio', 'gpu_util_ratio', 'sm_active_ratio'],
    },
    [],
  ],
  [
    'no sensor at all',
    {
      hours: 3,
      moment: steady,
      without: ['gpu_temp_celsius', 'memory_temp_celsius', 'power_watts', 'temp_margin_celsius', 'sm_clock_mhz'],
    },
    [],
  ],
];

describe.each([
  ['10 s', 10_000],
  ['2 min', 120_000],
])('zscore at %s', (_, step_ms) => {
  it.each(CASES)('%s', (_title, run, told) => {
    expect(short(watch(boardRows({ ...run, step_ms }))).toSorted()).toEqual([...told].toSorted());
  });
});

describe('zscore at 100 ms', () => {
  it('sees the same heat in the same time, and no more', () => {
    const hot = (h: number): BoardMoment => ({ work: 0.7, resistance: h < 0.5 ? 0.06 : 0.11 });
    const rows = boardRows({ step_ms: 100, hours: 0.7, moment: hot, without: ['memory_temp_celsius'] });
    const told = watch(rows);
    expect(short(told)).toEqual(['gpu_temp_celsius info open', 'gpu_temp_celsius warning open']);
    expect((told[0]?.ts ?? 0) - START_MS - 0.5 * HOUR_MS).toBeLessThanOrEqual(4 * 60_000);
  });
});

describe('zscore without power for a while', () => {
  it('neither tells nor learns what it cannot know, and goes on after it', () => {
    const rows = boardRows({
      step_ms: 120_000,
      hours: 5,
      moment: (h) => ({ work: 0.7, resistance: h < 4 ? 0.06 : 0.11 }),
      without: ['memory_temp_celsius'],
    });
    const blank = rows.map((row, i) => {
      if (i % 40 < 3) return { ...row, values: { ...row.values, power_watts: Number.NaN } };
      return row;
    });
    const told = watch(blank);
    expect(short(told)).toEqual(['gpu_temp_celsius info open', 'gpu_temp_celsius warning open']);
    expect((told[0]?.ts ?? 0) - START_MS - 4 * HOUR_MS).toBeGreaterThan(0);
    for (const { score, expected } of told) expect([score, expected].every(Number.isFinite)).toBe(true);
  });
});

describe('zscore', () => {
  const hot = boardRows({
    step_ms: 10_000,
    hours: 4,
    moment: (h) => ({ work: 0.7, resistance: between(h, 2, 3) ? 0.1 : 0.06 }),
    without: ['memory_temp_celsius'],
  });

  it('tells one condition under one id and ts: when it opens, warns and closes', () => {
    const told = watch(hot);
    expect(short(told)).toEqual([
      'gpu_temp_celsius info open',
      'gpu_temp_celsius warning open',
      'gpu_temp_celsius warning closed',
    ]);
    const [opened, warned, closed] = told;
    for (const anomaly of told)
      expect(anomaly).toMatchObject({ id: opened?.id, ts: opened?.ts, opened_at: opened?.ts });
    expect((opened?.ts ?? 0) - START_MS - 2 * HOUR_MS).toBeLessThanOrEqual(5 * 60_000);
    expect(warned?.closed_at).toBeNull();
    expect(closed?.closed_at ?? 0).toBeGreaterThan(START_MS + 3 * HOUR_MS);
    expect(closed?.closed_at ?? 0).toBeLessThan(START_MS + 3.25 * HOUR_MS);
    expect(closed?.explanation).toMatch(
      /^gpu_temp_celsius was 7\d(\.\d)? C at 47\d W; 5\d(\.\d)? ± 3(\.\d+)? C expected at that power, as learned over 2 h under load: \d+(\.\d+)? sigma above since 2026-01-01 02:0\d UTC\.$/,
    );
  });

  it('says for how long the baseline was really learned: at that activity, at most its half-life, anew on another node', () => {
    const learned = (rows: readonly SampleRow[], options: Partial<ZscoreOptions> = {}): string | undefined =>
      /learned over (.*) under load/.exec(watch(rows, options)[0]?.explanation ?? '')?.[1];
    const work = (h: number): BoardMoment => ({
      work: h < 1.5 ? 0 : 0.7,
      resistance: between(h, 2, 3) ? 0.1 : 0.06,
    });
    const run = { step_ms: 10_000, hours: 3, without: ['memory_temp_celsius'] };
    const late = boardRows({ ...run, moment: work });
    expect(learned(late)).toMatch(/^3[01] min$/);
    expect(learned(hot, { half_life: hours(1) })).toBe('60 min');
    const moved = hot.map((row) => ({ ...row, node: row.ts < START_MS + HOUR_MS ? row.node : 'elsewhere' }));
    expect(learned(moved)).toMatch(/^6[0-3] min$/);
  });

  it('is never critical, and a higher threshold tells less', () => {
    expect(watch(hot).map(({ severity }) => severity)).not.toContain('critical');
    expect(watch(hot, { threshold: 30 })).toEqual([]);
  });

  it('keeps an anomaly open over a pause, in which heat hardly shows', () => {
    const rows = boardRows({
      step_ms: 30_000,
      hours: 9,
      moment: (h) => ({ ...jobs(h), resistance: h < 4 ? 0.06 : 0.085 }),
      without: ['memory_temp_celsius'],
    });
    const told = watch(rows).filter(({ metric }) => metric === 'gpu_temp_celsius');
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
    expect(told.every(({ state }) => state === 'open')).toBe(true);
  });

  it('closes an anomaly whose workload has not come back for long', () => {
    const rows = boardRows({
      step_ms: 60_000,
      hours: 12,
      moment: (h) => ({ work: h < 4 ? 0.8 : 0, resistance: h < 3 ? 0.06 : 0.1 }),
      without: ['memory_temp_celsius'],
    });
    const told = watch(rows, { forget: hours(6) });
    expect(told.at(-1)).toMatchObject({ state: 'closed', metric: 'gpu_temp_celsius' });
    expect((told.at(-1)?.closed_at ?? 0) - START_MS).toBeGreaterThanOrEqual(10 * HOUR_MS);
  });

  it('says that a lowered power limit is why the power is low', () => {
    const rows = boardRows({
      step_ms: 30_000,
      hours: 3,
      moment: (h) => ({ work: 0.9, limit_watts: h < 2 ? 700 : 330 }),
    });
    expect(watch(rows)[0]).toMatchObject({ metric: 'power_watts', severity: 'info' });
    expect(watch(rows)[0]?.explanation).toMatch(/with its power limit at 330 W\.$/);
  });

  it.each([
    ['the board has no row of its own', ['1', '5', '13'], '1'],
    ['the board has one', ['', '1', '5'], ''],
  ])('tells what happens to a MIG board once when %s', (_, instances, speaker) => {
    const rows = inTime(
      instances.flatMap((instance) =>
        boardRows({
          step_ms: 30_000,
          hours: 3,
          instance,
          moment: (h) => ({ work: 0.7, resistance: h < 2 ? 0.06 : 0.1 }),
          without: instance === '' ? [] : ['gpu_util_ratio'],
        }),
      ),
    );
    const told = watch(rows);
    expect(new Set(told.map(({ id }) => id)).size).toBe(2);
    expect(new Set(told.map(({ instance }) => instance))).toEqual(new Set([speaker]));
  });

  it('learns anew what a board that moved to another node is cooled like', () => {
    const at = (node: string, resistance: number, from: number): SampleRow[] =>
      boardRows({ step_ms: 30_000, hours: 3, node, moment: () => ({ work: 0.7, resistance }) }).map((row) => ({
        ...row,
        ts: row.ts + from * HOUR_MS,
      }));
    expect(watch([...at('n1', 0.06, 0), ...at('n2', 0.09, 3)])).toEqual([]);
    expect(watch([...at('n1', 0.06, 0), ...at('n1', 0.09, 3)])).not.toEqual([]);
  });

  it('watches the gauges of the workload itself only where asked, and never warns of them', () => {
    const rows = boardRows({ step_ms: 30_000, hours: 3, moment: steady }).map((row, i) => ({
      ...row,
      values: { ...row.values, pcie_rx_bytes_per_second: i > 240 ? 4e10 : 1e9 },
    }));
    expect(watch(rows)).toEqual([]);
    expect(short(watch(rows, { gauges: WATCHABLE_GAUGES }))).toEqual(['pcie_rx_bytes_per_second info open']);
  });
});
