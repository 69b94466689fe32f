/**
 * The only place that asks the machine for the time, besides the simulator's generator. Everything else is handed a Clock.
 */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Monotonic ms with fractions, for durations. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** Epoch ms with fractions, for spans: begun with the wall clock when the thread began, and not set with it since. */
export const exactNow = (): number => performance.timeOrigin + performance.now();

/** Monotonic ms that mean the same in all threads of this process, unlike those of a Clock. */
export const sharedMonotonic = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

/** Waiting, for those that are also simulated: what they return ends it. */
export interface Timers {
  after(delay_ms: number, run: () => void): () => void;
  every(interval_ms: number, run: () => void): () => void;
}

export const systemTimers: Timers = {
  after(delay_ms, run) {
    const timer = setTimeout(run, delay_ms);
    return () => clearTimeout(timer);
  },
  every(interval_ms, run) {
    const timer = setInterval(run, interval_ms);
    return () => clearInterval(timer);
  },
};

/** Rejects with the signal's reason when that aborts first. */
export const pause = (timers: Timers, delay_ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const aborted = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = timers.after(delay_ms, () => {
      signal.removeEventListener('abort', aborted);
      resolve();
    });
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
  });

/** A clock that stands until it is moved: for tests. */
export interface SettableClock extends Clock {
  set(epochMs: number): void;
  advance(ms: number): void;
}

export function settableClock(start: number): SettableClock {
  let now = start;
  return {
    now: () => now,
    monotonic: () => now,
    set(epochMs) {
      now = epochMs;
    },
    advance(ms) {
      now += ms;
    },
  };
}
