/** What lives in the heap of a Go program, as it tells on its monitor. */
export interface GoHeap {
  /** After its last collection; null before the first answer and while it does not answer. */
  readonly live_bytes: number | null;
  stop(): void;
}

const EVERY_MS = 5_000;
const TIMEOUT_MS = 2_000;

/** The heap that Go lets a program have before it collects again, as a multiple of what lives in it. */
export const heapTimes = (gogc: number): number => 1 + gogc / 100;

/**
 * Asks `/debug/vars` (Go's expvar, which nats-server serves on its monitor) every five seconds. Go tells the heap size of its next
 * collection, which follows from what the last one has left and from GOGC (Go: "A Guide to the Go Garbage Collector"); where its
 * memory limit is near, what is told here is less than what lives.
 */
export function followGoHeap({ url, gogc }: { readonly url: string; readonly gogc: number }): GoHeap {
  let live_bytes: number | null = null;
  const ask = async (): Promise<void> => {
    try {
      const answer = await fetch(`${url}/debug/vars`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      live_bytes = liveBytes(await answer.json(), gogc);
    } catch {
      live_bytes = null;
    }
  };
  void ask();
  const timer = setInterval(() => void ask(), EVERY_MS);
  timer.unref();
  return {
    get live_bytes() {
      return live_bytes;
    },
    stop: () => clearInterval(timer),
  };
}

/** Of what expvar tells; null when that is anything else, or nothing has been collected yet. */
export function liveBytes(told: unknown, gogc: number): number | null {
  const { memstats } = (told ?? {}) as { readonly memstats?: { readonly NextGC?: unknown; readonly NumGC?: unknown } };
  const { NextGC, NumGC } = memstats ?? {};
  return typeof NextGC !== 'number' || typeof NumGC !== 'number' || NumGC === 0 ? null : NextGC / heapTimes(gogc);
}
