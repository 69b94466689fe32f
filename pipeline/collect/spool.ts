import type { OutgoingMessage } from '../contract/bus.ts';
import type { ErrorCode } from '../contract/error-catalogue.ts';
import { VitalsError } from '../contract/errors.ts';
import { SpoolFiles } from './spool-files.ts';
import type { SpoolCounters, SpoolOptions } from './spool-options.ts';
import { type Safety, type SpoolEntry, SpoolSender, settle, spoolEntry } from './spool-sender.ts';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const CURSOR_EVERY_MS = 100;
const IDLE_MS = 500;
const SILENCE_MS = 1_000;

/**
 * Stands before the stream publisher and keeps what NATS has not acknowledged, in the order in which it was pushed.
 *
 * While acks come in time messages live in memory only and nothing touches the disk. From the first one that stays
 * unacknowledged for `spool_after_ms`, or finds the window full or the bus away, everything unacknowledged and everything
 * new is appended to the files before `push` resolves, and is sent from there, oldest first, until nothing is left; then the
 * files are gone. What was in flight when the process died is sent again under the same `Nats-Msg-Id`.
 *
 * A message that the server refuses time and again while it takes others is dropped, so that it cannot hold up the rest.
 * Full files lose their oldest segment. The constructor throws VitalsError GV-COL-007 when the folder cannot be used. Cost: one ack per message; one gathered write per message while on disk. State: at
 * most `window` messages of `memory_max_bytes`.
 */
