import { cutSockets } from '../../sinks/questdb/cut-sockets.ts';
import type { AlertRow } from '../../sinks/questdb/read-alerts.ts';
import type { DeliveryOptions } from '../../sinks/questdb/sink-events.ts';
import { systemTimers, type Timers } from '../clock.ts';
import type { Sink } from '../contract/ports.ts';

/** Opens a sink that asks before it sends, and shows over what. */
export type OpenRows = (guard: Required<Pick<DeliveryOptions, 'before_send' | 'onSocket'>>) => Sink<AlertRow>;

export interface HeldSinkOptions {
  readonly open: OpenRows;
  /** Whether its rows may be written, as far as that can be known here and now. */
  readonly held: () => boolean;
  /** The machine's, when left out. */
  readonly timers?: Timers;
}

/** A sink of rows that somebody else may write by now. */
export interface HeldSink extends Sink<AlertRow> {
  /** Aborts when nothing of it is sent any more; `flush` rejects then, and what is written is left out. */
  readonly signal: AbortSignal;
  /** Cuts what is on its way and drops what waits, for good. */
  lose(): void;
}

const WATCH_MS = 100;

/**
 * A sink that ends with the lease: before every request it is asked for, and ten times a second, so that a request that is
 * under way is cut before another one can have it. What is dropped is made up for by whoever takes the lease next.
 */
export function heldSink({ open, held, timers = systemTimers }: HeldSinkOptions): HeldSink {
  const sockets = cutSockets();
  const losing = new AbortController();
  const { signal } = losing;
  const look = (): void => {
    if (!held()) lose();
  };
  const sink = open({
    before_send() {
      look();
      signal.throwIfAborted();
    },
    onSocket(socket) {
      sockets.add(socket);
      if (!signal.aborted) return;
      // It was begun before. Cut at once it would be made again, for a request that has not begun: that one is to fail.
      socket.cork();
      setImmediate(sockets.cut);
    },
  });
  const endWatching = timers.every(WATCH_MS, look);

  function lose(): void {
    if (signal.aborted) return;
    losing.abort();
    endWatching();
    sockets.cut();
    // What it still holds is refused by `before_send`.
    sink.close().catch(() => undefined);
  }

  return {
    signal,
    lose,
    write(row) {
      if (!signal.aborted) sink.write(row);
    },
    async flush() {
      signal.throwIfAborted();
      await sink.flush();
    },
    pressure: () => (signal.aborted ? null : sink.pressure()),
    async close() {
      if (signal.aborted) return;
      try {
        await sink.close();
      } catch (cause) {
        if (!signal.aborted) throw cause;
      } finally {
        endWatching();
      }
    },
  };
}
