import { systemTimers, type Timers } from '../../pipeline/clock.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';

export interface DeliveryQueueOptions<Item> {
  readonly table: string;
  /** Items held before `pressure` asks the source to wait. */
  readonly items_max: number;
  /** Hands one item over, for as long as it takes; rejects only when the signal aborts. */
  readonly deliver: (item: Item, signal: AbortSignal) => Promise<void>;
  /** How long `close` waits for what is queued. */
  readonly close_timeout: DurationMs;
  /** The machine's, when left out. */
  readonly timers?: Timers | undefined;
}

/** Items delivered strictly one after the other, with waiting for room and for everything so far. */
export interface DeliveryQueue<Item> {
  add(item: Item): void;
  /** Resolves when all items added so far are delivered; rejects when the queue was closed before. */
  settled(): Promise<void>;
  pressure(): Promise<void> | null;
  /** Throws GV-SNK-001 when not all could be delivered in close_timeout. */
  close(): Promise<void>;
  readonly length: number;
}

export function deliveryQueue<Item>(options: DeliveryQueueOptions<Item>): DeliveryQueue<Item> {
  const items: Item[] = [];
  const waiting: { until: number; resolve: () => void; reject: (error: unknown) => void }[] = [];
  const closing = new AbortController();
  let added = 0;
  let delivered = 0;
  let busy = false;
  let failed: VitalsError | null = null;
  let room: { promise: Promise<void>; resolve: () => void } | null = null;

  const openRoom = (): void => {
    room?.resolve();
    room = null;
  };

  const run = async (): Promise<void> => {
    busy = true;
    try {
      for (let item = items[0]; item !== undefined; item = items[0]) {
        await options.deliver(item, closing.signal);
        items.shift();
        delivered++;
        while (waiting[0] !== undefined && waiting[0].until <= delivered) waiting.shift()?.resolve();
        if (items.length < options.items_max) openRoom();
      }
    } catch (cause) {
      const what = `Closed while ${items.length} requests for ${options.table} were not taken`;
      failed = new VitalsError('GV-SNK-001', what, options.table, { cause });
      for (const one of waiting.splice(0)) one.reject(failed);
      openRoom();
    }
    busy = false;
  };

  const settled = (): Promise<void> => {
    if (delivered === added) return Promise.resolve();
    if (failed !== null) return Promise.reject(failed);
    return new Promise((resolve, reject) => waiting.push({ until: added, resolve, reject }));
  };

  return {
    add(item) {
      items.push(item);
      added++;
      if (!busy && failed === null) void run();
    },
    settled,
    pressure() {
      if (items.length < options.items_max || closing.signal.aborted) return null;
      if (room === null) {
        let resolve = (): void => {};
        const promise = new Promise<void>((done) => {
          resolve = done;
        });
        room = { promise, resolve };
      }
      return room.promise;
    },
    async close() {
      const cancel = (options.timers ?? systemTimers).after(options.close_timeout, () => closing.abort());
      try {
        await settled();
      } finally {
        cancel();
        closing.abort();
      }
    },
    get length() {
      return items.length;
    },
  };
}
