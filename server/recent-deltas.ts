import type { Clock } from '../pipeline/clock.ts';

export interface RecentDeltasOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Deltas are kept for so long at most. */
  readonly keep_ms: number;
  /** How much all of them together may take; what exceeds it goes oldest first, whosever it is. */
  readonly bytes_max: number;
}

const SECOND_MS = 1_000;

/**
 * How old the deltas may be that topics keep for those who come back: one limit for all topics of a server, since there may be
 * any number of them. Topics ask `oldest` and let go by themselves.
 *
 * State    a number for every second of `keep_ms`; what the topics keep is at most `bytes_max` and the deltas of one second.
 * Cost     O(1) a delta.
 */
export class RecentDeltas {
  private readonly clock: Pick<Clock, 'monotonic'>;
  private readonly bytes_max: number;
  private readonly keep_s: number;
  /** By the second in which they were made, in a ring. */
  private readonly bytes: Float64Array;
  private held_bytes = 0;
  private from = 0;

  constructor({ clock, keep_ms, bytes_max }: RecentDeltasOptions) {
    this.clock = clock;
    this.bytes_max = bytes_max;
    this.keep_s = Math.ceil(keep_ms / SECOND_MS);
    this.bytes = new Float64Array(this.keep_s + 1);
    this.from = this.now();
  }

  /** Of all deltas that need not go. */
  get held(): number {
    return this.held_bytes;
  }

  /** Counts a delta; answers the second that it belongs to. */
  add(bytes: number): number {
    const second = this.now();
    this.leaveBefore(second - this.keep_s);
    this.bytes[second % this.bytes.length] = this.of(second) + bytes;
    this.held_bytes += bytes;
    while (this.held_bytes > this.bytes_max && this.from < second) this.leaveBefore(this.from + 1);
    return second;
  }

  /** One that its topic has let go for reasons of its own. */
  drop(second: number, bytes: number): void {
    if (second < this.from) return;
    this.bytes[second % this.bytes.length] = this.of(second) - bytes;
    this.held_bytes -= bytes;
  }

  /** Deltas of earlier seconds are to go. */
  oldest(): number {
    this.leaveBefore(this.now() - this.keep_s);
    return this.from;
  }

  private of(second: number): number {
    return this.bytes[second % this.bytes.length] as number;
  }

  private leaveBefore(second: number): void {
    for (let cleared = 0; this.from < second; this.from++) {
      if (cleared++ === this.bytes.length) {
        this.from = second;
        return;
      }
      this.held_bytes -= this.of(this.from);
      this.bytes[this.from % this.bytes.length] = 0;
    }
  }

  private now(): number {
    return Math.floor(this.clock.monotonic() / SECOND_MS);
  }
}
