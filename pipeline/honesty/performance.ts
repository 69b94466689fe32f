import type { AlarmCosts } from '../../models/prediction/calibrate.ts';
import type { HorizonDays } from '../contract/predictions.ts';
import { type Threshold, thresholdAt } from './alarm-thresholds.ts';
import type { DriftAlarm } from './drift-alarm.ts';
import { type Figures, figuresOf } from './figures.ts';
import { lossDrift } from './loss-drift.ts';
import { type GpuFates, outcomesOf, type PredictionColumns } from './outcomes.ts';
import { predictionDrift } from './prediction-drift.ts';

/** How good the predictions of one model version for one horizon were, all and by month. */
export interface Performance extends Figures {
  /** First and last prediction, epoch ms. */
  readonly from: number;
  readonly to: number;
  /** What would be used from now on. */
  readonly threshold: Threshold;
  readonly months: readonly (Figures & Threshold & { readonly month: string })[];
  readonly alarms: readonly DriftAlarm[];
}

export interface PerformanceOptions {
  readonly horizon_days: HorizonDays;
  /** Newest event time, epoch ms. */
  readonly newest: number;
  readonly costs: AlarmCosts;
  /** An alarm is a probability of at least so much; null: the cheapest, learned as outcomes came. */
  readonly threshold: number | null;
}

const DAY_MS = 86_400_000;

/**
 * Judges predictions by what came after them. Each month's alarms are those of the threshold that was the cheapest by what
 * was known when the month began, so that no prediction is judged by a threshold that its own outcome has helped to choose.
 * Null for no prediction. O(n log n) with a pass over all rows for each month; a generator, for it takes seconds for a large
 * fleet: whoever runs it may let others go on between its steps.
 */
export function* performanceOf(
  columns: PredictionColumns,
  fates: GpuFates,
  options: PerformanceOptions,
): Generator<void, Performance | null> {
  const { newest, costs } = options;
  const rows = columns.ts.length;
  if (rows === 0) return null;
  const horizon_ms = options.horizon_days * DAY_MS;
  const outcomes = outcomesOf(columns, fates, horizon_ms, newest);
  yield;
  const chosen = (until: number): Threshold =>
    options.threshold === null
      ? thresholdAt(columns, outcomes, horizon_ms, costs, until)
      : { threshold: options.threshold, source: 'given' };
  const alarm = new Uint8Array(rows);
  const months: Performance['months'][number][] = [];
  for (const [month, members] of byMonth(columns.ts)) {
    yield;
    const used = chosen(Date.parse(`${month}-01T00:00:00Z`));
    yield;
    for (const row of members) alarm[row] = (columns.p[row] as number) >= used.threshold ? 1 : 0;
    months.push({ month, ...used, ...(yield* figuresOf(columns, outcomes, alarm, members)) });
  }
  yield;
  const all = yield* figuresOf(columns, outcomes, alarm, range(0, rows));
  const drift = predictionDrift(columns, newest);
  yield;
  const losses = lossDrift(columns, outcomes, horizon_ms, newest);
  yield;
  return {
    ...all,
    from: columns.ts.reduce((a, b) => Math.min(a, b)),
    to: columns.ts.reduce((a, b) => Math.max(a, b)),
    threshold: chosen(newest),
    months,
    alarms: [...losses, ...(drift === null ? [] : [drift])],
  };
}

/** Rows by UTC month; they come by day. */
function* byMonth(ts: Float64Array): Generator<[month: string, rows: Uint32Array]> {
  const last = ts.length - 1;
  for (let from = 0; from <= last; ) {
    const month = new Date(ts[from] as number).toISOString().slice(0, 7);
    const [year, number] = month.split('-').map(Number) as [number, number];
    const end = Date.UTC(year, number, 1);
    let until = from;
    while (until <= last && (ts[until] as number) < end) until++;
    yield [month, range(from, until)];
    from = until;
  }
}

const range = (from: number, until: number): Uint32Array =>
  Uint32Array.from({ length: until - from }, (_, i) => from + i);
