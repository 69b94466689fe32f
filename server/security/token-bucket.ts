/** So much at once, and so much per second after that. */
export interface BucketRate {
  readonly burst: number;
  readonly per_s: number;
}

export interface TokenBucket {
  tokens: number;
  /** Monotonic ms. */
  at: number;
}

export const fullBucket = (rate: BucketRate, now: number): TokenBucket => ({ tokens: rate.burst, at: now });

/** Takes a token, also one that is not there: below zero is how far beyond the rate it is. Answers what is left. */
export function takeToken(bucket: TokenBucket, rate: BucketRate, now: number): number {
  bucket.tokens = tokensIn(bucket, rate, now) - 1;
  bucket.at = now;
  return bucket.tokens;
}

export function tokensIn({ tokens, at }: TokenBucket, rate: BucketRate, now: number): number {
  return Math.min(rate.burst, tokens + (Math.max(0, now - at) / 1_000) * rate.per_s);
}
