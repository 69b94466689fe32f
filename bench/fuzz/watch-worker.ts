import type { Worker } from 'node:worker_threads';
import { systemClock } from '../../pipeline/clock.ts';

/** What a worker says in the end. */
export type WorkerWord<T> = { readonly done: T };

export type Watched<T> =
  | { readonly kind: 'done'; readonly told: T }
  /** It never came back from a case, or died of it. */
  | { readonly kind: 'hung' | 'died'; readonly number: number; readonly what: string };

export interface WatchOptions {
  /** Starts it; `progress[0]` is the number of the case that it is at. */
  readonly start: (progress: Int32Array) => Worker;
  readonly time_ms: number;
}

const LOOK_EVERY_MS = 100;

/** Waits for a worker's word, and ends it when it stays with one case for too long. */
export async function watchWorker<T>({ start, time_ms }: WatchOptions): Promise<Watched<T>> {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  Atomics.store(progress, 0, -1);
  const worker = start(progress);
  let looking: NodeJS.Timeout | null = null;
  try {
    return await new Promise<Watched<T>>((resolve) => {
      let at = -1;
      let since = systemClock.monotonic();
      looking = setInterval(() => {
        const now = Atomics.load(progress, 0);
        if (now !== at || now < 0) {
          at = now;
          since = systemClock.monotonic();
        } else if (systemClock.monotonic() - since > time_ms) {
          resolve({ kind: 'hung', number: at, what: `no answer within ${time_ms} ms` });
        }
      }, LOOK_EVERY_MS);
      worker.once('message', (word: WorkerWord<T>) => resolve({ kind: 'done', told: word.done }));
      worker.once('error', (error: NodeJS.ErrnoException) => {
        const what = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'more memory than its limit' : String(error);
        resolve({ kind: 'died', number: Atomics.load(progress, 0), what });
      });
      worker.once('exit', (code) => resolve({ kind: 'died', number: Atomics.load(progress, 0), what: `exit ${code}` }));
    });
  } finally {
    if (looking !== null) clearInterval(looking);
    await worker.terminate();
  }
}
