import { GPUS_PER_NODE } from '../chain-fleet.ts';
import type { ProcessTrends } from './process-figures.ts';
import { WINDOW_MS } from './sampling.ts';
import { type Check, FAULT_NAMES, type FaultRun, type SoakReport, type SoakWindow } from './soak-report.ts';
import { medianOf, type Trend } from './trend.ts';

const MIB = 1_048_576;
const GIB = 1_073_741_824;
/** A rise per hour of less than this share of the level is flat. */
const FLAT_SHARE = 0.1;
const FLAT_MIB = 8;
/** Sockets and files that may come and go. */
const HANDLES_FREE = 24;
/** Between the first and the last third of the windows without a fault. */
const CALM_MIN = 9;
const LATENCY_TIMES_MAX = 1.5;
const LATENCY_FREE_MS = 25;
const RECOVERY_MAX_MS = 60_000;
const NEXT_TOO_SOON = 'the next came too soon to tell';
const TOO_LATE_SHARE_MAX = 0.01;
/** What is on the disk against what was foretold. */
const DISK_TIMES = [0.6, 1.6] as const;
/** Programs of others fill their caches as they please; what they may not do is to go on for ever. */
const OTHERS_SHARE = 0.5;
const POINTS_MIN = 15;
/** What a program written in Go needs beside its heap. */
const BESIDE_HEAP_MIB = 64;
/** What nats-server's queues keep after a reader has caught up: the last 4,096 messages that each of them held at once. */
const QUEUES_MIB = 64;
/** The rest came too late, or was under way when the collector was killed. */
const RUBBISH_SHARE = 0.9;
const LOAD_SHARE_MIN = 0.95;
const OTHERS_CPU_MAX = 0.15;
const WAITING_MAX_S = 2;

/** Every law of the soak with its figure. */
export function judge(
  report: Pick<SoakReport, 'rows' | 'rows_per_s' | 'faults' | 'windows' | 'disk' | 'unplanned_ends' | 'processes'>,

  trends: ReadonlyMap<string, ProcessTrends>,
  /** Of the machine. */
  cores: number,
): readonly Check[] {
  const { rows, faults, windows } = report;
  const zero = (name: string, value: number): Check => ({ name, figure: String(value), limit: '0', ok: value === 0 });
  return [
    zero('pages lost', rows.pages_lost),
    zero('pages stored with other rows than served', rows.pages_uneven),
    zero('rows that nobody has served', rows.rows_strange),
    zero('alerts told twice', rows.alerts_twice),
    atMost(
      'pages that came too late for the collector',
      rows.pages_given_up / Math.max(1, rows.pages_served),
      TOO_LATE_SHARE_MAX,
      (share) => `${(share * 100).toFixed(2)} %`,
    ),
    {
      name: 'rubbish in the dead letters',
      figure: `${rows.rubbish_letters} of ${rows.rubbish_served}`,
      limit: `${RUBBISH_SHARE * 100} % at least, each once`,
      ok: rows.rubbish_letters <= rows.rubbish_served && rows.rubbish_letters >= rows.rubbish_served * RUBBISH_SHARE,
    },
    ...loadChecks(report),
    othersCheck(report, cores),
    zero('tables suspended', rows.tables_suspended.length),
    zero('processes that ended by themselves', report.unplanned_ends.length),
    ...[...trends].flatMap(([name, one]) => memoryChecks(name, one)),
    ...latencyChecks(windows),
    ...recoveryChecks(faults),
    ...diskChecks(report),
  ];
}

function memoryChecks(name: string, trends: ProcessTrends): Check[] {
  const ours = trends.heap !== null && trends.garbage === null;
  const share = ours ? FLAT_SHARE : OTHERS_SHARE;
  // What may come to live may have as much garbage beside it.
  const free_mib = trends.garbage === null ? FLAT_MIB : QUEUES_MIB * trends.garbage.times;
  const checks = [flat(`${name}: memory`, trends.own, share, free_mib)];
  if (trends.garbage !== null) checks.push(explained(`${name}: memory beside its heap`, trends.own, trends.garbage));
  if (trends.heap !== null) checks.push(flat(`${name}: heap`, trends.heap, share, ours ? FLAT_MIB : QUEUES_MIB));
  const { handles } = trends;
  // A database opens the files of another partition every hour, and closes the old ones when it pleases.
  const allowed = ours ? HANDLES_FREE : Math.max(HANDLES_FREE, handles.level * OTHERS_SHARE);
  const known = !Number.isNaN(handles.per_hour) && handles.points >= POINTS_MIN;
  checks.push({
    name: `${name}: open files`,
    figure: known
      ? `${handles.per_hour.toFixed(1)} an hour, at ${handles.level}`
      : `${handles.level}; too short to tell`,
    limit: `${Math.round(allowed)} an hour`,
    ok: !known || handles.low <= allowed,
  });
  return checks;
}

/** Flat is what does not certainly rise by more than the share. */
function flat(name: string, trend: Trend, share: number, free_mib = FLAT_MIB): Check {
  const allowed = Math.max(free_mib * MIB, trend.level * share);
  const mib = (bytes: number): string => (bytes / MIB).toFixed(1);
  const limit = `${mib(allowed)} MiB an hour`;
  if (Number.isNaN(trend.per_hour) || trend.points < POINTS_MIN) {
    return { name, figure: `${mib(trend.level)} MiB; too short to tell a slope`, limit, ok: true };
  }
  const figure = `${mib(trend.per_hour)} MiB an hour (${mib(trend.low)} to ${mib(trend.high)}), at ${mib(trend.level)}`;
  return { name, figure, limit, ok: trend.low <= allowed };
}

