import type { Clock } from '../clock.ts';
import type { OutgoingMessage, StreamPublisher } from '../contract/bus.ts';
import { type ErrorCode, VitalsError } from '../contract/errors.ts';
import { SpoolFiles, type SpoolMark } from './spool-files.ts';

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
}

export interface SpoolEvent {
  readonly kind: 'spool_started' | 'spool_drained' | 'spool_dropped' | 'spool_failed' | 'message_refused';
  readonly code: ErrorCode | null;
  readonly detail: string;
}

/** Where a message came to rest: in the stream, in our files, or nowhere. */
export type Safety = 'stored' | 'spooled' | 'dropped';

interface Entry {
  readonly message: OutgoingMessage;
  /** Monotonic ms. */
  readonly pushed_at: number;
  state: 'waiting' | 'sent' | 'done' | 'refused';
  mark: SpoolMark | null;
  settle: ((safety: Safety) => void) | null;
  /** Refusals in a row during which the server took other messages, and its takings at the last one. */
  strikes: number;
  stored_before: number;
}

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const STRIKES_MAX = 5;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 5_000;
const CURSOR_EVERY_MS = 100;

/**
 * Stands before the stream publisher and keeps what NATS has not acknowledged, in the order in which it was pushed.
 *
 * While acks come in time messages live in memory only and nothing touches the disk. From the first one that stays
 * unacknowledged for `spool_after_ms`, or finds the window full or the bus away, everything unacknowledged and everything
 * new is appended to the files before `push` resolves, and is sent from there, oldest first, until nothing is left; then the
 * files are gone. What was in flight when the process died is sent again under the same `Nats-Msg-Id`.
 *
 * A message that the server refuses stops the sending, which starts again from it, ever slower up to 5 s. One that is
 * refused five times while others are taken is dropped, so that it cannot hold up the rest. Cost: one ack per message; a
 * gathered write of 10 us per message while on disk. State: at most `window` messages of `memory_max_bytes`.
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #files: SpoolFiles;
  readonly #window: number;
  readonly #memory_max_bytes: number;
  readonly #spool_after_ms: number;
  /** Unacknowledged messages in order: first those handed to the publisher, from `#handed` on those that wait. */
  readonly #pending: Entry[] = [];
  #handed = 0;
  #pending_bytes = 0;
  #in_flight = 0;
  #spooling = false;
  #closing = false;
  #closed = false;
  #pressed = false;
  #retry_ms = 0;
  /** Rounds of sending in a row that ended in a refusal. */
  #rounds = 0;
  #age_timer: NodeJS.Timeout | null = null;
  #cursor_timer: NodeJS.Timeout | null = null;
  #retry_timer: NodeJS.Timeout | null = null;
  #waiters: (() => void)[] = [];
  #stored = 0;
  #dropped = 0;

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#window = options.window ?? 1024;
    this.#memory_max_bytes = options.memory_max_bytes ?? 32 * MIB;
    this.#spool_after_ms = options.spool_after_ms ?? 250;
    const size_max_bytes = options.size_max_bytes ?? GIB;
    this.#files = new SpoolFiles({
      directory: options.directory,
      size_max_bytes,
      segment_bytes: Math.min(options.segment_bytes ?? 16 * MIB, Math.ceil(size_max_bytes / 8)),
      on_damage: (detail, lost) => {
        this.#dropped += lost;
        options.on_event({ kind: 'spool_failed', code: 'GV-COL-007', detail });
      },
    });
    if (this.#files.messages > 0) {
      this.#begin(null, `${this.#files.messages} messages of an earlier run are sent first`);
      this.#pump();
    }
  }

  /** Messages and bytes on disk, messages that the server has stored, and messages lost, since the start. */
  get counters(): {
    readonly spooled_messages: number;
    readonly spooled_bytes: number;
    readonly stored_messages: number;
    readonly dropped_messages: number;
    readonly pending_messages: number;
  } {
    return {
      spooled_messages: this.#files.messages,
      spooled_bytes: this.#files.bytes,
      stored_messages: this.#stored,
      dropped_messages: this.#dropped,
      pending_messages: this.#pending.length,
    };
  }

  /** Takes a message behind all others. Resolves when it is safe, or lost for good; never rejects. */
  push(message: OutgoingMessage): Promise<Safety> {
    if (this.#closing) {
      this.#dropped++;
      return Promise.resolve('dropped');
    }
    const entry: Entry = {
      message,
      pushed_at: this.#options.clock.monotonic(),
      state: 'waiting',
      mark: null,
      settle: null,
      strikes: 0,
      stored_before: 0,
    };
    const safe = new Promise<Safety>((resolve) => {
      entry.settle = resolve;
    });
    if (!this.#spooling) {
      if (this.#options.connected?.() === false) this.#begin('GV-BUS-001', 'NATS is away: scrapes go to disk');
      else if (!this.#room()) this.#begin(null, 'NATS takes fewer scrapes than come: the rest goes to disk');
    }
    const held = this.#files.unread === 0 && this.#room();
    if (this.#spooling) this.#write(entry, held);
    if (held) {
      this.#hold(entry);
      this.#watchAge();
    } else if (entry.mark === null) {
      this.#dropped++;
      this.#settle(entry, 'dropped');
    }
    this.#pump();
    return safe;
  }

  /** Null while a producer that can wait may push; else resolves when it may. Keeps half of the window for those that cannot. */
  pressure(): Promise<void> | null {
    const free = (): boolean =>
      this.#closed || (!this.#spooling && this.#pending.length * 2 < this.#window && this.#room());
    if (free()) return this.#closed ? null : this.#options.publisher.pressure();
    return new Promise((resolve) => {
      const look = (): void => {
        if (free()) resolve();
        else this.#waiters.push(look);
      };
      this.#waiters.push(look);
    });
  }

  /** Waits for acks while they come, at most `timeout_ms`; then everything left goes to disk, with fsync. */
  async close(options: { readonly timeout_ms: number }): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const clock = this.#options.clock;
    const until = clock.monotonic() + options.timeout_ms;
    const idle_ms = Math.min(500, options.timeout_ms);
    let stored = this.#stored;
    let moved_at = clock.monotonic();
    while (this.#pending.length + this.#files.unread > 0 && clock.monotonic() < until) {
      if (this.#stored !== stored) moved_at = clock.monotonic();
      else if (clock.monotonic() - moved_at >= idle_ms) break;
      stored = this.#stored;
      await this.#change(20);
    }
    this.#closed = true;
    if (this.#pending.some((entry) => entry.state !== 'done' && entry.mark === null)) {
      this.#begin(null, 'the collector stops: what NATS has not stored goes to disk');
    }
    for (const timer of [this.#age_timer, this.#cursor_timer, this.#retry_timer])
      if (timer !== null) clearTimeout(timer);
    for (const entry of this.#pending) {
      if (entry.settle === null) continue;
      this.#dropped++;
      this.#settle(entry, 'dropped');
    }
    this.#files.close();
    this.#wake();
  }

  #room(): boolean {
    return this.#pending.length < this.#window && this.#pending_bytes < this.#memory_max_bytes;
  }

  #hold(entry: Entry): void {
    this.#pending.push(entry);
    this.#pending_bytes += entry.message.data.length;
  }

  #settle(entry: Entry, safety: Safety): void {
    entry.settle?.(safety);
    entry.settle = null;
  }

  /** From here on everything goes through the files, first what is unacknowledged. */
  #begin(code: ErrorCode | null, detail: string): void {
    if (!this.#spooling) {
      this.#spooling = true;
      this.#options.on_event({ kind: 'spool_started', code, detail });
      this.#cursor_timer = setInterval(() => this.#files.saveCursor(), CURSOR_EVERY_MS);
      this.#cursor_timer.unref();
    }
    for (const entry of this.#pending) {
      // Behind unread records only a message that this run will not send any more may be written: it would be read again.
      const held = this.#files.unread === 0;
      if (entry.state !== 'done' && entry.mark === null && (held || this.#closed)) this.#write(entry, held);
    }
  }

  /** Appends; a disk that takes no more costs the oldest segment, and then, if that did not help, the message's safety. */
  #write(entry: Entry, held: boolean): void {
    let lost = 0;
    for (let attempt = 0; attempt < 2 && entry.mark === null; attempt++) {
      try {
        const { mark, dropped } = this.#files.append(entry.message, held);
        entry.mark = mark;
        lost += dropped;
      } catch (cause) {
        const detail = cause instanceof Error ? cause.message : String(cause);
        this.#options.on_event({ kind: 'spool_failed', code: 'GV-COL-007', detail });
        lost += this.#files.dropOldest();
      }
    }
    if (lost > 0) {
      this.#dropped += lost;
      this.#options.on_event({
        kind: 'spool_dropped',
        code: 'GV-COL-006',
        detail: `${lost} of the oldest scrapes dropped, ${this.#dropped} in all`,
      });
    }
    if (entry.mark !== null) this.#settle(entry, 'spooled');
  }

  /** Hands messages to the publisher, in order, as long as it and our own window have room. */
  #pump(): void {
    while (!this.#closed && this.#retry_ms === 0 && !this.#pressed) {
      const entry = this.#upcoming();
      if (entry === null) return;
      const pressure = this.#options.publisher.pressure();
      if (pressure !== null) {
        this.#pressed = true;
        void pressure.finally(() => {
          this.#pressed = false;
          this.#pump();
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

  #upcoming(): Entry | null {
    const waiting = this.#pending[this.#handed];
    if (waiting !== undefined || !this.#room()) return waiting ?? null;
    const next = this.#files.unread > 0 ? this.#files.next() : null;
    if (next === null) return null;
    const { message, mark } = next;
    const pushed_at = this.#options.clock.monotonic();
    const entry: Entry = { message, pushed_at, state: 'waiting', mark, settle: null, strikes: 0, stored_before: 0 };
    this.#hold(entry);
    return entry;
  }

  #onStored(entry: Entry): void {
    this.#in_flight--;
    this.#stored++;
    if (this.#retry_ms === 0) this.#rounds = 0;
    this.#finish(entry, 'stored');
  }

  #finish(entry: Entry, safety: Safety): void {
    entry.state = 'done';
    this.#settle(entry, safety);
    if (this.#closed) return;
    for (let first = this.#pending[0]; first?.state === 'done'; first = this.#pending[0]) {
      this.#pending.shift();
      this.#handed = Math.max(0, this.#handed - 1);
      this.#pending_bytes -= first.message.data.length;
      if (first.mark !== null) this.#files.release(first.mark);
    }
    if (this.#spooling && this.#files.messages === 0 && this.#pending.every((one) => one.mark === null)) {
      this.#spooling = false;
      if (this.#cursor_timer !== null) clearInterval(this.#cursor_timer);
      this.#files.saveCursor();
      this.#options.on_event({ kind: 'spool_drained', code: null, detail: 'everything on disk is in the stream' });
      this.#watchAge();
    }
    this.#resume();
    this.#wake();
    this.#pump();
  }

  #onRefused(entry: Entry, error: unknown): void {
    this.#in_flight--;
    entry.state = 'refused';
    if (this.#closed) return;
    const detail = error instanceof Error ? error.message : String(error);
    const ours = !(error instanceof VitalsError && error.code === 'GV-BUS-001');
    entry.strikes = ours && this.#stored > entry.stored_before ? entry.strikes + 1 : 0;
    entry.stored_before = this.#stored;
    if (entry.strikes > STRIKES_MAX) {
      this.#dropped++;
      const where = `${entry.message.subject} ${entry.message.headers?.['Nats-Msg-Id'] ?? ''}`.trim();
      this.#options.on_event({ kind: 'message_refused', code: 'GV-BUS-002', detail: `${where}: ${detail}` });
      this.#finish(entry, 'dropped');
      return;
    }
    this.#begin('GV-BUS-002', `NATS refuses scrapes, they go to disk: ${detail}`);
    if (this.#retry_ms === 0) this.#retry_ms = RETRY_MIN_MS * 2 ** Math.min(Math.max(entry.strikes, this.#rounds++), 6);
    this.#resume();
  }

  /** After a refusal: once nothing is in flight any more, waits and starts again from the oldest refused message. */
  #resume(): void {
    if (this.#retry_ms === 0 || this.#in_flight > 0 || this.#retry_timer !== null || this.#closed) return;
    this.#retry_timer = setTimeout(
      () => {
        this.#retry_timer = null;
        this.#retry_ms = 0;
        for (const entry of this.#pending) if (entry.state === 'refused') entry.state = 'waiting';
        this.#handed = 0;
        this.#pump();
      },
      Math.min(this.#retry_ms, RETRY_MAX_MS),
    );
  }

  /** One timer, for the oldest message that is in memory only. */
  #watchAge(): void {
    if (this.#age_timer !== null || this.#spooling || this.#closed) return;
    const oldest = this.#pending.find((entry) => entry.state !== 'done');
    if (oldest === undefined) return;
    const wait_ms = oldest.pushed_at + this.#spool_after_ms - this.#options.clock.monotonic();
    // The look itself waits for a turn of the event loop: acks that lie in the socket since a long pause count as come.
    this.#age_timer = setTimeout(() => setImmediate(() => this.#checkAge()), Math.max(1, Math.ceil(wait_ms)));
    this.#age_timer.unref();
  }

  #checkAge(): void {
    this.#age_timer = null;
    if (this.#closed || this.#spooling) return;
    const oldest = this.#pending.find((entry) => entry.state !== 'done');
    const age_ms = oldest === undefined ? 0 : this.#options.clock.monotonic() - oldest.pushed_at;
    if (age_ms >= this.#spool_after_ms)
      this.#begin('GV-BUS-001', `no ack for ${Math.round(age_ms)} ms: scrapes go to disk`);
    this.#watchAge();
  }

  #wake(): void {
    const waiters = this.#waiters;
    if (waiters.length === 0) return;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  #change(timeout_ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeout_ms);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
