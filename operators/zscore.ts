import type { Batch } from '../pipeline/contract/batch.ts';
import type { Anomaly, Severity } from '../pipeline/contract/events.ts';
import { causeId } from '../pipeline/contract/ids.ts';
import { METRIC_COUNT, METRICS, type Metric, metricIndex } from '../pipeline/contract/metrics.ts';
import type { EmitFrom, Operator, State } from '../pipeline/contract/operator.ts';
import type { GpuIdentity } from '../pipeline/contract/registry.ts';
import { type DurationMs, formatDuration } from '../pipeline/contract/time.ts';

export interface ZscoreOptions {
  /** Deviation, in sigma, that counts. */
  readonly threshold: number;
  /** Time in which a reading's weight falls to a half. */
  readonly half_life: DurationMs;
  /** Consecutive readings beyond the threshold that open an anomaly, and calm ones that close it. */
  readonly confirm_rows: number;
  /** Rows, and time, that a GPU is watched before it is judged. */
  readonly warmup_rows: number;
  readonly warmup: DurationMs;
  /** After a change of workload nothing is judged for this long, while the baseline is learned anew. */
  readonly settle: DurationMs;
}

export interface ZscorePorts {
  readonly anomalies: Anomaly;
}

const WATCHED = METRICS.flatMap((metric, index) => ((metric as Metric).sigma_floor ? [index] : []));
const WIDTH = WATCHED.length;
const COLUMNS = Uint16Array.from(WATCHED);
const FLOOR_SQUARED = Float64Array.from(WATCHED, (index) => ((METRICS[index] as Metric).sigma_floor ?? 0) ** 2);
const ACTIVITY = [metricIndex('gr_engine_active_ratio'), metricIndex('gpu_util_ratio')] as const;

/** A jump of utilisation by this much is a change of workload, not of health. */
const ACTIVITY_SHIFT_RATIO = 0.3;
/** Weight of a reading while the baseline is learned anew. */
const LEARNING_WEIGHT = 0.25;
/** A workload is taken as stable again this soon when it was only a blip of the utilisation's own noise. */
const ACTIVITY_WEIGHT = 0.2;

const STATE = {
  mean: { scope: 'gpu', type: 'f64', width: WIDTH, initial: Number.NaN },
  variance: { scope: 'gpu', type: 'f64', width: WIDTH, initial: 0 },
  /** Consecutive rows beyond the threshold while closed; consecutive calm rows while open. */
  streak: { scope: 'gpu', type: 'u8', width: WIDTH, initial: 0 },
  opened_at: { scope: 'gpu', type: 'f64', width: WIDTH, initial: 0 },
  open_expected: { scope: 'gpu', type: 'f64', width: WIDTH, initial: 0 },
  open_observed: { scope: 'gpu', type: 'f64', width: WIDTH, initial: 0 },
  open_score: { scope: 'gpu', type: 'f64', width: WIDTH, initial: 0 },
  first_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  last_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  rows: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  activity: { scope: 'gpu', type: 'f64', width: 1, initial: Number.NaN },
  settled_at: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
} as const;
type ZState = State<typeof STATE>;

/**
 * Flags a GPU whose reading leaves its own recent range.
 *
 * Input    enriched rows; missing readings are skipped, rows not newer than the GPU's last one too.
 * Output   anomalies: one when a condition opens, one more (same id and ts) when it closes.
 * Time     event time; readings weigh by elapsed time, so gaps and cadences need no care; no timers.
 * State    49 B per watched gauge and 44 B per GPU: mean, variance, streak, the open anomaly.
 * Cost     O(watched gauges) per row, one exp, no square root unless something fires, no allocation unless it emits.
 * Errors   none.
 * Source   EWMA mean and variance, West 1979 (CACM 22(9)) weighted by time; control limits after Roberts 1959.
 */
