import type { NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../clock.ts';

/** What the bus tells about itself; main logs it and counts it. */
export type BusEvent =
  | { readonly type: 'connected' | 'reconnected'; readonly server: string }
  | { readonly type: 'disconnected'; readonly server: string }
  | { readonly type: 'closed' }
  | { readonly type: 'error'; readonly detail: string }
  /** A reader had to make its consumer again; nothing is lost or doubled by it. */
  | { readonly type: 'read_restarted'; readonly stream: string; readonly from: number; readonly detail: string }
  /**
   * Messages that a reader wanted no longer exist. `retention`: the stream's limits dropped them while nobody read.
   * `reset`: the stream was made anew, or lost its end, so positions begin again below the one wanted.
   */
  | {
      readonly type: 'gap';
      readonly stream: string;
      readonly reason: 'retention' | 'reset';
      readonly expected: number;
      readonly continued_at: number;
    };

/** The connection as the parts of the bus share it. */
export interface Link {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly connected: () => boolean;
  readonly report: (event: BusEvent) => void;
  /** Calls back on every loss (false) and return (true) of the connection, until the function returned is called. */
  watch(listener: (up: boolean) => void): () => void;
  /** Calls back once when the bus closes. */
  readonly closing: AbortSignal;
}
