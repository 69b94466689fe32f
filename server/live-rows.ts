import type { Alert, AlertHandling } from '../pipeline/contract/alerts.ts';
import type { Anomaly, Attribution, HealthGrade, Severity } from '../pipeline/contract/events.ts';
import type { MetricName } from '../pipeline/contract/metrics.ts';
import type { DecisionOption } from '../pipeline/contract/predictions.ts';
import type { DecisionNow, HealthNow, PredictionNow } from './verdict-now.ts';

type Instant<T> = null extends T ? string | null : string;

/** A row as the live server tells it: the table's own fields, instants as ISO texts. */
type Told<Row> = {
  -readonly [Name in keyof Row]: Name extends 'ts' | `${string}_at` ? Instant<Row[Name]> : Row[Name];
};
/** Figures that were not there are null. */
type Nullable<Row, Names extends keyof Row> = Omit<Row, Names> & { [Name in Names]: Row[Name] | null };

/** A GPU or MIG instance on the topics `fleet` and `node/N`; readings by the names of the metrics, null when missing. */
export type LiveGpuSummary = {
  ts: string | null;
  gpu_uuid: string;
  node: string;
  instance: string;
  model: string;
  slot: string;
  open_info: number;
  open_warning: number;
  open_critical: number;
  worst_severity: Severity | null;
  stale_since: string | null;
  overall_score: number | null;
  health_grade: HealthGrade | null;
  failure_prob_7d: number | null;
  failure_prob_30d: number | null;
  decision: DecisionOption | null;
} & {
  [Name in
    | 'gpu_temp_celsius'
    | 'memory_temp_celsius'
    | 'power_watts'
    | 'power_limit_watts'
    | 'gpu_util_ratio'
    | 'gr_engine_active_ratio'
    | 'memory_util_ratio'
    | 'fb_used_bytes'
    | 'fb_free_bytes'
    | 'sm_clock_mhz'
    | 'throttle_reasons'
    | 'xid_last']: number | null;
};

/** The latest sample with every metric that was present. */
export type LiveSample = {
  ts: string;
  gpu_uuid: string;
  node: string;
  instance: string;
  attribution: Attribution[];
} & { [Name in MetricName]?: number | undefined };

export type LiveAnomaly = Nullable<Told<Anomaly>, 'score' | 'observed' | 'expected'>;

/** Topic `gpu/U`. */
export interface LiveGpu {
  gpu_uuid: string;
  node: string;
  model: string;
  slot: string;
  stale_since: string | null;
  /** The board's, else its first instance's. */
  sample: LiveSample | null;
  instances: LiveSample[];
  /** Open ones, worst first. */
  anomalies: LiveAnomaly[];
  /** The board's, or one of each of its MIG instances; likewise below. */
  health: Told<HealthNow>[];
  predictions: Told<PredictionNow>[];
  decision: Told<DecisionNow> | null;
}

export type LiveAlert = Told<Omit<Alert, 'gpus'>> &
  Told<Pick<AlertHandling, 'acknowledged_by' | 'acknowledged_at' | 'assigned_to'>> & {
    handling_note: string;
    /** Id of the silence or of the alert that keeps it quiet; empty when it is told. */
    silenced_by: string;
    inhibited_by: string;
  };