export const zscore = (options: ZscoreOptions): Operator<typeof STATE, ZscorePorts> => {
  const decay = Math.LN2 / options.half_life;
  const limit = options.threshold ** 2;
  const calm = (options.threshold / 2) ** 2;
  return {
    name: 'zscore',
    summary: "each gauge against the GPU's own recent past",
    state: STATE,
    ports: ['anomalies'],
    onBatch(batch, state, emit) {
      for (let row = 0; row < batch.rows; row++) {
        const gpu = batch.gpu[row] as number;
        const ts = batch.ts[row] as number;
        const last = state.last_ts[gpu] as number;
        if (ts <= last) continue;
        const seen = state.rows[gpu] as number;
        if (seen === 0) state.first_ts[gpu] = ts;
        state.last_ts[gpu] = ts;
        state.rows[gpu] = seen + 1;
        const changed = noteActivity(batch, row, gpu, ts, state, options.settle);
        const learning = ts < (state.settled_at[gpu] as number);
        // Until the half-life has filled, plain averaging learns faster than the decay would. The first reading of another
        // workload starts anew: the jump to it would stay in the variance for hours when few readings fit into `settle`.
        const fresh = changed ? 1 : learning ? LEARNING_WEIGHT : 1 / (seen + 1);
        const weight = Math.max(1 - Math.exp(-(ts - last) * decay), fresh);
        const watched = ts - (state.first_ts[gpu] as number);
        const judged = seen >= options.warmup_rows && watched >= options.warmup && !learning;
        const from = row * METRIC_COUNT;
        const cell = gpu * WIDTH;
        for (let w = 0; w < WIDTH; w++) {
          const value = batch.values[from + (COLUMNS[w] as number)] as number;
          if (Number.isNaN(value)) continue;
          const at = cell + w;
          const mean = state.mean[at] as number;
          if (Number.isNaN(mean)) {
            state.mean[at] = value;
            continue;
          }
          let deviation = value - mean;
          const variance = state.variance[at] as number;
          const spread = Math.max(variance, FLOOR_SQUARED[w] as number);
          const score = (deviation * deviation) / spread;
          if (state.opened_at[at] !== 0) {
            const over = score < calm || learning;
            state.streak[at] = over ? (state.streak[at] as number) + 1 : 0;
            if (score > (state.open_score[at] as number)) {
              state.open_score[at] = score;
              state.open_observed[at] = value;
            }
            if ((state.streak[at] as number) >= options.confirm_rows || learning)
              close(batch, row, w, state, options, emit);
          } else if (score >= limit && judged) {
            const streak = (state.streak[at] as number) + 1;
            state.streak[at] = streak;
            if (streak >= options.confirm_rows) open(batch, row, w, score, value, state, options, emit);
          } else {
            state.streak[at] = 0;
          }
          // A reading beyond the limit moves the baseline only as far as one on the limit would.
          if (judged && score > limit) deviation *= Math.sqrt(limit / score);
          const step = weight * deviation;
          state.mean[at] = mean + step;
          state.variance[at] = (1 - weight) * (variance + deviation * step);
        }
      }
    },
  };
};

/**
 * Whether this row begins another workload. A change is judged by utilisation alone; what follows from it is learned, not
 * reported.
 */
function noteActivity(batch: Batch, row: number, gpu: number, ts: number, state: ZState, settle: DurationMs): boolean {
  const from = row * METRIC_COUNT;
  let now = batch.values[from + ACTIVITY[0]] as number;
  if (Number.isNaN(now)) now = batch.values[from + ACTIVITY[1]] as number;
  if (Number.isNaN(now)) return false;
  const usual = state.activity[gpu] as number;
  if (Number.isNaN(usual)) {
    state.activity[gpu] = now;
    return false;
  }
  if (Math.abs(now - usual) > ACTIVITY_SHIFT_RATIO) {
    state.settled_at[gpu] = ts + settle;
    state.activity[gpu] = now;
    return true;
  }
  state.activity[gpu] = usual + ACTIVITY_WEIGHT * (now - usual);
  return false;
}

function open(
  batch: Batch,
  row: number,
  w: number,
  score: number,
  value: number,
  state: ZState,
  options: ZscoreOptions,
  emit: EmitFrom<ZscorePorts>,
): void {
  const at = (batch.gpu[row] as number) * WIDTH + w;
  state.opened_at[at] = batch.ts[row] as number;
  state.open_expected[at] = state.mean[at] as number;
  state.open_observed[at] = value;
  state.open_score[at] = score;
  state.streak[at] = 0;
  emit('anomalies', anomaly(batch, row, w, state, options, null), row);
}

function close(
  batch: Batch,
  row: number,
  w: number,
  state: ZState,
  options: ZscoreOptions,
  emit: EmitFrom<ZscorePorts>,
): void {
  const at = (batch.gpu[row] as number) * WIDTH + w;
  emit('anomalies', anomaly(batch, row, w, state, options, batch.ts[row] as number), row);
  state.opened_at[at] = 0;
  state.streak[at] = 0;
}

function anomaly(
  batch: Batch,
  row: number,
  w: number,
  state: ZState,
  options: ZscoreOptions,
  closedAt: number | null,
): Anomaly {
  const gpu = batch.gpu[row] as number;
  const at = gpu * WIDTH + w;
  const metric = METRICS[COLUMNS[w] as number] as Metric;
  const identity = batch.registry.gpus[gpu] as GpuIdentity;
  const openedAt = state.opened_at[at] as number;
  const observed = state.open_observed[at] as number;
  const expected = state.open_expected[at] as number;
  const score = Math.sqrt(state.open_score[at] as number) * (observed < expected ? -1 : 1);
  const severity: Severity = Math.abs(score) >= 3 * options.threshold ? 'warning' : 'info';
  const window = `ewma ${formatDuration(options.half_life)}`;
  return {
    ts: openedAt,
    gpu_uuid: identity.uuid,
    node: batch.registry.nodes[batch.node[row] as number] as string,
    instance: identity.instance,
    id: causeId('zscore', identity.uuid, identity.instance, metric.name, openedAt),
    type: 'zscore',
    metric: metric.name,
    severity,
    score,
    observed,
    expected,
    window,
    detector: 'zscore',
    explanation: `${metric.name} was ${rounded(observed)} ${metric.unit} where its last ${formatDuration(options.half_life)} expected ${rounded(expected)}: ${rounded(Math.abs(score))} sigma ${score < 0 ? 'below' : 'above'}.`,
    state: closedAt === null ? 'open' : 'closed',
    opened_at: openedAt,
    closed_at: closedAt,
  };
}

const rounded = (value: number): string => String(Number(value.toPrecision(4)));
