import { expect, it } from 'vitest';
import { judge } from './judge.ts';
import { type ProcessTrends, processTrends } from './process-figures.ts';
import type { ProcessSample } from './process-sample.ts';
import type { FaultRun, SoakReport, SoakWindow } from './soak-report.ts';

type Judged = Parameters<typeof judge>[0];

const MIB = 1_048_576;
const GIB = 1_073_741_824;
const parts = { stream: GIB, gpu_metrics: GIB, rollups: 0, other_tables: 0, snapshots: 0, spool: 0 };
const rows: SoakReport['rows'] = {
  served: 80_000,
  stored: 80_000,
  pages_served: 10_000,
  pages_killed: 3,
  pages_stopped: 4,
  killed_lead_max_ms: 200,
  pages_given_up: 0,
  pages_lost: 0,
  pages_uneven: 0,
  rows_strange: 0,
  rubbish_served: 100,
  rubbish_letters: 99,
  hangs: 10,
  alerts: 20,
  alerts_twice: 0,
  tables_suspended: [],
};
const fault: FaultRun = {
  kind: 'kill',
  target: 'collector',
  at_ms: 0,
  for_ms: 2_000,
  struck_ms: 0,
  gone_ms: 0,
  back_ms: 3_000,
  recovered_ms: 4_000,
  patience_ms: 120_000,
};
const windows: SoakWindow[] = Array.from({ length: 30 }, (_, i) => ({
  t_ms: i * 10_000,
  calm: true,
  scrapes: 100,
  p50_ms: 2,
  p99_ms: 20,
  max_ms: 40,
  rows: 100,
  lag_messages_max: 0,
  cpu_share: 0.5,
}));
const engine: SoakReport['processes'][number] = {
  process: 'engine',
  lives: 1,
  rss_mib: 400,
  rss_max_mib: 410,
  own_mib: 300,
  own_mib_per_hour: null,
  heap_mib: 100,
  heap_mib_per_hour: null,
  external_mib: 0,
  collect_max_ms: 20,
  handles_first: 20,
  handles_last: 20,
  threads: 10,
  cores: 0,
  course: [],
};
const good: Judged = {
  rows,
  rows_per_s: 10,
  faults: [fault],
  windows,
  unplanned_ends: [],
  processes: [{ ...engine, cores: 0.9 }],
  disk: {
    first: parts,
    last: { ...parts, stream: 1.5 * GIB, gpu_metrics: 2 * GIB },
    rows: 1_000,
    foretold_per_row: { stream: 0.01 * GIB, gpu_metrics: 0.0009 * GIB },
    stream_max_bytes: 1.5 * GIB,
  },
};

/** An hour of a process whose heap, other memory and handles rise. */
function trendsOf(
  rise: {
    readonly heap_mib?: number;
    readonly own_mib?: number;
    readonly handles?: number;
    /** Files that are closed for a moment in the first half. */
    readonly dip?: number;
  },
  heap_times: number | null = null,
): Map<string, ProcessTrends> {
  const samples: ProcessSample[] = Array.from({ length: 360 }, (_, tenths) => ({ i: tenths / 6, tenths })).map(
    ({ i, tenths }) => ({
      process: 'engine',
      pid: 1,
      t_ms: i * 60_000,
      rss_bytes: 400 * MIB,
      anonymous_bytes: (300 + (i % 3) + ((rise.own_mib ?? 0) * i) / 60) * MIB,
      handles: 20 + ((rise.handles ?? 0) * i) / 60 - (tenths < 180 && tenths % 30 === 0 ? (rise.dip ?? 0) : 0),
      threads: 10,
      cpu_ms: i,
      heap_bytes: (100 + (i % 5) + ((rise.heap_mib ?? 0) * i) / 60) * MIB,
      collect_max_ms: 20,
      external_bytes: 0,
      committed_bytes: 0,
      resources: 5,
      pause_max_ms: 1,
    }),
  );
  return new Map([['engine', processTrends(samples, 3_600_000, heap_times)]]);
}
const notMet = (report: Judged, trends = trendsOf({})): string[] =>
  judge(report, trends, 2)
    .filter(({ ok }) => !ok)
    .map(({ name }) => name);

it('finds nothing wrong where nothing is', () => {
  expect(notMet(good)).toEqual([]);
});

it.each<[string, Partial<Judged>]>([
  ['pages lost', { rows: { ...rows, pages_lost: 1 } }],
  ['pages stored with other rows than served', { rows: { ...rows, pages_uneven: 1 } }],
  ['rows that nobody has served', { rows: { ...rows, rows_strange: 1 } }],
  ['alerts told twice', { rows: { ...rows, alerts_twice: 1 } }],
  ['pages that came too late for the collector', { rows: { ...rows, pages_given_up: 200 } }],
  ['rubbish in the dead letters', { rows: { ...rows, rubbish_letters: 80 } }],
  ['rubbish in the dead letters', { rows: { ...rows, rubbish_letters: 101 } }],
  ['load in calm time', { rows_per_s: 12 }],
  ['waiting in the stream in calm time', { windows: windows.map((one) => ({ ...one, lag_messages_max: 9 })) }],
  ['CPU that other programs took', { processes: [engine] }],
  ['tables suspended', { rows: { ...rows, tables_suspended: ['anomalies'] } }],
  ['processes that ended by themselves', { unplanned_ends: ['engine'] }],
  ['killed: collector, 1 times', { faults: [{ ...fault, recovered_ms: null }] }],
  ['killed: collector, 1 times', { faults: [{ ...fault, recovered_ms: 64_000 }] }],
  ['disk: gpu_metrics', { disk: { ...good.disk, last: { ...parts, stream: 1.5 * GIB, gpu_metrics: 4 * GIB } } }],
  ['disk: raw stream', { disk: { ...good.disk, last: { ...parts, stream: 3 * GIB, gpu_metrics: 2 * GIB } } }],
  [
    'scrape to live, p99, last third of the calm time',
    { windows: windows.map((one, i) => ({ ...one, p99_ms: i < 15 ? 20 : 80 })) },
  ],
])('finds: %s', (name, wrong) => {
  expect(notMet({ ...good, ...wrong })).toEqual([name]);
});

it('says nothing of a recovery that the next fault cut short', () => {
  expect(notMet({ ...good, faults: [{ ...fault, recovered_ms: null, patience_ms: 5_000 }] })).toEqual([]);
});

it.each([
  ['engine: heap', { heap_mib: 40 }],
  ['engine: open files', { handles: 60 }],
] as const)('finds a leak: %s', (name, rise) => {
  expect(notMet(good, trendsOf(rise))).toEqual([name]);
});

it('takes connections that are closed for a moment for no leak', () => {
  expect(notMet(good, trendsOf({ dip: 1_000 }))).toEqual([]);
});

it.each<[string, Parameters<typeof trendsOf>[0], readonly string[]]>([
  ['garbage up to what the runtime lets it have', { own_mib: 150 }, []],
  ['memory that the heap does not explain', { own_mib: 400 }, ['engine: memory', 'engine: memory beside its heap']],
  ['what lives in it', { own_mib: 150, heap_mib: 120 }, ['engine: heap']],
])('of a program that collects when its heap is four times what lives: %s', (_, rise, expected) => {
  expect(notMet(good, trendsOf(rise, 4))).toEqual(expected);
});
