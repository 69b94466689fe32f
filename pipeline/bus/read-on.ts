import { pause, systemTimers } from '../clock.ts';

export interface ReadOnOptions<T> {
  /** Begins to read behind what was taken last; asked again after each failure. */
  readonly read: () => AsyncIterable<T>;
  readonly take: (item: T) => void;
  readonly signal: AbortSignal;
  /** Told once, and again only when something has come in between. */
  readonly onFailure: (cause: unknown) => void;
  /** Between a failure and the next try. Default 1 s. */
  readonly pause_ms?: number;
}

/**
 * Reads until the signal aborts or the source ends: a failure must not leave a reader that goes on as if nothing happened and
 * hears nothing any more. Never rejects.
 */
export async function readOn<T>(options: ReadOnOptions<T>): Promise<void> {
  const { signal, pause_ms = 1_000 } = options;
  let told = false;
  while (!signal.aborted) {
    try {
      for await (const item of options.read()) {
        options.take(item);
        told = false;
      }
      return;
    } catch (cause) {
      if (signal.aborted) return;
      if (!told) options.onFailure(cause);
      told = true;
      await pause(systemTimers, pause_ms, signal).catch(() => undefined);
    }
  }
}
