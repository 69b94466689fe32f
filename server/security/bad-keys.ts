import type { Clock } from '../../pipeline/clock.ts';
import { RateLimiter } from './rate-limiter.ts';

/** Bad keys from one address: somebody tries, or has a program that does not know that its key has ended. */
const BAD_KEYS = { burst: 50, per_s: 5 };

/**
 * Holds up addresses that show bad keys. Who has shown too many is not looked at, whatever it shows: each look may cost the check
 * of a signature. An address of null, which many may share, is never held up.
 */
export class BadKeys {
  private readonly limiter: RateLimiter;

  constructor(clock: Clock) {
    this.limiter = new RateLimiter(BAD_KEYS, clock);
  }

  /** Seconds until a key from there is looked at; null: now. */
  wait(address: string | null): number | null {
    return address === null ? null : this.limiter.look(address);
  }

  note(address: string | null): void {
    if (address !== null) this.limiter.take(address);
  }
}
