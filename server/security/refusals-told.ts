import type { Clock } from '../../pipeline/clock.ts';

const QUIET_MS = 60_000;
const KINDS_MAX = 10_000;

/** Of refusals of a kind, which one is told: one a minute. State: those kinds that were told last, at most 10,000. */
export class RefusalsTold {
  private readonly clock: Clock;
  private readonly told = new Map<string, { readonly at: number; left_out: number }>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** How many were left out since one was told, if this one is to be told; else null, and it is one of them. */
  tell(kind: string): number | null {
    const now = this.clock.monotonic();
    const before = this.told.get(kind);
    if (before !== undefined && now - before.at < QUIET_MS) {
      before.left_out++;
      return null;
    }
    this.told.delete(kind);
    this.told.set(kind, { at: now, left_out: 0 });
    if (this.told.size > KINDS_MAX) {
      for (const oldest of this.told.keys()) {
        this.told.delete(oldest);
        break;
      }
    }
    return before?.left_out ?? 0;
  }
}
