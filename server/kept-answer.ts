import type { Clock } from '../pipeline/clock.ts';

export interface KeptAnswer<T> {
  /** What is known, at once; null while nothing is. */
  known(): T | null;
  /** The same, but the first who asks waits; null when it could not be told. */
  first(): Promise<T | null>;
}

/**
 * What `read` told last, while what is older than `age_ms` is read anew behind it. A failure leaves what is known, for as
 * long as it is not older than `kept_ms`.
 */
export function keptAnswer<T>(
  clock: Clock,
  options: { readonly age_ms: number; readonly kept_ms: number },
  read: () => Promise<T>,
): KeptAnswer<T> {
  let last: { readonly value: T; readonly at: number } | null = null;
  let reading: Promise<void> | null = null;
  let asked = Number.NEGATIVE_INFINITY;
  const refresh = (): void => {
    const now = clock.monotonic();
    if (last !== null && now - last.at > options.kept_ms) last = null;
    if (reading !== null || now - asked < options.age_ms) return;
    asked = now;
    reading = read()
      .then(
        (value) => {
          last = { value, at: clock.monotonic() };
        },
        () => undefined,
      )
      .finally(() => {
        reading = null;
      });
  };
  return {
    known() {
      refresh();
      return last?.value ?? null;
    },
    async first() {
      refresh();
      if (last === null) await reading;
      return last?.value ?? null;
    },
  };
}
