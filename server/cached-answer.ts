import type { Clock } from '../pipeline/clock.ts';

/** What `read` told last, at most `age_ms` old; who asks meanwhile waits for the same reading. A failure is nobody's answer but theirs. */
export function cachedAnswer<T>(clock: Clock, age_ms: number, read: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | null = null;
  let asked = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock.monotonic();
    if (known !== null && now - asked < age_ms) return known;
    asked = now;
    const reading = read();
    known = reading;
    reading.catch(() => {
      if (known === reading) known = null;
    });
    return reading;
  };
}
