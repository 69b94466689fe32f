import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { GroupState } from '../core/group-state.ts';
import { batchOf, describeLaws, random, type SampleRow, START_MS, sampleRows } from '../core/laws.fixture.ts';
import { runOperator, stateSpecs } from '../core/lift.ts';
import { CHANGE_POINTS_DEFAULTS, type ChangePointsOptions, changePoints } from './change-points.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const SBE = 'ecc_sbe_volatile_total';

/** Seeded Poisson numbers; for large means their normal limit. */
function poisson(next: () => number, mean: number): number {
  if (mean > 50) {
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const limit = Math.exp(-mean);
  let count = -1;
  for (let product = 1; product > limit || count < 0; product *= next()) count++;
  return count;
}

interface Story {
  readonly metric?: string;
  readonly hours: number;
  readonly cadence_ms: number;
  /** Errors per hour at an hour of the story. */
  readonly rate: (hour: number) => number;
  /** Factor by which errors come in bunches. */
  readonly bunch?: number;
  readonly instance?: string;
  readonly seed?: number;
}

function* rowsOf({
  metric = SBE,
  hours,
  cadence_ms,
  rate,
  bunch = 1,
  seed = 1,
  instance = '',
}: Story): Generator<SampleRow> {
  const next = random(seed);
  let total = 40;
  for (let ts = START_MS; ts < START_MS + hours * HOUR_MS; ts += cadence_ms) {
    total += bunch * poisson(next, (rate((ts - START_MS) / HOUR_MS) / bunch) * (cadence_ms / HOUR_MS));
    yield { ts, node: 'n', uuid: 'GPU-a', instance, values: { [metric]: total, gpu_temp_celsius: 50 } };
  }
}

function run(rows: Iterable<SampleRow>, options: Partial<ChangePointsOptions> = {}, restoreEvery = 0): Anomaly[] {
  const operator = changePoints({ ...CHANGE_POINTS_DEFAULTS, ...options });
  const told: Anomaly[] = [];
  let state = new GroupState(0);
  let chunk: SampleRow[] = [];
  let chunks = 0;
  const flush = (): void => {
    runOperator('c', operator, state, batchOf(state, chunk), (_, anomaly) => told.push(anomaly));
    chunk = [];
    if (restoreEvery > 0 && ++chunks % restoreEvery === 0) {
      state = GroupState.restore(structuredClone(state.save()), new Map(stateSpecs('c', operator)));
    }
  };
  for (const row of rows) {
    chunk.push(row);
    if (chunk.length === 500) flush();
  }
  flush();
  return told;
}

/** What was told, in few words: severity, state, and minutes since `from_h`. */
const brief = (told: readonly Anomaly[], from_h: number): [string, string, number][] =>
  told.map((a) => [
    a.severity,
    a.state,
    Math.round(((a.closed_at ?? a.opened_at) - START_MS) / MINUTE_MS - from_h * 60),
  ]);

const CADENCES = [
  ['10 s', 10_000],
  ['2 min', 120_000],
] as const;

describe.each(CADENCES)('change points at %s', (_, cadence_ms) => {
  it('tells a sharp change within minutes, once, and closes it when the rate is back', () => {
    const told = run(rowsOf({ hours: 48, cadence_ms, rate: (h) => (h >= 24 && h < 30 ? 5_000 : 0.2) }));
    expect(told.map((a) => [a.severity, a.state])).toEqual([
      ['warning', 'open'],
      ['warning', 'closed'],
    ]);
    const [opened, closed] = told as [Anomaly, Anomaly];
    expect(opened.id).toBe(closed.id);
    expect((opened.opened_at - START_MS) / MINUTE_MS - 24 * 60).toBeLessThanOrEqual(8);
    expect(opened.observed).toBeGreaterThan(2_500);
    expect(opened.expected).toBeLessThan(1);
    expect(opened.explanation).toMatch(
      /^Corrected memory errors went from .* a day to .* a second, since about 2026-01-0(1 23:5\d|2 00:0\d) UTC\.$/,
    );
    expect((closed.closed_at as number) - START_MS).toBeGreaterThan(31 * HOUR_MS);
    expect((closed.closed_at as number) - START_MS).toBeLessThan(34 * HOUR_MS);
  });

  it('takes a rate that has held for a day as the usual one', () => {
    const told = run(rowsOf({ hours: 80, cadence_ms, rate: (h) => (h < 24 ? 2 : 3_000) }));
    expect(told.map((a) => [a.severity, a.state])).toEqual([
      ['warning', 'open'],
      ['warning', 'closed'],
    ]);
    expect(told[1]?.explanation).toMatch(/held for a day/);
  });

  it('escalates under the same id when the rate goes on rising', () => {
    const told = run(rowsOf({ hours: 40, cadence_ms, rate: (h) => (h < 24 ? 30 : h < 28 ? 240 : 20_000) }));
    expect(told.map((a) => [a.severity, a.state])).toEqual([
      ['info', 'open'],
      ['warning', 'open'],
    ]);
    expect(new Set(told.map((a) => a.id)).size).toBe(1);
    expect(told[1]?.ts).toBe(told[0]?.ts);
  });

  it.each([
    ['which began before the rate was judged', 5.2, 1_270_000],
    ['of ten times what was usual', 24, 6_000],
  ])('tells a new rate as it is, %s', (_name, from_h, per_hour) => {
    const told = run(rowsOf({ hours: 36, cadence_ms, rate: (h) => (h < from_h ? 500 : per_hour) }));
    expect(told.length).toBeGreaterThan(0);
    for (const { observed } of told) expect(observed).toBeLessThan(1.25 * per_hour);
  });

  it('finds a slow change that no minute shows', () => {
    for (const seed of [1, 2, 3]) {
      const told = run(rowsOf({ hours: 24 * 6, cadence_ms, seed, rate: (h) => (h < 96 ? 0.4 : 9) }));
      expect(told[0]).toMatchObject({ detector: 'adwin', severity: 'info', state: 'open' });
      const opened_h = ((told[0] as Anomaly).opened_at - START_MS) / HOUR_MS;
      expect(opened_h).toBeGreaterThan(96);
      expect(opened_h).toBeLessThan(110);
    }
  });

  it.each<[string, Omit<Story, 'cadence_ms'>]>([
    ['a steady trickle', { hours: 24 * 7, rate: () => 3 }],
    ['a steady stream', { hours: 24 * 4, rate: () => 600 }],
    ['a storm from the first row on', { hours: 48, rate: () => 17_700 * 3_600 }],
    ['single bursts', { hours: 24 * 5, rate: () => 20, bunch: 400 }],
    ['one error a week', { hours: 24 * 7, rate: (h) => (Math.floor(h * 60) === 4_000 ? 60 : 0) }],
    ['a rate that falls', { hours: 24 * 3, rate: (h) => (h < 36 ? 600 : 3) }],
    ['no error at all', { hours: 24 * 3, rate: () => 0 }],
  ])('is silent for %s', (_name, story) => {
    for (const seed of [1, 2]) expect(brief(run(rowsOf({ ...story, cadence_ms, seed })), 0)).toEqual([]);
  });

  it('tells errors that come with each day of work at most once or twice', () => {
    const workday = (h: number): number => (h % 24 >= 8 && h % 24 < 18 ? 300 : 0);
    const told = run(rowsOf({ metric: 'pcie_replay_total', hours: 24 * 7, cadence_ms, rate: workday }));
    const opened = told.filter(({ state }) => state === 'open');
    expect(opened.length).toBeLessThanOrEqual(2);
    expect(opened.every(({ severity }) => severity === 'info')).toBe(true);
    expect(opened.every(({ opened_at }) => opened_at < START_MS + 48 * HOUR_MS)).toBe(true);
  });
});

describe('change points', () => {
  it('works with Page-Hinkley too', () => {
    const told = run(rowsOf({ hours: 40, cadence_ms: 60_000, rate: (h) => (h < 24 ? 1 : 5_000) }), {
      sharp: 'page_hinkley',
    });
    expect(brief(told, 24)).toEqual([['warning', 'open', expect.closeTo(4, -1)]]);
    expect(told[0]?.detector).toBe('page_hinkley');
  });

  it('takes a reset for no error, and missing readings for nothing', () => {
    const rows = [...rowsOf({ hours: 30, cadence_ms: 60_000, rate: () => 6 })].map((row, i) => ({
      ...row,
      values:
        i > 1_500 && i < 1_600
          ? { gpu_temp_celsius: 50 }
          : { [SBE]: (row.values[SBE] as number) - (i > 900 ? 40 + 30 : 0) },
    }));
    expect(run(rows)).toEqual([]);
  });

  it('adds up the NVLink counters of one GPU', () => {
    const rows = Array.from({ length: 60 * 9 }, (_, minute) => ({
      ts: START_MS + minute * 60_000,
      node: 'n',
      uuid: 'GPU-a',
      values: {
        nvlink_crc_flit_errors_total: Math.max(0, minute - 480) * 400,
        nvlink_replay_errors_total: Math.max(0, minute - 480) * 600,
      },
    }));
    const [opened] = run(rows);
    expect(opened).toMatchObject({ metric: 'nvlink_errors_total', severity: 'warning', observed: 60_000, expected: 0 });
    expect(opened?.explanation).toMatch(
      /^NVLink errors went from none to 16\.7 a second, since about 2026-01-01 08:00 UTC\.$/,
    );
  });

  it('tells a board once, whatever its MIG instances repeat', () => {
    const story = { hours: 30, cadence_ms: 60_000, rate: (h: number) => (h < 24 ? 1 : 5_000) };
    const sliced = ['3', '1', '2'].map((instance) => [...rowsOf({ ...story, instance })]);
    const rows = (sliced[0] as SampleRow[]).flatMap((_, i) => sliced.map((each) => each[i] as SampleRow));
    expect(run(rows).map(({ instance, state }) => [instance, state])).toEqual([['1', 'open']]);
    const board = [...rowsOf(story)];
    const both = rows.flatMap((row, i) => (i % 3 === 0 ? [row, board[i / 3] as SampleRow] : [row]));
    expect(run(both).map(({ instance }) => instance)).toEqual(['']);
  });

  it('of an instance that no longer speaks for its board, what is open still ends', () => {
    const rate = (h: number): number => (h >= 24 && h < 27 ? 5_000 : 1);
    const of = (instance: string): SampleRow[] => [...rowsOf({ hours: 34, cadence_ms: 60_000, rate, instance })];
    const [lower, upper] = [of('1'), of('2')];
    // The lower one is there from the 26th hour on.
    const rows = upper.flatMap((row, i) => (i < 26 * 60 ? [row] : [lower[i] as SampleRow, row]));
    const own = run(rows).filter(({ instance }) => instance === '2');
    expect(own.map(({ state }) => state)).toEqual(['open', 'closed']);
  });

  it('forgets a signal that has been clean for two weeks', () => {
    const operator = changePoints(CHANGE_POINTS_DEFAULTS);
    const state = new GroupState(0);
    const rows = [...rowsOf({ hours: 24 * 16, cadence_ms: 600_000, rate: (h) => (h < 24 ? 60 : 0) })];
    const cells = () => state.columns('c', operator.state);
    runOperator('c', operator, state, batchOf(state, rows.slice(0, 600)), () => undefined);
    expect(cells().slow_cells[0]).not.toBeNull();
    runOperator('c', operator, state, batchOf(state, rows.slice(600)), () => undefined);
    expect(cells().slow_cells[0]).toBeNull();
    expect([...cells().active.slice(0, 4)]).toEqual([0, 0, 0, 0]);
  });

  it('goes on after a restart amid an open change as if nothing had happened', () => {
    const story = {
      hours: 60,
      cadence_ms: 60_000,
      rate: (h: number) => (h < 20 ? 5 : h < 26 ? 4_000 : h < 50 ? 5 : 20_000),
    };
    const whole = run(rowsOf(story));
    expect(whole.length).toBeGreaterThanOrEqual(3);
    expect(run(rowsOf(story), {}, 1)).toEqual(whole);
  });
});

const errorRows = (seed: number): SampleRow[] =>
  sampleRows(seed, { scrapes: 300 }).map((row, i) => ({
    ...row,
    ts: START_MS + (row.ts - START_MS) * 6,
    values: { ...row.values, [SBE]: i < 900 ? 0 : (i - 900) * 50, pcie_replay_total: i * 2 },
  }));
const eager = (): ReturnType<typeof changePoints> => changePoints({ ...CHANGE_POINTS_DEFAULTS, warmup: minutes(30) });
describeLaws('change points', eager, { bytes_per_gpu_max: 600, rows: errorRows });

it('tells something under the rows of its laws', () => {
  const told = run(errorRows(1), { warmup: minutes(30) });
  expect(new Set(told.map(({ gpu_uuid }) => gpu_uuid)).size).toBeGreaterThan(3);
});
