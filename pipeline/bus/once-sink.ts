import { systemTimers, type Timers } from '../clock.ts';
import type { Bus, OutgoingMessage, StreamPublisher } from '../contract/bus.ts';
import type { Sink } from '../contract/ports.ts';
import { positionSince, storedMessages } from './stored-messages.ts';

export interface OnceSinkOptions<Item> {
  /** Where an item goes; its `Nats-Msg-Id` says what it is. */
  readonly message: (item: Item) => OutgoingMessage;
  /** How it is stored; by the publisher as it is when absent. */
  readonly store?: ((publisher: StreamPublisher, message: OutgoingMessage, item: Item) => Promise<unknown>) | undefined;
  /** Message ids that the stream holds and that may come again. Read once, before anything is sent. */
  readonly storedIds: () => AsyncIterable<string>;
  /** Read them when it is opened, and not only when the first item comes. */
  readonly read_at_once: boolean;
  /** The machine's, when left out. */
  readonly timers?: Timers | undefined;
  /** Called for an item that the stream refuses for good. */
  readonly onRefused?: ((item: Item, error: unknown) => void) | undefined;
  /** Called when the stream cannot be read yet; it is tried again. */
  readonly onTrouble?: ((error: unknown) => void) | undefined;
}

export interface OnceSink<Item> extends Sink<Item> {
  /** Others may have stored what is told from now on: their ids are read before the next item is sent. */
  readAgain(): void;
}

const RETRY_MS = 1_000;
/** So many may wait for the stream to be read. */
const WAITING_MAX = 10_000;

/**
 * Stores items in a stream that lets go of what is old, each once, also over restarts.
 *
 * An engine that comes back tells again what it had told since its last snapshot. The stream's duplicate window hides that for
 * minutes only, and from listeners without a stream not at all; so the ids of what is stored are read first, and each of them
 * is left out once. Nothing is sent before that is done.
 *
 * A store that fails, as on a disk without room, is waited for as NATS is. Cost: one stored message an item, held in memory
 * until it is acknowledged; about 100 B for each id that is stored already and does not come again.
 */
export function onceSink<Item>(bus: Pick<Bus, 'publisher'>, options: OnceSinkOptions<Item>): OnceSink<Item> {
  const { message, store = (by, outgoing) => by.publish(outgoing), timers = systemTimers } = options;
  const publisher = bus.publisher({ waits_for_store: true });
  const stored = new Set<string>();
  const pending = new Set<Promise<void>>();
  let waiting: Item[] = [];
  let ready = false;
  let wake: () => void = () => {};
  let closed = false;
  let again = false;
  let reading: Promise<void> | null = options.read_at_once ? readStored() : null;

  async function readStored(): Promise<void> {
    while (!closed) {
      try {
        again = false;
        for await (const id of options.storedIds()) stored.add(id);
        if (again) continue;
        ready = true;
        for (const item of waiting) send(item);
        waiting = [];
        return;
      } catch (error) {
        if (closed) return;
        options.onTrouble?.(error);
        await new Promise<void>((resolve) => {
          const cancel = timers.after(RETRY_MS, resolve);
          wake = () => {
            cancel();
            resolve();
          };
        });
      }
    }
  }

  function send(item: Item): void {
    const outgoing = message(item);
    if (stored.delete(outgoing.headers?.['Nats-Msg-Id'] ?? '')) return;
    const sent: Promise<void> = store(publisher, outgoing, item)
      .then(
        () => {},
        (error: unknown) => options.onRefused?.(item, error),
      )
      .then(() => {
        pending.delete(sent);
      });
    pending.add(sent);
  }

  return {
    appends: true,
    readAgain() {
      again = true;
      if (!ready) return;
      ready = false;
      reading = null;
    },
    write(item) {
      if (ready) {
        send(item);
        return;
      }
      waiting.push(item);
      reading ??= readStored();
    },
    async flush() {
      await reading;
      await Promise.all([...pending]);
    },
    pressure: () => (ready || waiting.length < WAITING_MAX ? publisher.pressure() : reading),
    async close() {
      closed = true;
      wake();
      await reading;
      await Promise.all([...pending]);
      await publisher.close();
    },
  };
}

/** Ids of messages that a stream holds since an instant (epoch ms, by the server's clock). */
export async function* idsSince(bus: Bus, stream: string, subject: string, since: number): AsyncGenerator<string> {
  const from = await positionSince(bus, stream, subject, since);
  if (from === null) return;
  for await (const { headers } of storedMessages(bus, stream, { subject, from, headers_only: true })) {
    const id = headers['Nats-Msg-Id'];
    if (id !== undefined) yield id;
  }
}
