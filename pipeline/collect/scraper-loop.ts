import type { Clock } from '../clock.ts';
import { LateTicks } from './late-ticks.ts';
import { DueHeap } from './scraper-heap.ts';
import { backOffIntervals, spread } from './scraper-spread.ts';

export interface ScrapeLoopOptions {
  readonly clock: Clock;
  readonly interval_ms: number;
  /** For the jitter of the back-off. */
  readonly seed: number;
  /** Runs at a time: of targets whose last run went well, and of those that are failing. */
  readonly concurrency_max: number;
  readonly failing_max: number;
  /** One run; resolves to whether it went well, never rejects. */
  readonly run: (key: string) => Promise<boolean>;
  /** Lately its runs lasted longer than the interval, or no longer do. */
  readonly on_slow?: (key: string, slow: boolean) => void;
}

interface Item {
  readonly key: string;
  /** Monotonic ms of tick 0. */
  readonly start: number;
  tick: number;
  failures: number;
  running: boolean;
  removed: boolean;
  readonly late: LateTicks;
}

/** The longest sleep: a clock that was set is noticed after that. */
const SLEEP_MAX_MS = 1_000;

/**
 * Runs every target once an interval. Tick n of a target is at start + n x interval, and the start is a place within the
 * interval given by the hash of the key and the wall clock, so that the load is even and a restart keeps the rhythm. A target
 * runs again only after its last run has ended; ticks that pass meanwhile are left out and counted. Failing targets back off
 * and have their own places, so that however many hang, the others are on time. One timer for all.
 */
export class ScrapeLoop {
  readonly #options: ScrapeLoopOptions;
  readonly #items = new Map<string, Item>();
  readonly #heap = new DueHeap<Item>();
  readonly #queues = { well: [] as Item[], failing: [] as Item[] };
  readonly #running = { well: 0, failing: 0 };
  #timer: NodeJS.Timeout | null = null;
  #timer_due = Number.POSITIVE_INFINITY;
  #stopped = false;
  #idle: () => void = () => undefined;
  #skipped = 0;

  constructor(options: ScrapeLoopOptions) {
    this.#options = options;
  }

  get counters(): {
    readonly running: number;
    readonly queued: number;
    readonly ticks_skipped: number;
    readonly targets_slow: number;
  } {
    let targets_slow = 0;
    for (const { late } of this.#items.values()) if (late.slow) targets_slow++;
    return {
      targets_slow,
      running: this.#running.well + this.#running.failing,
      queued: this.#queues.well.length + this.#queues.failing.length,
      ticks_skipped: this.#skipped,
    };
  }

  add(key: string): void {
    if (this.#items.has(key) || this.#stopped) return;
    const { clock, interval_ms } = this.#options;
    const into_interval = clock.now() % interval_ms;
    const start = clock.monotonic() + ((spread(key) * interval_ms - into_interval + interval_ms) % interval_ms);
    const item: Item = { key, start, tick: 0, failures: 0, running: false, removed: false, late: new LateTicks() };
    this.#items.set(key, item);
    this.#heap.push(start, item);
    this.#arm();
  }

  /** A run that is going on is not broken off; it is the last one. */
  remove(key: string): void {
    const item = this.#items.get(key);
    if (item !== undefined) item.removed = true;
    this.#items.delete(key);
  }

  /** Starts nothing any more. Resolves when the runs of targets that are well have ended, and after `wait_ms` at the latest. */
  async stop(wait_ms: number): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#running.well === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait_ms);
      this.#idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Starts what is due now: called by the timer, and by tests that move the clock themselves. */
  tick(): void {
    const now = this.#options.clock.monotonic();
    while (this.#heap.next_due <= now) {
      const item = this.#heap.pop();
      if (item === undefined || item.removed) continue;
      this.#queues[item.failures > 0 ? 'failing' : 'well'].push(item);
    }
    this.#serve('well', this.#options.concurrency_max);
    this.#serve('failing', this.#options.failing_max);
    this.#arm();
  }

  #serve(kind: 'well' | 'failing', most: number): void {
    const queue = this.#queues[kind];
    let taken = 0;
    while (taken < queue.length && this.#running[kind] < most && !this.#stopped) {
      const item = queue[taken++] as Item;
      if (item.removed) continue;
      this.#running[kind]++;
      void this.#options.run(item.key).then((well) => {
        this.#running[kind]--;
        if (this.#stopped && this.#running.well === 0) this.#idle();
        this.#plan(item, well);
        if (queue.length > 0) this.#serve(kind, most);
      });
    }
    queue.splice(0, taken);
  }

  #plan(item: Item, well: boolean): void {
    if (item.removed || this.#stopped) return;
    const { clock, interval_ms, seed } = this.#options;
    const now = clock.monotonic();
    item.failures = well ? 0 : item.failures + 1;
    const upcoming = Math.max(item.tick, Math.floor((now - item.start) / interval_ms)) + 1;
    const left_out = upcoming - item.tick - 1;
    if (well) this.#skipped += left_out;
    if (well && item.late.add(left_out)) this.#options.on_slow?.(item.key, item.late.slow);
    item.tick = upcoming;
    const wait = backOffIntervals({ key: item.key, failures: item.failures, seed });
    this.#heap.push(wait === 1 ? item.start + upcoming * interval_ms : now + wait * interval_ms, item);
    this.#arm();
  }

  #arm(): void {
    const due = this.#heap.next_due;
    if (this.#stopped || (this.#timer !== null && this.#timer_due <= due)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (due === Number.POSITIVE_INFINITY) return;
    const sleep_ms = Math.min(SLEEP_MAX_MS, Math.max(1, Math.ceil(due - this.#options.clock.monotonic())));
    this.#timer_due = due;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.tick();
    }, sleep_ms);
  }
}
