import type { AlertRow } from '../../sinks/questdb/read-alerts.ts';
import type { Clock } from '../clock.ts';
import type { Alert } from '../contract/alerts.ts';
import type { Bus } from '../contract/bus.ts';
import type { Database } from '../contract/database.ts';
import type { VitalsError } from '../contract/errors.ts';
import type { Outbox } from '../contract/notifications.ts';
import type { DurationMs } from '../contract/time.ts';
import type { AlertRoute } from './alert-routes.ts';
import type { OpenRows } from './held-sink.ts';
import type { InhibitionRule } from './inhibitions.ts';
import type { Quiet } from './quiet.ts';

export interface RunDeskOptions {
  readonly bus: Bus;
  readonly database: Database;
  readonly clock: Clock;
  /** Opens what takes rows of table `alerts`, whenever this process takes the desk. */
  readonly openSink: OpenRows;
  /** Told of every change of an alert, of its handling and of what keeps it quiet. */
  readonly onRow: (row: AlertRow & Quiet) => void;
  /** The desk was taken by this process. */
  readonly onActive?: (open: readonly Alert[]) => void;
  readonly outbox: Outbox;
  /** Figures of the outbox for /metrics, told with the desk's own. */
  readonly figures?: () => Readonly<Record<string, unknown>>;
  readonly channels: readonly string[];
  readonly route: AlertRoute;
  readonly inhibitions: readonly InhibitionRule[];
  readonly console: string;
  readonly simulated: boolean;
  /** While it is true others keep the table better: this process takes no part. */
  readonly cut_off?: () => boolean;
  /** Unique among all processes. */
  readonly holder: string;
  readonly time_to_live?: DurationMs;
  readonly tell: (error: VitalsError) => void;
}

export interface DeskCounters {
  readonly active: boolean;
  readonly changed: number;
  readonly repeated: number;
  /** Messages that were no alerts, or too many of them. */
  readonly refused: number;
  readonly notifications: number;
  readonly open: number;
}

export interface RunningDesk {
  counters(): DeskCounters;
  /** This process has the desk, as far as that can be known here and now. */
  held(): boolean;
  /** An alert that was told of is over. */
  over(alert_id: string): boolean;
  stop(): Promise<void>;
}
