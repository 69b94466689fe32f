import type { Sink } from '../contract/ports.ts';

/**
 * Resolves when everything written up to the call is durable. One flush at a time, and the next one for all who ask meanwhile.
 * Fails as a sink does, for those who waited.
 */
export function flushTogether(sinks: readonly Pick<Sink<never>, 'flush'>[]): () => Promise<void> {
  let flushing: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  return () => {
    next ??= flushing
      .catch(() => undefined)
      .then(() => {
        next = null;
        flushing = Promise.all(sinks.map((sink) => sink.flush())).then(() => undefined);
        return flushing;
      });
    return next;
  };
}
