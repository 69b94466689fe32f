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