export class Spool {
  readonly #options: SpoolOptions;
  readonly #files: SpoolFiles;
  readonly #sender: SpoolSender;
  readonly #window: number;
  readonly #spool_after_ms: number;
  #spooling = false;
  /** Why, as it was told; null while it is no trouble. */
  #told: ErrorCode | null = null;
  #closing = false;
  #closed = false;
  #dropped = 0;
  #age_timer: NodeJS.Timeout | null = null;
  #cursor_timer: NodeJS.Timeout | null = null;
  #waiters: (() => void)[] = [];

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#window = options.window ?? 1024;
    this.#spool_after_ms = options.spool_after_ms ?? 250;
    const size_max_bytes = options.size_max_bytes ?? GIB;
    try {
      this.#files = new SpoolFiles({
        directory: options.directory,
        size_max_bytes,
        segment_bytes: Math.min(options.segment_bytes ?? 16 * MIB, Math.ceil(size_max_bytes / 8)),
        on_damage: (detail, lost) => {
          this.#dropped += lost;
          options.on_event({ kind: 'spool_failed', code: 'GV-COL-007', detail });
        },
      });
    } catch (cause) {
      throw new VitalsError('GV-COL-007', (cause as Error).message, options.directory, { cause });
    }
    this.#sender = new SpoolSender({
      publisher: options.publisher,
      window: this.#window,
      memory_max_bytes: options.memory_max_bytes ?? 32 * MIB,
      retry_min_ms: options.retry_min_ms ?? 100,
      next: () => {
        const record = this.#files.unread > 0 ? this.#files.next() : null;
        return record === null ? null : spoolEntry({ ...record, pushed_at: options.clock.monotonic() });
      },
      release: (mark) => this.#files.release(mark),
      on_progress: () => this.#progress(),
      on_refused: (detail) => this.#begin('GV-BUS-002', `NATS refuses scrapes, they go to disk: ${detail}`),
      on_given_up: (detail) => {
        this.#dropped++;
        options.on_event({ kind: 'message_refused', code: 'GV-BUS-002', detail });
      },
    });
    if (this.#files.messages > 0) {
      this.#begin(null, `${this.#files.messages} messages of an earlier run are sent first`);
      this.#sender.pump();
    }
  }

  get counters(): SpoolCounters {
    return {
      spooled_messages: this.#files.messages,
      spooled_bytes: this.#files.bytes,
      stored_messages: this.#sender.stored,
      dropped_messages: this.#dropped,
      pending_messages: this.#sender.pending.length,
    };
  }

  /** Takes a message behind all others. Resolves when it is safe, or lost for good; never rejects. */
  push(message: OutgoingMessage): Promise<Safety> {
    if (this.#closing) {
      this.#dropped++;
      return Promise.resolve('dropped');
    }
    const entry = spoolEntry({ message, pushed_at: this.#options.clock.monotonic() });
    const safe = new Promise<Safety>((resolve) => {
      entry.settle = resolve;
    });
    if (!this.#spooling) {
      if (this.#options.connected?.() === false) this.#begin('GV-BUS-001', 'NATS is away: scrapes go to disk');
      else if (!this.#sender.room) this.#begin(null, 'NATS takes fewer scrapes than come: the rest goes to disk');
    }
    const held = this.#files.unread === 0 && this.#sender.room;
    if (this.#spooling) this.#write(entry, held);
    if (held) {
      this.#sender.hold(entry);
      this.#watchAge();
    } else if (entry.mark === null) {
      this.#dropped++;
      settle(entry, 'dropped');
    }
    this.#sender.pump();
    return safe;
  }

  /** Null while a producer that can wait may push; else resolves when it may. Keeps half of the window for those that cannot. */
  pressure(): Promise<void> | null {
    const free = (): boolean =>
      this.#closing || (!this.#spooling && this.#sender.pending.length * 2 < this.#window && this.#sender.room);
    if (free()) return this.#closing ? null : this.#options.publisher.pressure();
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
    const { clock } = this.#options;
    const until = clock.monotonic() + options.timeout_ms;
    let moved_at = clock.monotonic();
    let stored = this.#sender.stored;
    while (this.#sender.pending.length + this.#files.unread > 0 && clock.monotonic() < until) {
      if (this.#sender.stored !== stored) moved_at = clock.monotonic();
      else if (clock.monotonic() - moved_at >= IDLE_MS) break;
      stored = this.#sender.stored;
      await this.#change(20);
    }
    this.#closed = true;
    this.#sender.close();
    if (this.#inMemoryOnly() !== undefined)
      this.#begin(null, 'the collector stops: what NATS has not stored goes to disk');
    if (this.#age_timer !== null) clearTimeout(this.#age_timer);
    if (this.#cursor_timer !== null) clearInterval(this.#cursor_timer);
    for (const entry of this.#sender.pending) {
      if (entry.settle === null) continue;
      this.#dropped++;
      settle(entry, 'dropped');
    }
    this.#files.close();
    this.#wake();
  }

  /** The oldest message that neither the server nor the disk has. */
  #inMemoryOnly(): SpoolEntry | undefined {
    return this.#sender.pending.find((entry) => entry.state !== 'done' && entry.mark === null);
  }

  /** From here on everything goes through the files, first what is unacknowledged. */
  #begin(code: ErrorCode | null, detail: string): void {
    if (!this.#spooling) {
      this.#spooling = true;
      this.#told = code;
      this.#options.on_event({ kind: 'spool_started', code, detail });
      this.#watchDrain();
    } else if (this.#told === null && code !== null) {
      this.#told = code;
      this.#options.on_event({ kind: 'spool_started', code, detail });
    }
    for (const entry of this.#sender.pending) {
      // Behind unread records only a message that this run will not send any more may be written: it would be read again.
      const held = this.#files.unread === 0;
      if (entry.state !== 'done' && entry.mark === null && (held || this.#closed)) this.#write(entry, held);
    }
  }

  /** Appends; a disk that takes no more costs the oldest segment, and then, if that did not help, the message's safety. */
  #write(entry: SpoolEntry, held: boolean): void {
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
      const detail = `${lost} of the oldest scrapes dropped, ${this.#dropped} in all`;
      this.#options.on_event({ kind: 'spool_dropped', code: 'GV-COL-006', detail });
    }
    if (entry.mark !== null) settle(entry, 'spooled');
  }

  #progress(): void {
    if (this.#spooling && this.#files.messages === 0 && this.#sender.pending.every((one) => one.mark === null)) {
      this.#spooling = false;
      if (this.#cursor_timer !== null) clearInterval(this.#cursor_timer);
      this.#files.saveCursor();
      this.#options.on_event({ kind: 'spool_drained', code: null, detail: 'everything on disk is in the stream' });
      this.#watchAge();
    }
    this.#wake();
  }

  /** While on disk: notes what was released, and says so when nothing moves any more. */
  #watchDrain(): void {
    const { clock } = this.#options;
    let stored = this.#sender.stored;
    let moved_at = clock.monotonic();
    this.#cursor_timer = setInterval(() => {
      this.#files.saveCursor();
      if (this.#sender.stored !== stored) moved_at = clock.monotonic();
      else if (clock.monotonic() - moved_at >= SILENCE_MS) {
        this.#begin('GV-BUS-001', `no ack for ${SILENCE_MS} ms: scrapes go to disk`);
      }
      stored = this.#sender.stored;
    }, CURSOR_EVERY_MS);
    this.#cursor_timer.unref();
  }

  /** One timer, for the oldest message that is in memory only. */
  #watchAge(): void {
    if (this.#age_timer !== null || this.#spooling || this.#closed) return;
    const oldest = this.#inMemoryOnly();
    if (oldest === undefined) return;
    const wait_ms = oldest.pushed_at + this.#spool_after_ms - this.#options.clock.monotonic();
    // The look itself waits for a turn of the event loop: acks that lie in the socket since a long pause count as come.
    this.#age_timer = setTimeout(() => setImmediate(() => this.#checkAge()), Math.max(1, Math.ceil(wait_ms)));
    this.#age_timer.unref();
  }

  #checkAge(): void {
    this.#age_timer = null;
    if (this.#closed || this.#spooling) return;
    const oldest = this.#inMemoryOnly();
    const age_ms = oldest === undefined ? 0 : this.#options.clock.monotonic() - oldest.pushed_at;
    if (age_ms >= this.#spool_after_ms) {
      this.#begin('GV-BUS-001', `no ack for ${Math.round(age_ms)} ms: scrapes go to disk`);
    }
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
