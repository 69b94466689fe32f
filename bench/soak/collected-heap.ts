import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '../../pipeline/clock.ts';

export interface CollectedHeapOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** A thread that has not collected by itself for so long is made to; the first time sooner, so that there is something to tell. */
  readonly force_after_ms: number;
  readonly force_first_ms: number;
}

/** What the heap of this thread holds when its garbage is gone. */
export interface CollectedHeap {
  /** Right after the last major collection; null before the first. */
  readonly bytes: number | null;
  /** Major collections so far, those that were forced among them. */
  readonly collections: number;
  /** The longest of them, ms. */
  readonly collect_max_ms: number;
  /** Call it now and then: forces a collection when one is due. */
  look(): void;
  stop(): void;
}

interface CollectionEntry {
  readonly duration: number;
  readonly detail?: { readonly kind?: number };
}

/**
 * Told by V8 after each of its own collections, which costs nothing that was not spent anyway: between two of them `heapUsed`
 * says mostly how much garbage there is. Forcing is for threads that do so little that they would never collect; their heaps are
 * small, and so is the pause.
 */
export function collectedHeap({ clock, force_after_ms, force_first_ms }: CollectedHeapOptions): CollectedHeap {
  let [bytes, collections, collect_max_ms] = [null as number | null, 0, 0];
  let collected_at = clock.monotonic();
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as readonly CollectionEntry[]) {
      if (entry.detail?.kind !== constants.NODE_PERFORMANCE_GC_MAJOR) continue;
      collections++;
      collect_max_ms = Math.max(collect_max_ms, entry.duration);
      collected_at = clock.monotonic();
      bytes = getHeapStatistics().used_heap_size;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  let collect: (() => void) | null = null;
  return {
    get bytes() {
      return bytes;
    },
    get collections() {
      return collections;
    },
    get collect_max_ms() {
      return collect_max_ms;
    },
    look() {
      if (clock.monotonic() - collected_at < (bytes === null ? force_first_ms : force_after_ms)) return;
      collect ??= collector();
      collect();
    },
    stop: () => observer.disconnect(),
  };
}

/** The flag holds for contexts that are made after it: nothing of the program under test sees the function. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return collect;
}
