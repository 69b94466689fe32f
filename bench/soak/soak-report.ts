import type { DiskParts } from './disk-use.ts';
import type { FaultTarget, PlannedFault } from './fault-plan.ts';
import type { LatencyFigures } from './live-watch.ts';

/** A fault as it went; times after the beginning of the soak. */
export interface FaultRun extends PlannedFault {
  /** When it really came, and when the process had ended. */
  readonly struck_ms: number;
  readonly gone_ms: number;
  /** When the process was back, and when live rows were fresh and nothing waited in the stream; null: not by the next fault. */
  readonly back_ms: number;
  readonly recovered_ms: number | null;
  /** How long was waited for that at most. */
  readonly patience_ms: number;
}

/** What went through in ten seconds. */
export interface SoakWindow extends LatencyFigures {
  readonly t_ms: number;
  /** Nothing had struck and nothing was being caught up with. */
  readonly calm: boolean;
  readonly rows: number;
  readonly lag_messages_max: number;
  /** Share of all cores that was busy. */
  readonly cpu_share: number;
}

export interface Check {
  readonly name: string;
  readonly figure: string;
  readonly limit: string;
  readonly ok: boolean;
}

/** Figures of one process over the whole soak. */
export interface ProcessFigures {
  readonly process: string;
  readonly lives: number;
  readonly rss_mib: number;
  readonly rss_max_mib: number;
  /** Memory of its own (anonymous pages), garbage left out: rise per hour with its 95 % interval; null: too short to tell. */
  readonly own_mib: number;
  readonly own_mib_per_hour: readonly [slope: number, low: number, high: number] | null;
  /** Of JavaScript right after its major collections; null of other programs. */
  readonly heap_mib: number | null;
  readonly heap_mib_per_hour: readonly [slope: number, low: number, high: number] | null;
  readonly external_mib: number | null;
  /** The longest of those collections. */
  readonly collect_max_ms: number | null;
  readonly handles_first: number;
  readonly handles_last: number;
  readonly threads: number;
  /** Cores used on average while it ran. */
  readonly cores: number;
  /** The least memory of its own in each minute of its lives, and what of it heaps had taken, what lived in them, what was outside. */
  readonly course: readonly {
    readonly t_s: number;
    readonly own_mib: number;
    readonly committed_mib: number | null;
    readonly heap_mib: number | null;
    readonly external_mib: number | null;
  }[];
}

export interface SoakReport {
  readonly at: string;
  readonly command: string;
  readonly commit: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memory_gib: number;
    readonly platform: string;
    readonly node: string;
  };
  readonly versions: string;
  readonly hours: number;
  readonly took_s: number;
  readonly seed: number;
  readonly gpus: number;
  readonly interval_ms: number;
  readonly rows_per_s: number;
  /** What two thirds of a minute of calibration said that the machine carries; null when rows per second were given. */
  readonly capacity_rows_per_s: number | null;
  readonly durability: 'fast' | 'safe';
  readonly faults: readonly FaultRun[];
  readonly windows: readonly SoakWindow[];
  readonly processes: readonly ProcessFigures[];
  /** First and last look, the rows served in between, and what was foretold for each of them, bytes. */
  readonly disk: {
    readonly first: DiskParts;
    readonly last: DiskParts;
    readonly rows: number;
    readonly foretold_per_row: { readonly stream: number; readonly gpu_metrics: number };
    readonly stream_max_bytes: number;
  };
  readonly rows: {
    readonly served: number;
    readonly stored: number;
    readonly pages_served: number;
    /** Under way when the collector was killed; and when it stood still, so that they came too late. */
    readonly pages_killed: number;
    readonly pages_stopped: number;
    readonly killed_lead_max_ms: number;
    readonly pages_given_up: number;
    readonly pages_lost: number;
    readonly pages_uneven: number;
    readonly rows_strange: number;
    readonly rubbish_served: number;
    readonly rubbish_letters: number;
    readonly hangs: number;
    readonly alerts: number;
    readonly alerts_twice: number;
    readonly tables_suspended: readonly string[];
  };
  readonly unplanned_ends: readonly string[];
  readonly checks: readonly Check[];
  readonly ok: boolean;
}

export const FAULT_NAMES: Readonly<Record<FaultTarget, string>> = {
  engine: 'engine',
  questdb: 'QuestDB',
  nats: 'nats-server',
  collector: 'collector',
  api: 'API and live server',
};
