import type { RecoveryAction, Severity } from './events.ts';

/**
 * What a person or a system is told: one condition of one GPU, node or incident that a rule found worth telling. A row of
 * `alerts` and the payload on `alerts.<severity>.<node>.<gpu>.<rule>`; it is told when it opens, when its severity rises and
 * when it closes, each once. `ts` is `opened_at`, so that every change rewrites the row.
 */
export interface Alert {
  readonly ts: number;
  /** Empty when it is about no single GPU. */
  readonly gpu_uuid: string;
  /** Empty when it is wider than a node. */
  readonly node: string;
  readonly instance: string;
  /** From the rule and the cause: the same condition has the same id in every run, live or replayed. */
  readonly id: string;
  /** Name of the rule. */
  readonly rule: string;
  readonly severity: Severity;
  readonly state: 'open' | 'closed';
  /** One sentence: what, where, how bad, since when; numbers with units. */
  readonly summary: string;
  /** What to do first, in words. */
  readonly action_text: string;
  readonly action: RecoveryAction;
  /** memory, thermal, power, bus, fabric, driver, application, sensor, prediction, money or unknown. */
  readonly category: string;
  /** What it follows from: the table and the id of the row there. */
  readonly source:
    | 'anomalies'
    | 'xid_episodes'
    | 'incidents'
    | 'gpu_health_scores'
    | 'gpu_failure_predictions'
    /** No table: a way out to people that does not work; `source_id` is its name. */
    | 'alert-channels';
  readonly source_id: string;
  /** Where it stands, for routing and grouping; empty where the inventory does not say. */
  readonly model: string;
  readonly cluster: string;
  readonly rack: string;
  readonly owner: string;
  readonly tenant: string;
  readonly job: string;
  /** UUIDs that it is about when they are several (an incident's); not in the table. Absent: `gpu_uuid`, or the whole node. */
  readonly gpus?: readonly string[];
  readonly opened_at: number;
  readonly closed_at: number | null;
}

/** What people have said about an alert; kept beside it, because the alert itself follows from telemetry alone. */
export interface AlertHandling {
  readonly alert_id: string;
  readonly acknowledged_by: string;
  readonly acknowledged_at: number | null;
  readonly assigned_to: string;
  readonly note: string;
}

/** A comparison of one field of an alert: equal to one of `values`, or to none of them when `not`; `*` stands for any text. */
export interface AlertMatcher {
  readonly field:
    | 'rule'
    | 'severity'
    | 'category'
    | 'node'
    | 'gpu_uuid'
    | 'model'
    | 'cluster'
    | 'rack'
    | 'owner'
    | 'tenant'
    | 'job';
  readonly values: readonly string[];
  readonly not?: boolean;
}

/** Alerts that fit all matchers are told to nobody from `starts_at` until `ends_at`; they stay in table, stream and pages. */
export interface Silence {
  readonly id: string;
  /** A maintenance window is a silence that was planned: reports do not count its time as an outage. */
  readonly kind: 'silence' | 'maintenance';
  readonly matchers: readonly AlertMatcher[];
  readonly starts_at: number;
  readonly ends_at: number;
  readonly created_by: string;
  readonly comment: string;
  readonly created_at: number;
  /** Who changed or ended it last, and when (epoch ms); absent while nobody has. */
  readonly changed_by?: string | undefined;
  readonly changed_at?: number | undefined;
}
