import type { Batch } from '../pipeline/contract/batch.ts';
import { type DeadLetter, REASON_CODES, type Reason, type RefusalLevel } from '../pipeline/contract/events.ts';
import { METRIC_COUNT, METRICS, type Metric } from '../pipeline/contract/metrics.ts';
import type { EmitFrom, Operator } from '../pipeline/contract/operator.ts';
import type { GpuIdentity } from '../pipeline/contract/registry.ts';
import { type DurationMs, EPOCH_MS_MAX } from '../pipeline/contract/time.ts';
import { compactBatch } from './core/batch-slice.ts';

export interface ValidateOptions {
  /** A row older than its node's newest row by more than this is late. */
  readonly lateness_max: DurationMs;
  /** A row newer than its message's arrival by more than this lies in the future; null: the fleet's clock is not ours. */
  readonly future_max: DurationMs | null;
}

export interface ValidatePorts {
  readonly rows: Batch;
  /** Refused values and rows. */
  readonly refused: DeadLetter;
  /** Rows that came too late: refused as well, on a port of their own. */
  readonly late: DeadLetter;
}

const STATE = {
  newest_ts: { scope: 'node', type: 'f64', width: 1, initial: Number.NEGATIVE_INFINITY },
} as const;

/** What is not below needs no second look. */
const MIN = Float64Array.from(METRICS, (metric) => (metric.zero_is_missing === true ? Number.MIN_VALUE : metric.min));
const MAX = Float64Array.from(METRICS, (metric) => metric.max);

/**
 * Lets through what the catalogue allows.
 *
 * Input    rows of a group in stream order.
 * Output   rows: in range and in time, out-of-range values and zeros that are none turned into NaN; refused, late: dead letters.
 * Time     event time per node: a node's newest row so far, row by row, is its watermark.
 * State    8 B per node.
 * Cost     O(metrics) comparisons per row; copies a batch only when something in it is refused.
 * Errors   none: bad input is a dead letter.
 */
export const validate = (options: ValidateOptions): Operator<typeof STATE, ValidatePorts> => ({
  name: 'validate',
  summary: 'range, monotonic time; refuses with a reason',
  state: STATE,
  ports: ['rows', 'refused', 'late'],
  onBatch(batch, state, emit) {
    let keep: Uint8Array | null = null;
    let values: Float64Array | null = null;
    const drop = (row: number): void => {
      keep ??= new Uint8Array(batch.rows).fill(1);
      keep[row] = 0;
    };
    for (let row = 0; row < batch.rows; row++) {
      const ts = batch.ts[row] as number;
      const node = batch.node[row] as number;
      if (!(ts > 0 && ts <= EPOCH_MS_MAX)) {
        drop(row);
        emit('refused', rowLetter(batch, row, 'no_time', `time ${ts}`), row);
        continue;
      }
      if (options.future_max !== null && ts > (batch.arrived_at[row] as number) + options.future_max) {
        drop(row);
        emit(
          'refused',
          rowLetter(batch, row, 'future', `${ts - (batch.arrived_at[row] as number)} ms after its arrival`),
          row,
        );
        continue;
      }
      const newest = state.newest_ts[node] as number;
      if (ts < newest - options.lateness_max) {
        drop(row);
        emit('late', rowLetter(batch, row, 'late', `${newest - ts} ms late, ${options.lateness_max} ms allowed`), row);
        continue;
      }
      if (ts > newest) state.newest_ts[node] = ts;
      const from = row * METRIC_COUNT;
      for (let m = 0; m < METRIC_COUNT; m++) {
        const value = batch.values[from + m] as number;
        // NaN, a missing reading, fails both comparisons and passes.
        if (value < (MIN[m] as number) || value > (MAX[m] as number)) {
          const metric = METRICS[m] as Metric;
          const in_range = value >= metric.min && value <= metric.max;
          if (in_range && value !== 0) continue;
          values ??= batch.values.slice(0, batch.rows * METRIC_COUNT);
          values[from + m] = Number.NaN;
          if (!in_range) refuseValue(batch, row, metric, value, emit);
        }
      }
    }
    const checked = values === null ? batch : { ...batch, values };
    const kept = keep === null ? checked : compactBatch(checked, keep);
    if (kept.rows > 0) emit('rows', kept);
  },
});

function refuseValue(batch: Batch, row: number, metric: Metric, value: number, emit: EmitFrom<ValidatePorts>): void {
  const detail = `${metric.name} ${value} is outside ${metric.min}..${metric.max} ${metric.unit}`;
  emit('refused', letter(batch, row, 'value', 'out_of_range', detail, `${metric.name} ${value}`), row);
}

/** A refused row as the JSON row that `replay` and `dead-letters retry` read. */
function rowLetter(batch: Batch, row: number, reason: Reason, detail: string): DeadLetter {
  const gpu = batch.registry.gpus[batch.gpu[row] as number] as GpuIdentity;
  const original: Record<string, unknown> = {
    ts: batch.ts[row],
    node: batch.registry.nodes[batch.node[row] as number],
    gpu_uuid: gpu.uuid,
    instance: gpu.instance,
    model: gpu.model,
  };
  const user = batch.registry.attributions[batch.attribution[row] as number]?.[0];
  for (const [name, text] of Object.entries(user ?? {})) if (text !== '') original[name] = text;
  const xids = batch.xids.filter((x) => x.row === row && x.kind === 'event').map((x) => x.xid);
  if (xids.length > 0) original.xids = xids;
  for (let m = 0; m < METRIC_COUNT; m++) {
    const value = batch.values[row * METRIC_COUNT + m] as number;
    if (!Number.isNaN(value)) original[(METRICS[m] as Metric).name] = value;
  }
  return letter(batch, row, 'row', reason, detail, JSON.stringify(original));
}

function letter(
  batch: Batch,
  row: number,
  level: RefusalLevel,
  reason: Reason,
  detail: string,
  original: string,
): DeadLetter {
  const ts = batch.ts[row] as number;
  return {
    ts: ts > 0 && ts <= EPOCH_MS_MAX ? ts : (batch.arrived_at[row] as number),
    node: batch.registry.nodes[batch.node[row] as number] as string,
    level,
    reason,
    code: REASON_CODES[reason],
    step: 'validate',
    detail: `${(batch.registry.gpus[batch.gpu[row] as number] as GpuIdentity).uuid}: ${detail}`,
    original,
  };
}
