import type { AlarmCosts } from '../../models/prediction/calibrate.ts';
import { thresholdByCost } from '../../models/prediction/threshold-by-cost.ts';
import { FAILED, type Outcomes, type PredictionColumns, SURVIVED } from './outcomes.ts';

/** given by who asked; learned from what had come by then; prior: by the costs alone, while too little had come. */
export type ThresholdSource = 'given' | 'learned' | 'prior';

export interface Threshold {
  readonly threshold: number;
  readonly source: ThresholdSource;
}

/** With fewer failures a threshold is luck. */
const FAILURES_MIN = 10;
/** Neighbouring days say the same: more rows make it slower, not better. */
const ROWS_MAX = 50_000;

/**
 * The threshold that costs least by what was known at `until`: of predictions whose horizon had passed then. Before ten
 * failures were seen it is where the expected costs are equal, which is best for probabilities that are right.
 */
export function thresholdAt(
  columns: PredictionColumns,
  outcomes: Outcomes,
  horizon_ms: number,
  costs: AlarmCosts,
  until: number,
): Threshold {
  const failures = new Set<string>();
  let known = 0;
  for (let row = 0; row < columns.ts.length; row++) {
    if (!isKnown(columns, outcomes, row, until - horizon_ms)) continue;
    known++;
    if (outcomes.state[row] === FAILED) failures.add(`${columns.gpu[row]} ${outcomes.failed_at[row]}`);
  }
  if (failures.size < FAILURES_MIN) {
    const threshold = costs.false_alarm_usd / (costs.false_alarm_usd + costs.missed_failure_usd);
    return { threshold, source: 'prior' };
  }
  const stride = Math.ceil(known / ROWS_MAX);
  const labels: number[] = [];
  const p: number[] = [];
  for (let row = 0; row < columns.ts.length; row++) {
    if (dayOf(columns, row) % stride !== 0 || !isKnown(columns, outcomes, row, until - horizon_ms)) continue;
    labels.push(outcomes.state[row] === FAILED ? 1 : 0);
    p.push(columns.p[row] as number);
  }
  return { threshold: thresholdByCost(labels, p, costs), source: 'learned' };
}

function isKnown({ ts }: PredictionColumns, { state }: Outcomes, row: number, made_until: number): boolean {
  return (ts[row] as number) <= made_until && (state[row] === FAILED || state[row] === SURVIVED);
}

/** Each GPU in its turn. */
const dayOf = ({ ts, gpu }: PredictionColumns, row: number): number =>
  Math.floor((ts[row] as number) / 86_400_000) + (gpu[row] as number);
