import type { Clock } from '../pipeline/clock.ts';

/**
 * What `read` told last, at most `age_ms` old, or for as long as what began then (monotonic ms) would tell the same; who asks
 * meanwhile waits for the same reading. A failure is nobody's answer but theirs.
 */
export function cachedAnswer<T>(
  clock: Clock,
  age_ms: number,
  read: () => Promise<T>,
  unchangedSince: (at: number) => boolean = () => false,
): () => Promise<T> {
  let known: Promise<T> | null = null;
  let asked = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock.monotonic();
    if (known !== null && (unchangedSince(asked) || now - asked < age_ms)) return known;
    asked = now;
    const reading = read();
    known = reading;
    reading.catch(() => {
      if (known === reading) known = null;
    });
    return reading;
  };
}
