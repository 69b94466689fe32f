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
 * Null for no prediction. O(n log n) with a pass over all rows for each month.
 */
export function performanceOf(
  columns: PredictionColumns,
  fates: GpuFates,
  options: PerformanceOptions,
): Performance | null {
  const { newest, costs } = options;
  const rows = columns.ts.length;
  if (rows === 0) return null;
  const horizon_ms = options.horizon_days * DAY_MS;
  const outcomes = outcomesOf(columns, fates, horizon_ms, newest);
  const chosen = (until: number): Threshold =>
    options.threshold === null
      ? thresholdAt(columns, outcomes, horizon_ms, costs, until)
      : { threshold: options.threshold, source: 'given' };
  const alarm = new Uint8Array(rows);
  const months = [...byMonth(columns.ts)].map(([month, members]) => {
    const used = chosen(Date.parse(`${month}-01T00:00:00Z`));
    for (const row of members) alarm[row] = (columns.p[row] as number) >= used.threshold ? 1 : 0;
    return { month, ...used, ...figuresOf(columns, outcomes, alarm, members) };
  });
  const drift = predictionDrift(columns, newest);
  return {
    ...figuresOf(
      columns,
      outcomes,
      alarm,
      Uint32Array.from(columns.ts, (_, row) => row),
    ),
    from: columns.ts.reduce((a, b) => Math.min(a, b)),
    to: columns.ts.reduce((a, b) => Math.max(a, b)),
    threshold: chosen(newest),
    months,
    alarms: [...lossDrift(columns, outcomes, horizon_ms, newest), ...(drift === null ? [] : [drift])],
  };
}

/** Rows by UTC month, in order of time. */
function byMonth(ts: Float64Array): Map<string, Uint32Array> {
  const lists = new Map<string, number[]>();
  const names = new Map<number, string>();
  for (let row = 0; row < ts.length; row++) {
    const day = Math.floor((ts[row] as number) / DAY_MS);
    const month = names.get(day) ?? new Date(day * DAY_MS).toISOString().slice(0, 7);
    names.set(day, month);
    const list = lists.get(month);
    if (list === undefined) lists.set(month, [row]);
    else list.push(row);
  }
  return new Map(
    [...lists].sort(([a], [b]) => (a < b ? -1 : 1)).map(([month, list]) => [month, Uint32Array.from(list)]),
  );
}
