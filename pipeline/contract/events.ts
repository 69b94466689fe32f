import type { ErrorCode } from './error-catalogue.ts';

/** Rows other than samples. Field names are those of the tables, of REST, of NATS and of JSONL; instants are epoch ms. */

/** Why something was refused: the token in `dcgm.invalid.<reason>.<node>` and the key in summaries. */
export const REASON_CODES = {
  unreadable_scrape: 'GV-PRS-001',
  unreadable_line: 'GV-PRS-002',
  unreadable_record: 'GV-PRS-003',
  damaged_message: 'GV-WIR-001',
  unknown_schema: 'GV-WIR-002',
  oversized_message: 'GV-WIR-003',
  out_of_range: 'GV-VAL-001',
  not_a_number: 'GV-VAL-002',
  no_identity: 'GV-VAL-003',
  no_time: 'GV-VAL-004',
  late: 'GV-VAL-005',
  no_metrics: 'GV-VAL-006',
  sentinel: 'GV-VAL-007',
  future: 'GV-VAL-008',
  refused_by_database: 'GV-SNK-002',
  undelivered: 'GV-ALT-003',
} as const satisfies Record<string, ErrorCode>;

export type Reason = keyof typeof REASON_CODES;
/** `notification` is a message that no channel took; all others are input. */
export type RefusalLevel = 'value' | 'line' | 'row' | 'scrape' | 'notification';

/** Something that normalising refused; travels inside the scrape until the topology turns it into a dead letter. */
export interface Refusal {
  readonly level: RefusalLevel;
  readonly reason: Reason;
  /** What exactly is wrong, with the numbers. */
  readonly detail: string;
  /** The refused text, verbatim. */
  readonly original: string;
}

export interface DeadLetter {
  readonly ts: number;
  readonly node: string;
  readonly level: RefusalLevel;
  readonly reason: Reason;
  readonly code: ErrorCode;
  /** Id of the topology step that refused it. */
  readonly step: string;
  readonly detail: string;
  readonly original?: string;
  readonly original_base64?: string;
}

export type Severity = 'info' | 'warning' | 'critical';

/** One detector firing for one GPU. `ts` is `opened_at`, so that closing rewrites the same row. */
export interface Anomaly {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly id: string;
  readonly type: string;
  readonly metric: string;
  readonly severity: Severity;
  readonly score: number;
  readonly observed: number;
  readonly expected: number;
  readonly window: string;
  readonly detector: string;
  readonly explanation: string;
  readonly state: 'open' | 'closed';
  readonly opened_at: number;
  readonly closed_at: number | null;
}

/** Inventory facts of a GPU; empty text and null mean unknown. `ts` is the first `registered_at` and stays, so that a change rewrites the row; both 0: its GPU's first row gives them. */
export interface Asset {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly model: string;
  readonly serial: string;
  readonly pci_bus_id: string;
  readonly cluster: string;
  readonly rack: string;
  readonly slot: string;
  readonly owner: string;
  readonly tenant: string;
  readonly deployed_at: number | null;
  readonly warranty_until: number | null;
  readonly purchase_price: number | null;
  readonly operating_hours: number | null;
  readonly registered_at: number;
  readonly status: string;
  readonly note: string;
  readonly retired_at: number | null;
}

/** Who uses a GPU: kept beside the sample, never part of its identity. */
export interface Attribution {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly job: string;
}

/** Whom an attribution names: the job where there is one, else `namespace/pod`; empty for nobody. */
export function jobOf(attribution: readonly Attribution[] | undefined): string {
  const user = attribution?.[0];
  if (user === undefined) return '';
  return user.job || (user.pod === '' ? '' : `${user.namespace}/${user.pod}`);
}

/** An XID that has just happened, from whichever way the exporter tells it. */
export interface XidEvent {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly xid: number;
  /** How many of it at this instant; more than 1 only where the exporter counts. */
  readonly count: number;
  /** Who used the GPU: `namespace/pod` or the job's name; empty when nobody is known. */
  readonly job: string;
}

export type RecoveryAction =
  | 'none'
  | 'restart_application'
  | 'reset_gpu'
  | 'reboot_node'
  | 'drain_and_reset'
  | 'replace_gpu';

/** XIDs and anomalies of one GPU, merged into one fault story. `ts` is `started_at`, so that every change rewrites the row. */
export interface Episode {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly id: string;
  /** Distinct codes in the order of their first appearance; empty for a story without XIDs. */
  readonly xids: readonly number[];
  /** The code that the others follow from; null for a story without XIDs. */
  readonly primary_xid: number | null;
  /** Types of the anomalies that belong to it. */
  readonly anomalies: readonly string[];
  readonly severity: Severity;
  /** memory, thermal, power, bus, fabric, driver, application, sensor or unknown. */
  readonly category: string;
  readonly action: RecoveryAction;
  /** One sentence: what happened, and why this action. */
  readonly explanation: string;
  readonly started_at: number;
  /** Null while it goes on, also while it is quiet and waits for the reset that alone can end it (7 days at most). */
  readonly ended_at: number | null;
  /** XIDs and anomaly openings in it. */
  readonly count: number;
  /** The first reset or reboot after it; null while none was seen. */
  readonly reset_at: number | null;
  /** Whether that ended it; null while nobody can know. */
  readonly cured: boolean | null;
  readonly job: string;
}

