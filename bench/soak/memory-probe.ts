import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { threadId } from 'node:worker_threads';
import { systemClock } from '../../pipeline/clock.ts';
import { collectedHeap } from './collected-heap.ts';

/**
 * Loaded into every thread of a process under test (`node --import`): writes what only the thread itself knows of its memory into
 * `PROBE_DIR/<pid>-<thread>.json` every two seconds.
 */
export interface ThreadMemory {
  /** Epoch ms. */
  readonly at: number;
  /** Right after the last major collection; null before the first. */
  readonly heap_bytes: number | null;
  /** The longest major collection so far, ms. */
  readonly collect_max_ms: number;
  readonly external_bytes: number;
  /** What its heap takes of the system's memory, garbage and room included. */
  readonly committed_bytes: number;
  /** Timers, sockets, files and the like that keep the loop alive. */
  readonly resources: number;
  /** Longest pause of the event loop since the thread's last report. */
  readonly pause_max_ms: number;
}

const EVERY_MS = 2_000;
/** Threads under load collect more often than this by themselves. */
const FORCE_AFTER_MS = 180_000;
const FORCE_FIRST_MS = 10_000;
const NS_PER_MS = 1e6;
const dir = process.env.PROBE_DIR;

if (dir !== undefined) {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, `${process.pid}-${threadId}.json`);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const heap = collectedHeap({ clock: systemClock, force_after_ms: FORCE_AFTER_MS, force_first_ms: FORCE_FIRST_MS });
  setInterval(() => {
    heap.look();
    const { external, heapTotal } = process.memoryUsage();
    const report: ThreadMemory = {
      at: systemClock.now(),
      heap_bytes: heap.bytes,
      collect_max_ms: heap.collect_max_ms,
      external_bytes: external,
      committed_bytes: heapTotal,
      resources: process.getActiveResourcesInfo().length,
      pause_max_ms: delay.max / NS_PER_MS,
    };
    delay.reset();
    try {
      writeFileSync(`${path}.new`, JSON.stringify(report));
      renameSync(`${path}.new`, path);
    } catch {
      // The folder goes before we do when the soak ends.
    }
  }, EVERY_MS).unref();
}
