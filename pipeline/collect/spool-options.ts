import type { Clock } from '../clock.ts';
import type { StreamPublisher } from '../contract/bus.ts';
import type { ErrorCode } from '../contract/error-catalogue.ts';

export interface SpoolOptions {
  /** Folder of the files; made when absent, owned by one process. */
  readonly directory: string;
  readonly publisher: StreamPublisher;
  readonly clock: Clock;
  /** Told at the start and the end of a spell on disk, and for every loss. */
  readonly on_event: (event: SpoolEvent) => void;
  /** When it answers false, messages go to disk at once instead of after `spool_after_ms`. */
  readonly connected?: () => boolean;
  /** A message without an ack for this long is written to disk: the most that a kill -9 can take. Default 250. */
  readonly spool_after_ms?: number;
  /** Files together. Default 1 GiB. */
  readonly size_max_bytes?: number;
  /** Default 16 MiB, at most an eighth of `size_max_bytes`. */
  readonly segment_bytes?: number;
  /** Messages and bytes held in memory, in flight or waiting. Defaults 1024 and 32 MiB. */
  readonly window?: number;
  readonly memory_max_bytes?: number;
  /** Wait after a refusal, doubled up to 5 s. Default 100. */
  readonly retry_min_ms?: number;
}

export interface SpoolEvent {
  readonly kind: 'spool_started' | 'spool_drained' | 'spool_dropped' | 'spool_failed' | 'message_refused';
  readonly code: ErrorCode | null;
  readonly detail: string;
}

export interface SpoolCounters {
  /** Now on disk; the bytes are those of the files. */
  readonly spooled_messages: number;
  readonly spooled_bytes: number;
  /** Since the start: stored by the server, and lost. */
  readonly stored_messages: number;
  readonly dropped_messages: number;
  /** Now in memory. */
  readonly pending_messages: number;
}
