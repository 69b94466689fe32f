import type { OutgoingMessage, StreamPublisher } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import type { SpoolMark } from './spool-cursor.ts';

/** Where a message came to rest: in the stream, in our files, or nowhere. */
export type Safety = 'stored' | 'spooled' | 'dropped';

/** A message in memory. */
export interface SpoolEntry {
  readonly message: OutgoingMessage;
  /** Monotonic ms. */
  readonly pushed_at: number;
  state: 'waiting' | 'sent' | 'done' | 'refused';
  /** Where it is on disk; null when it is in memory only. */
  mark: SpoolMark | null;
  /** Tells the producer; null when it was told. */
  settle: ((safety: Safety) => void) | null;
  /** Refusals in a row during which the server took other messages, and its takings at the last one. */
  strikes: number;
  stored_before: number;
}

export const spoolEntry = (
  from: Pick<SpoolEntry, 'message' | 'pushed_at'> & Partial<Pick<SpoolEntry, 'mark' | 'settle'>>,
): SpoolEntry => ({ mark: null, settle: null, ...from, state: 'waiting', strikes: 0, stored_before: 0 });

export function settle(entry: SpoolEntry, safety: Safety): void {
  entry.settle?.(safety);
  entry.settle = null;
}

export interface SpoolSenderOptions {
  readonly publisher: StreamPublisher;
  /** Messages and bytes held in memory. */
  readonly window: number;
  readonly memory_max_bytes: number;
  /** Wait after the first refusal. */
  readonly retry_min_ms: number;
  /** The next message that is on disk only, or null. */
  readonly next: () => SpoolEntry | null;
  /** A message on disk, and all before it, is done with. */
  readonly release: (mark: SpoolMark) => void;
  /** Some message is done with. */
  readonly on_progress: () => void;
  /** The server refuses messages, for now. */
  readonly on_refused: (detail: string) => void;
  /** A message was given up: the server refuses it while it takes others. */
  readonly on_given_up: (detail: string) => void;
}

const STRIKES_MAX = 5;
const RETRY_MAX_MS = 5_000;

/**
 * Hands messages to the publisher in order and keeps each until the server has stored it. A refusal stops the sending; when
 * nothing is in flight any more it begins again from the oldest refused message, after a wait that doubles up to 5 s.
 */
export class SpoolSender {
  readonly #options: SpoolSenderOptions;
  /** In order: first those handed to the publisher, from `#handed` on those that wait. */
  readonly #pending: SpoolEntry[] = [];
  #handed = 0;
  #bytes = 0;
  #in_flight = 0;
  #stored = 0;
  #pressed = false;
  #closed = false;
  #retry_ms = 0;
  /** Rounds of sending in a row that ended in a refusal. */
  #rounds = 0;
  #retry_timer: NodeJS.Timeout | null = null;

  constructor(options: SpoolSenderOptions) {
    this.#options = options;
  }

  /** Oldest first; those behind an unfinished one may be done already. */
  get pending(): readonly SpoolEntry[] {
    return this.#pending;
  }

  get stored(): number {
    return this.#stored;
  }

  get room(): boolean {
    return this.#pending.length < this.#options.window && this.#bytes < this.#options.memory_max_bytes;
  }

  /** Puts a message behind all others in memory. */
  hold(entry: SpoolEntry): void {
    this.#pending.push(entry);
    this.#bytes += entry.message.data.length;
  }

  /** Sends as long as the publisher and our own window have room. */
  pump(): void {
    while (!this.#closed && this.#retry_ms === 0 && !this.#pressed) {
      const entry = this.#upcoming();
      if (entry === null) return;
      const pressure = this.#options.publisher.pressure();
      if (pressure !== null) {
        this.#pressed = true;
        void pressure.finally(() => {
          this.#pressed = false;
          this.pump();
        });
        return;
      }
      this.#handed++;
      if (entry.state !== 'waiting') continue;
      entry.state = 'sent';
      this.#in_flight++;
      this.#options.publisher.publish(entry.message).then(
        () => this.#onStored(entry),
        (error: unknown) => this.#onRefused(entry, error),
      );
    }
  }

  /** Sends nothing more; answers that still come are not looked at. */
  close(): void {
    this.#closed = true;
    if (this.#retry_timer !== null) clearTimeout(this.#retry_timer);
  }

  #upcoming(): SpoolEntry | null {
    const waiting = this.#pending[this.#handed];
    if (waiting !== undefined || !this.room) return waiting ?? null;
    const entry = this.#options.next();
    if (entry !== null) this.hold(entry);
    return entry;
  }

  #onStored(entry: SpoolEntry): void {
    this.#in_flight--;
    this.#stored++;
    if (this.#retry_ms === 0) this.#rounds = 0;
    this.#finish(entry, 'stored');
  }

  #finish(entry: SpoolEntry, safety: Safety): void {
    entry.state = 'done';
    settle(entry, safety);
    if (this.#closed) return;
    for (let first = this.#pending[0]; first?.state === 'done'; first = this.#pending[0]) {
      this.#pending.shift();
      this.#handed = Math.max(0, this.#handed - 1);
      this.#bytes -= first.message.data.length;
      if (first.mark !== null) this.#options.release(first.mark);
    }
    this.#options.on_progress();
    this.#resume();
    this.pump();
  }

  #onRefused(entry: SpoolEntry, error: unknown): void {
    this.#in_flight--;
    entry.state = 'refused';
    if (this.#closed) return;
    const detail = error instanceof Error ? error.message : String(error);
    const ours = !(error instanceof VitalsError && error.code === 'GV-BUS-001');
    entry.strikes = ours && this.#stored > entry.stored_before ? entry.strikes + 1 : 0;
    entry.stored_before = this.#stored;
    if (entry.strikes > STRIKES_MAX) {
      const { subject, headers } = entry.message;
      this.#options.on_given_up(`${subject} ${headers?.['Nats-Msg-Id'] ?? ''}: ${detail}`);
      this.#finish(entry, 'dropped');
      return;
    }
    this.#options.on_refused(detail);
    if (this.#retry_ms === 0) {
      const doublings = Math.min(Math.max(entry.strikes, this.#rounds++), 16);
      this.#retry_ms = Math.min(RETRY_MAX_MS, this.#options.retry_min_ms * 2 ** doublings);
    }
    this.#resume();
  }

  #resume(): void {
    if (this.#retry_ms === 0 || this.#in_flight > 0 || this.#retry_timer !== null || this.#closed) return;
    this.#retry_timer = setTimeout(() => {
      this.#retry_timer = null;
      this.#retry_ms = 0;
      for (const entry of this.#pending) if (entry.state === 'refused') entry.state = 'waiting';
      this.#handed = 0;
      this.pump();
    }, this.#retry_ms);
  }
}
