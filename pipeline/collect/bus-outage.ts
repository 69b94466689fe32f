import type { Clock } from '../clock.ts';
import type { DurationMs } from '../contract/time.ts';

/** Share of the lease for which NATS has to be away before that counts: a lease that was renewed last before holds so long. */
const AWAY_SHARE = 1 / 2;

/**
 * Whether NATS is away, as far as one collector can know: so long as nobody can be asked who owns what, each goes on with
 * what it had. To be looked at several times within a lease. One that was paused has seen nothing, so it begins anew: to it a
 * connection that broke meanwhile says nothing of the others. State: two instants.
 */
export class BusOutage {
  private readonly clock: Clock;
  private readonly long_ms: number;
  private looked_at: number;
  private away_from = Number.POSITIVE_INFINITY;
  private sure = false;

  constructor(options: { readonly lease: DurationMs; readonly clock: Clock }) {
    this.clock = options.clock;
    this.long_ms = options.lease * AWAY_SHARE;
    this.looked_at = options.clock.monotonic();
  }

  look(connected: boolean): void {
    const now = this.clock.monotonic();
    if (now - this.looked_at > this.long_ms) this.answered();
    this.looked_at = now;
    if (connected) this.away_from = Number.POSITIVE_INFINITY;
    else this.away_from = Math.min(this.away_from, now);
    if (now - this.away_from >= this.long_ms) this.sure = true;
  }

  /** NATS has said something: a connection alone is not enough to know who owns what. */
  answered(): void {
    this.sure = false;
    this.away_from = Number.POSITIVE_INFINITY;
  }

  lasts(): boolean {
    return this.sure && this.clock.monotonic() - this.looked_at <= this.long_ms;
  }
}
