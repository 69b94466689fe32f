import type { Clock } from '../clock.ts';
import type { DurationMs } from '../contract/time.ts';

/** Share of the lease without an answer that counts as an outage: a lease that was renewed last before holds longer than that. */
const SILENT_SHARE = 1 / 2;

/**
 * Whether NATS is away, as far as one collector can know: so long as nobody can be asked who owns what, each goes on with
 * what it had. A connection is no answer: a server that hangs, or whose others are dead, keeps it. To be looked at several
 * times within a lease. One that was paused has seen nothing, so it begins anew: to it a connection that broke meanwhile
 * says nothing of the others. State: two instants.
 */
export class BusOutage {
  private readonly clock: Clock;
  private readonly long_ms: number;
  private looked_at: number;
  private silent_from: number;

  constructor(options: { readonly lease: DurationMs; readonly clock: Clock }) {
    this.clock = options.clock;
    this.long_ms = options.lease * SILENT_SHARE;
    this.looked_at = options.clock.monotonic();
    this.silent_from = this.looked_at;
  }

  look(): void {
    const now = this.clock.monotonic();
    if (now - this.looked_at > this.long_ms) this.silent_from = now;
    this.looked_at = now;
  }

  /** What was asked at this monotonic instant was answered. */
  answered(asked_at: number): void {
    this.silent_from = Math.max(this.silent_from, asked_at);
  }

  /** How long nothing was answered, as far as that was looked at. */
  get silent_ms(): number {
    return this.looked_at - this.silent_from;
  }

  lasts(): boolean {
    return this.silent_ms >= this.long_ms && this.clock.monotonic() - this.looked_at <= this.long_ms;
  }
}