/** Episodes of several GPUs with one likely origin. `ts` is `opened_at`. */
export interface Incident {
  readonly ts: number;
  /** The GPU of the origin; empty when it is no GPU. */
  readonly gpu_uuid: string;
  /** The node of the origin; empty when it is wider. */
  readonly node: string;
  readonly id: string;
  readonly scope: 'gpu' | 'node' | 'nvlink_domain' | 'rack' | 'job';
  /** What the scope is called. */
  readonly origin: string;
  readonly category: string;
  readonly severity: Severity;
  readonly state: 'open' | 'closed';
  /** UUIDs, in the order of joining. */
  readonly gpus: readonly string[];
  readonly nodes: readonly string[];
  readonly episodes: readonly string[];
  /** Why this origin: sentences with numbers. */
  readonly evidence: readonly string[];
  readonly action: RecoveryAction;
  readonly summary: string;
  readonly opened_at: number;
  readonly closed_at: number | null;
}

export const DIMENSIONS = ['memory', 'thermal', 'performance', 'power', 'reliability'] as const;
export type Dimension = (typeof DIMENSIONS)[number];
export type HealthGrade = 'excellent' | 'good' | 'fair' | 'degraded' | 'poor' | 'critical' | 'unknown';
export type HealthProfile = 'default' | 'reference';

/** Points that a health score lost, and why. */
export interface HealthContribution {
  /** `overall`: what the mean of the dimensions loses because of a fault that stands, whatever else is well. */
  readonly dimension: Dimension | 'overall';
  /** Points lost of the dimension's 100, or of the mean's. */
  readonly points: number;
  /** Metric, feature, anomaly type or `xid`. */
  readonly metric: string;
  readonly value: number | null;
  readonly limit: number | null;
  readonly unit: string;
  readonly window: string;
  /** What to do next, in words. */
  readonly action: string;
}

/** A row of gpu_health_scores. Scores are 0..100 to one decimal, null = unknown; confidences 0..1. */
export interface HealthScore {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly overall_score: number | null;
  readonly memory_health: number | null;
  readonly thermal_health: number | null;
  readonly performance_health: number | null;
  readonly power_health: number | null;
  readonly reliability_health: number | null;
  readonly health_grade: HealthGrade;
  readonly degradation_factors: readonly string[];
  readonly confidence: number;
  readonly memory_confidence: number;
  readonly thermal_confidence: number;
  readonly performance_confidence: number;
  readonly power_confidence: number;
  readonly reliability_confidence: number;
  readonly contributions: readonly HealthContribution[];
  /** The verdict in one sentence with numbers. */
  readonly explanation: string;
  readonly action: RecoveryAction;
  readonly profile: HealthProfile;
}

/** The features of one GPU (or MIG instance) as they stood at `ts`: from rows of that instant and before, never later. */
export interface FeatureVector {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly model: string;
  /** Who used it in its last row; empty when nobody is known. */
  readonly job: string;
  /** FEATURE_COUNT numbers in the order of FEATURES; NaN = unknown. */
  readonly values: Float64Array;
  /** METRIC_COUNT readings of the last row, NaN = missing, and when that was. */
  readonly latest: Float64Array;
  readonly latest_ts: number;
  /** When the server stored what told it (epoch ms): what changes in the world counts from such an instant on. */
  readonly arrived_at: number;
  /** True for the one told at the end of an input: whoever judges from time to time judges now. */
  readonly final: boolean;
}

/**
 * What a metric of a GPU is expected to be `horizon_ms` after `ts`, at its present workload; low to high is the 80 % band.
 * `eta_ts` is when it is expected to reach `limit`: null where there is no limit, or none is reached within two weeks.
 */
export interface Forecast {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly metric: string;
  readonly horizon_ms: number;
  readonly expected: number;
  readonly low: number;
  readonly high: number;
  readonly limit: number | null;
  readonly eta_ts: number | null;
  readonly explanation: string;
}

/** How a gauge is spread over the fleet (model empty) or a model, in an hour of event time so far. */
export interface FleetQuantiles {
  readonly ts: number;
  readonly model: string;
  readonly metric: string;
  /** Start of the hour of event time that was counted, which ends with the next full hour. */
  readonly hour_ts: number;
  readonly count: number;
  readonly p01: number;
  readonly p05: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p95: number;
  readonly p99: number;
}
