import type { Clock } from '../../pipeline/clock.ts';
import { type BucketRate, fullBucket, type TokenBucket, takeToken, tokensIn } from './token-bucket.ts';

/** How fast each of many may call. State: a bucket for whoever called last, at most 10,000. */
export class RateLimiter {
  private readonly rate: BucketRate;
  private readonly clock: Clock;
  private readonly buckets = new Map<string, TokenBucket>();

  constructor(rate: BucketRate, clock: Clock) {
    this.rate = rate;
    this.clock = clock;
  }

  /** Null when it may; else the seconds to wait. A call that is refused takes nothing. */
  take(who: string): number | null {
    const now = this.clock.monotonic();
    const bucket = this.buckets.get(who) ?? fullBucket(this.rate, now);
    this.buckets.delete(who);
    this.buckets.set(who, bucket);
    if (this.buckets.size > BUCKETS_MAX) {
      for (const oldest of this.buckets.keys()) {
        this.buckets.delete(oldest);
        break;
      }
    }
    const left = takeToken(bucket, this.rate, now);
    if (left >= 0) return null;
    bucket.tokens += 1;
    return this.secondsOf(left);
  }

  /** What `take` would answer, without taking anything. */
  look(who: string): number | null {
    const bucket = this.buckets.get(who);
    if (bucket === undefined) return null;
    const left = tokensIn(bucket, this.rate, this.clock.monotonic()) - 1;
    return left >= 0 ? null : this.secondsOf(left);
  }

  private secondsOf(left: number): number {
    return Math.max(1, Math.ceil(-left / this.rate.per_s));
  }
}

const BUCKETS_MAX = 10_000;
