import { days } from '../pipeline/contract/time.ts';
import type { FleetReading, GpuEntry } from './fleet-view.ts';
import type { DecisionNow, HealthNow, PredictionNow } from './verdict-now.ts';

/** What is thought of a board or MIG instance; the decision is the board's. Null: nothing, or nothing of late. */
export interface PresentVerdicts {
  health(entry: GpuEntry): HealthNow | null;
  prediction(entry: GpuEntry): PredictionNow | null;
  decision(entry: GpuEntry): DecisionNow | null;
}

/** What was last said of a board so long before the fleet's newest sample says nothing of now. */
const PRESENT_MS = days(1);

/** The verdicts of a view as of its newest sample. Cost: two look-ups an entry and kind. */
export function presentVerdicts({
  verdicts,
  newest_ts,
}: Pick<FleetReading, 'verdicts' | 'newest_ts'>): PresentVerdicts {
  const since = newest_ts - PRESENT_MS;
  const present = <Row extends { readonly ts: number }>(row: Row | null): Row | null =>
    row === null || row.ts < since ? null : row;
  return {
    health: ({ gpu_uuid, instance, ts }) => present(verdicts.health(gpu_uuid, instance, ts)),
    prediction: ({ gpu_uuid, instance, ts }) => present(verdicts.prediction(gpu_uuid, instance, ts)),
    decision: ({ gpu_uuid, ts }) => present(verdicts.decision(gpu_uuid, ts)),
  };
}
