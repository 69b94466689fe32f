import type { PriceBook } from '../operators/decisions/price-book-schema.ts';
import type { AuditLog } from '../pipeline/audit/audit-log.ts';
import type { Clock } from '../pipeline/clock.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import type { Database } from '../pipeline/contract/database.ts';
import type { HealthProfile, HealthScore } from '../pipeline/contract/events.ts';
import type { Decision, Prediction } from '../pipeline/contract/predictions.ts';
import type { DurationMs } from '../pipeline/contract/time.ts';
import type { Finding } from '../pipeline/doctor/finding.ts';
import type { EffectiveOption } from '../pipeline/effective-config.ts';
import type { ListedKey } from '../pipeline/keys/key-store.ts';
import type { TableRow } from '../sinks/questdb/list-rows.ts';
import type { AlertAnswers } from './alert-answers.ts';
import type { AssetDesk } from './asset-desk.ts';
import type { ChannelDesk } from './channel-desk.ts';
import type { DeadLetterDesk } from './dead-letter-desk.ts';
import type { FleetFeed } from './fleet-feed.ts';
import type { FleetReading } from './fleet-view.ts';
import type { MetricsRegistry } from './metrics-registry.ts';
import type { ModelDesk } from './model-desk.ts';
import type { Gate } from './security/gate.ts';
import type { SimulationDesk } from './simulation-desk.ts';
import type { TopologyReports } from './topology-reports.ts';
import type { VerdictRows } from './verdict-rows.ts';

/** Scores on demand, made where the topology is known. */
export interface Scorer {
  /** Of a GPU as it is at `now`, event time; null when nothing is known of it. */
  stored(asked: {
    readonly gpu_uuid: string;
    readonly profile: HealthProfile;
    readonly now: number;
    /** Whether readings of an instant may be told of; all when absent. */
    readonly may_tell?: (ts: number) => boolean;
  }): Promise<HealthScore | null>;
  /** Of samples in a request; `refused` says what of them could not be used. */
  samples(input: {
    readonly samples: readonly Readonly<Record<string, unknown>>[];
    readonly asset?: Readonly<Record<string, unknown>>;
    readonly profile: HealthProfile;
    readonly interval?: DurationMs;
  }): Promise<{ readonly score: HealthScore | null; readonly refused: readonly { readonly detail: string }[] }>;
}

/** Predictions on demand, made where the models are known. */
export interface Predictor {
  /** Of a GPU as it is now, given its newest predictions where they are at hand; null when no features of it are known. */
  stored(gpu_uuid: string, told: readonly TableRow[]): Promise<Prediction | null>;
  /** Of features by name, for a GPU of a model name; empty = unknown. */
  features(features: Readonly<Record<string, number | null>>, model: string): Prediction;
}

/** What the routes answer from. */
export interface ApiParts {
  readonly clock: Clock;
  readonly view: FleetReading;
  /** The rows behind the verdict on a GPU. */
  readonly verdicts: Pick<VerdictRows, 'of' | 'text'>;
  readonly feed: Pick<FleetFeed, 'seeded' | 'last_frame_at'>;
  readonly database: Database;
  readonly bus: Pick<Bus, 'connected'>;
  /** Who may call. */
  readonly gate: Gate;
  /** Who changed what. */
  readonly audit: AuditLog;
  /** The keys there are; null where nobody knows them. */
  readonly keys: (() => Promise<readonly ListedKey[]>) | null;
  /** A proxy in front tells where calls come from. */
  readonly behind_proxy: boolean;
  /** Origins of our pages besides the one that is called. */
  readonly pages: readonly string[];
  /** How fast one key may call; 0: any. */
  readonly calls_per_s: number;
  readonly topology: TopologyReports;
  readonly metrics: MetricsRegistry;
  /** WebSocket URL of the live server, once known. */
  readonly live_url: () => string | null;
  /** What one raw row is expected to cover: the scrape interval. */
  readonly interval_ms: number;
  /** Folder of the built console; null: none. */
  readonly console_dir: string | null;
  readonly version: string;
  /** The fleet is simulated; the console says so. */
  readonly simulated?: boolean;
  readonly scorer: Scorer;
  readonly predictor: Predictor;
  readonly models: ModelDesk;
  readonly alerts: AlertAnswers;
  readonly assets: AssetDesk;
  /** Null where nobody knows them. */
  readonly channels: ChannelDesk | null;
  readonly dead_letters: DeadLetterDesk;
  readonly simulation: SimulationDesk;
  /** Looks at every part; null where there is nobody who can. */
  readonly examine: (() => Promise<readonly Finding[]>) | null;
  /** What is configured, without secrets; null where nobody knows. */
  readonly config: readonly EffectiveOption[] | null;
  /** What decisions on demand count with. */
  readonly prices: PriceBook;
  /** How decisions are made here: what those on demand follow that name no profile. */
  readonly profile: Decision['profile'];
  /** Told of failures that are no one's request's fault. */
  readonly onFailure: (error: unknown, where: string) => void;
}