/** What lives in it, and what the runtime lets garbage have besides, must explain all of its memory. */
function explained(name: string, own: Trend, garbage: NonNullable<ProcessTrends['garbage']>): Check {
  const { times, own_max_bytes, live_max_bytes } = garbage;
  const mib = (bytes: number): string => (bytes / MIB).toFixed(1);
  const allowed = live_max_bytes * times + BESIDE_HEAP_MIB * MIB;
  return {
    name,
    figure: `${mib(own_max_bytes)} MiB at most, median ${mib(own.level)}`,
    limit: `${times} times the ${mib(live_max_bytes)} MiB that live at most, and ${BESIDE_HEAP_MIB} MiB`,
    ok: own_max_bytes <= allowed,
  };
}

/** Whether the load was there, and was kept up with, while nothing was wrong. */
function loadChecks({ windows, rows_per_s }: Pick<SoakReport, 'windows' | 'rows_per_s'>): Check[] {
  const calm = windows.filter((one) => one.calm);
  if (calm.length < CALM_MIN) return [];
  const served = (calm.reduce((sum, { rows }) => sum + rows, 0) / calm.length / WINDOW_MS) * 1_000;
  const messages_per_s = rows_per_s / GPUS_PER_NODE;
  const waiting_s = medianOf(calm.map(({ lag_messages_max }) => lag_messages_max)) / messages_per_s;
  return [
    {
      name: 'load in calm time',
      figure: `${Math.round(served)} rows/s of ${rows_per_s}`,
      limit: `${LOAD_SHARE_MIN * 100} %`,
      ok: served >= rows_per_s * LOAD_SHARE_MIN,
    },
    atMost('waiting in the stream in calm time', waiting_s, WAITING_MAX_S, (s) => `${s.toFixed(1)} s of load`),
  ];
}

/** Figures of a machine that others use meanwhile say little of us. */
function othersCheck({ windows, processes }: Pick<SoakReport, 'windows' | 'processes'>, cores: number): Check {
  const busy = windows.reduce((sum, { cpu_share }) => sum + cpu_share, 0) / Math.max(1, windows.length);
  const ours = processes.reduce((sum, one) => sum + one.cores, 0) / cores;
  return atMost(
    'CPU that other programs took',
    Math.max(0, busy - ours),
    OTHERS_CPU_MAX,
    (share) => `${Math.round(share * 100)} % of the machine`,
  );
}

function latencyChecks(windows: readonly SoakWindow[]): Check[] {
  const calm = windows.filter((one) => one.calm && one.scrapes > 0);
  const third = Math.max(1, Math.floor(calm.length / 3));
  return (['p50_ms', 'p99_ms'] as const).map((key) => {
    const first = medianOf(calm.slice(0, third).map((one) => one[key]));
    const last = medianOf(calm.slice(-third).map((one) => one[key]));
    const limit = first * LATENCY_TIMES_MAX + LATENCY_FREE_MS;
    const name = `scrape to live, ${key.slice(0, 3)}, last third of the calm time`;
    if (calm.length < CALM_MIN) return { name, figure: 'too short to tell', limit: '', ok: true };
    return {
      name,
      figure: `${Math.round(last)} ms; first third ${Math.round(first)} ms`,
      limit: `${Math.round(limit)} ms`,
      ok: last <= limit,
    };
  });
}

/** Time from the process being back until live rows were fresh. */
function recoveryChecks(faults: readonly FaultRun[]): Check[] {
  const byKind = new Map<string, FaultRun[]>();
  for (const fault of faults) {
    const name = `${fault.kind === 'kill' ? 'killed' : 'stopped'}: ${FAULT_NAMES[fault.target]}`;
    byKind.set(name, [...(byKind.get(name) ?? []), fault]);
  }
  return [...byKind].map(([name, runs]) => {
    const judged = runs.filter((run) => run.recovered_ms !== null || run.patience_ms >= RECOVERY_MAX_MS);
    const took = judged.map(({ recovered_ms, back_ms }) => (recovered_ms ?? Number.POSITIVE_INFINITY) - back_ms);
    if (took.length === 0) return { name: `${name}, ${runs.length} times`, figure: NEXT_TOO_SOON, limit: '', ok: true };
    const longest = Math.max(...took);
    const figure = Number.isFinite(longest)
      ? `fresh ${(longest / 1_000).toFixed(1)} s after it was back`
      : 'not fresh again';
    return {
      name: `${name}, ${runs.length} times`,
      figure,
      limit: `${RECOVERY_MAX_MS / 1_000} s`,
      ok: longest <= RECOVERY_MAX_MS,
    };
  });
}

function diskChecks({ disk }: Pick<SoakReport, 'disk'>): Check[] {
  const { first, last, rows, foretold_per_row, stream_max_bytes } = disk;
  const gib = (bytes: number): string => (bytes / GIB).toFixed(2);
  return (['stream', 'gpu_metrics'] as const).map((part) => {
    const room = part === 'stream' ? Math.max(0, stream_max_bytes - first.stream) : Number.POSITIVE_INFINITY;
    const foretold = Math.min(foretold_per_row[part] * rows, room);
    const grown = last[part] - first[part];
    const times = grown / foretold;
    return {
      name: `disk: ${part === 'stream' ? 'raw stream' : 'gpu_metrics'}`,
      figure: `${gib(grown)} GiB for ${(rows / 1e6).toFixed(1)} million rows, foretold ${gib(foretold)}`,
      limit: `${DISK_TIMES[0]} to ${DISK_TIMES[1]} times`,
      ok: times >= DISK_TIMES[0] && times <= DISK_TIMES[1],
    };
  });
}

const atMost = (name: string, value: number, limit: number, show: (value: number) => string): Check => ({
  name,
  figure: show(value),
  limit: show(limit),
  ok: value <= limit,
});
