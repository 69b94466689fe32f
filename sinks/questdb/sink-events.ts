import type { Socket } from 'node:net';
import type { Timers } from '../../pipeline/clock.ts';
import type { ErrorCode } from '../../pipeline/contract/error-catalogue.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';

/** Something that a person should know of the database; the same state is told once, not at every try. */
export interface SinkEvent {
  readonly code: ErrorCode;
  readonly table: string;
  /** `trouble` begins, `recovered` ends what the last `trouble` of this code and table began. */
  readonly state: 'trouble' | 'recovered';
  /** What happened, with the database's own words. */
  readonly detail: string;
}

/** A row that the database refuses for good: GV-SNK-002. */
export interface RefusedRow {
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
  readonly reason: string;
}

/** Totals since the start. */
export interface SinkCounts {
  readonly rows_written: number;
  readonly rows_refused: number;
  readonly rows_waiting: number;
  readonly bytes_sent: number;
  readonly requests: number;
  readonly retries: number;
}

/** What all sinks into QuestDB are told. */
export interface DeliveryOptions {
  /** `http://host:9000`. */
  readonly url: string;
  /** Rows wait this long for company. */
  readonly age_max: DurationMs;
  /** A request without an answer for this long counts as failed and is sent again. */
  readonly answer_timeout: DurationMs;
  /** Pause after the first and the longest after a failure. */
  readonly backoff_min: DurationMs;
  readonly backoff_max: DurationMs;
  /** How long `close` tries on; what is not taken then is rejected, and replayed from the stream by whoever restores. */
  readonly close_timeout: DurationMs;
  readonly onRefused: (rows: readonly RefusedRow[]) => void;
  readonly onEvent: (event: SinkEvent) => void;
  /** Called right before every request; does not return where nothing may be written any more. */
  readonly before_send?: () => void;
  /** Told of every socket over which rows of small tables go. */
  readonly onSocket?: (socket: Socket) => void;
  /** The machine's, when left out. */
  readonly timers?: Timers;
}
