import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import type { EmitFrom, State } from '../../pipeline/contract/operator.ts';
import type { ConditionLimits } from './condition-limits.ts';
import { CONDITION_COUNT } from './condition-table.ts';
import { COUNTER_COUNT, SLOT_COUNT } from './rate-slots.ts';

export interface ConditionsPorts {
  readonly anomalies: Anomaly;
}

const time = { scope: 'gpu', type: 'f64', initial: 0 } as const;

export const CONDITIONS_STATE = {
  last_ts: { ...time, width: 1 },
  /** Bits of conditions that are open or on their way there. */
  alive: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  opened_at: { ...time, width: CONDITION_COUNT },
  /** Begin of the evidence. */
  began: { ...time, width: CONDITION_COUNT },
  /** While closed: begin of the evidence that opens; while open: begin of the calm that closes. 0 = none. */
  since: { ...time, width: CONDITION_COUNT },
  critical_since: { ...time, width: CONDITION_COUNT },
  worst: { ...time, width: CONDITION_COUNT },
  limit: { ...time, width: CONDITION_COUNT },
  severity: { scope: 'gpu', type: 'u8', width: CONDITION_COUNT, initial: 0 },
  /** Metric that it was opened under, plus 1; 0 = the table's. */
  told_metric: { scope: 'gpu', type: 'u8', width: CONDITION_COUNT, initial: 0 },
  /** Last reading of each counter; infinite before the first, so that the first one is no rise. */
  counters: { scope: 'gpu', type: 'f64', width: COUNTER_COUNT, initial: Number.POSITIVE_INFINITY },
  /** Bits of counters that the last row did not have. */
  absent: { scope: 'gpu', type: 'u32', width: 1, initial: 0xffff_ffff },
  /** Bits of slots with rises in their window. */
  active: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  sum_now: { ...time, width: SLOT_COUNT },
  sum_before: { ...time, width: SLOT_COUNT },
  start_now: { ...time, width: SLOT_COUNT },
  start_before: { ...time, width: SLOT_COUNT },
  rise_at: { ...time, width: SLOT_COUNT },
  /** Whether its board-level readings were judged at its last row: 1 yes, 2 no. */
  role: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  /** Place in the thermal limits, as of a revision of what is known of the GPU. */
  model: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  model_revision: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  /** 1: a margin above 0 was seen; 2: profiling counters above 0 were seen. */
  seen: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  /** How much longer the GPU has worked with profiling counters at 0, where that is sure, than it has not. */
  prof_zero_ms: { ...time, width: 1 },
  /** Energy window: begin, energy at it, joules by power since, samples, sum of their squares, last power. */
  energy: { ...time, width: 6 },
  /** Temperature: reading, since when, then smoothed power, its least and most since then. */
  stillness: { ...time, width: 5 },
  /** Power limit: the highest so far; a higher one that must last first, and since when it does. */
  power_limit: { ...time, width: 3 },
  /** Attribution that the GPU sits idle under, and since when; 0 = it does not. */
  held_by: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  held_since: { ...time, width: 1 },
  /** Instant of the last look at which fields are there, and how long each was or was not (field-vanished.ts). */
  fields_at: { ...time, width: 1 },
  fields: { scope: 'gpu', type: 'u8', width: METRIC_COUNT, initial: 0 },
  /** 1: the last look missed some that are known. */
  fields_missing: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  /** Whether any GPU of the node was ever seen with an attribution. */
  attributes: { scope: 'node', type: 'u8', width: 1, initial: 0 },
  /** When a GPU of the node last had profiling counters above 0. */
  prof_at: { scope: 'node', type: 'f64', width: 1, initial: 0 },
} as const;
export type ConditionsState = State<typeof CONDITIONS_STATE>;

/** What a detector sees of the row it judges. One object for all rows: nobody keeps it. */
export interface Scene {
  batch: Batch;
  state: ConditionsState;
  emit: EmitFrom<ConditionsPorts>;
  readonly limits: ConditionLimits;
  values: Float64Array;
  /** Row in the batch, and where its values begin. */
  row: number;
  from: number;
  gpu: number;
  ts: number;
  /** The GPU's row before; its own ts on the first. */
  previous_ts: number;
  /** Bits of counters that are lower in this row than in the one before. */
  fell: number;
  /** Words of the detector for the explanation of the next note. */
  detail: string;
  /** Where the evidence of the next note begins, for a detector that needs some before it sees a level; 0 = with the level. */
  began: number;
  /** Whether the evidence of the next note is that of more than one row; always, but for rates. */
  again: boolean;
}

/** A reading of the row; NaN = missing. */
export const reading = (scene: Scene, column: number): number => scene.values[scene.from + column] as number;
/** Bits of the GPU's conditions that are open or on their way there. */
export const aliveBits = (scene: Scene): number => scene.state.alive[scene.gpu] as number;
