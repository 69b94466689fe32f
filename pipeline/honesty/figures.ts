import { auc, averagePrecision } from '../../models/classification-metrics.ts';
import { type Calibration, calibrationOf } from './calibration.ts';
import { outcomeWeights } from './outcome-weights.ts';
import { FAILED, LOST, type Outcomes, PENDING, type PredictionColumns } from './outcomes.ts';

/** Figures of some predictions; null = cannot be told, or not yet. */
export interface Figures {
  /** One a GPU and day. */
  readonly predictions: number;
  /** Whose outcome is known. */
  readonly settled: number;
  /** As many equally weighing predictions would tell as much. */
  readonly effective: number | null;
  readonly gpus: number;
  /** Share of predictions that a failure followed within the horizon. */
  readonly failure_share: number | null;
  /** Failures that followed a prediction within the horizon, and those of them with an alarm before. */
  readonly failures: number;
  readonly failures_in_time: number;
  /** Share of alarms that a failure followed; share of predictions before a failure that were alarms. */
  readonly precision: number | null;
  readonly recall: number | null;
  /** Days from the first alarm within the horizon to the failure: quartiles. */
  readonly lead_time_days: { readonly low: number; readonly median: number; readonly high: number } | null;
  readonly calibration: Calibration | null;
  readonly auc: number | null;
  readonly average_precision: number | null;
}

const DAY_MS = 86_400_000;

/**
 * How good the predictions of these rows were. `alarm` is 1 where a prediction was one. O(n log n), and yields after every
 * pass over the rows, so that others can go on in between.
 */
export function* figuresOf(
  columns: PredictionColumns,
  outcomes: Outcomes,
  alarm: Uint8Array,
  rows: Uint32Array,
): Generator<void, Figures> {
  /** Earliest alarm before each failure; infinity where there was none. */
  const warned = new Map<string, { failed_at: number; first: number }>();
  for (const row of rows) {
    if (outcomes.state[row] !== FAILED) continue;
    const failed_at = outcomes.failed_at[row] as number;
    const key = `${columns.gpu[row]} ${failed_at}`;
    const seen = warned.get(key) ?? { failed_at, first: Number.POSITIVE_INFINITY };
    if (alarm[row] === 1) seen.first = Math.min(seen.first, columns.ts[row] as number);
    warned.set(key, seen);
  }
  yield;
  const leads = [...warned.values()]
    .filter(({ first }) => Number.isFinite(first))
    .map(({ failed_at, first }) => (failed_at - first) / DAY_MS)
    .sort((a, b) => a - b);
  return {
    predictions: rows.length,
    gpus: distinct(columns.gpu, rows),
    failures: warned.size,
    failures_in_time: leads.length,
    lead_time_days:
      leads.length === 0
        ? null
        : { low: quantile(leads, 0.25), median: quantile(leads, 0.5), high: quantile(leads, 0.75) },
    ...(yield* weighed(columns, outcomes, alarm, rows)),
  };
}

function* weighed(
  columns: PredictionColumns,
  outcomes: Outcomes,
  alarm: Uint8Array,
  rows: Uint32Array,
): Generator<
  void,
  Pick<
    Figures,
    'settled' | 'effective' | 'failure_share' | 'precision' | 'recall' | 'calibration' | 'auc' | 'average_precision'
  >
> {
  const settled = rows.filter((row) => outcomes.state[row] !== PENDING && outcomes.state[row] !== LOST);
  const all = outcomeWeights(outcomes, rows);
  yield;
  if (all === null) {
    return {
      settled: settled.length,
      effective: null,
      failure_share: null,
      precision: null,
      recall: null,
      calibration: null,
      auc: null,
      average_precision: null,
    };
  }
  const weights = all.filter((weight) => weight > 0);
  yield;
  const labels = Uint8Array.from(settled, (row) => (outcomes.state[row] === FAILED ? 1 : 0));
  const p = Float64Array.from(settled, (row) => columns.p[row] as number);
  const gpu = Uint32Array.from(settled, (row) => columns.gpu[row] as number);
  yield;
  let sum = 0;
  let squares = 0;
  let failed = 0;
  let alarmed = 0;
  let right = 0;
  settled.forEach((row, i) => {
    const weight = weights[i] as number;
    sum += weight;
    squares += weight * weight;
    if (labels[i] === 1) failed += weight;
    if (alarm[row] !== 1) return;
    alarmed += weight;
    if (labels[i] === 1) right += weight;
  });
  yield;
  const calibration = calibrationOf({ labels, p, weights, gpu });
  yield;
  const area = told(auc(labels, p, weights));
  yield;
  const average_precision = told(averagePrecision(labels, p, weights));
  yield;
  return {
    settled: settled.length,
    effective: (sum * sum) / squares,
    failure_share: failed / sum,
    precision: told(right / alarmed),
    recall: told(right / failed),
    calibration,
    auc: area,
    average_precision,
  };
}

function distinct(gpu: Uint32Array, rows: Uint32Array): number {
  const seen = new Uint8Array(1 + gpu.reduce((a, b) => Math.max(a, b), 0));
  let count = 0;
  for (const row of rows) {
    const one = gpu[row] as number;
    if (seen[one] === 1) continue;
    seen[one] = 1;
    count++;
  }
  return count;
}

const told = (figure: number): number | null => (Number.isFinite(figure) ? figure : null);

/** Of ascending values, between the two nearest in proportion. */
function quantile(values: readonly number[], share: number): number {
  const at = (values.length - 1) * share;
  const below = values[Math.floor(at)] as number;
  return below + (at - Math.floor(at)) * ((values[Math.ceil(at)] as number) - below);
}
