import { type SettableClock, settableClock } from '../../pipeline/clock.ts';
import type { RunAfter } from './run-after.ts';

export interface ManualTimers {
  readonly clock: SettableClock;
  readonly after: RunAfter;
  /** Timers that are set. */
  readonly set: number;
  /** Moves the clock, runs what is due in its order, and lets promises go on. */
  advance(ms: number): Promise<void>;
}

/** Time that stands until a test moves it. */
export function manualTimers(start: number): ManualTimers {
  const clock = settableClock(start);
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  return {
    clock,
    after(ms, run) {
      const timer = { at: clock.monotonic() + Math.max(0, ms), run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    get set() {
      return timers.size;
    },
    async advance(ms) {
      const until = clock.monotonic() + ms;
      await settle();
      for (;;) {
        const [due] = [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
        if (due === undefined) break;
        timers.delete(due);
        clock.set(Math.max(clock.now(), due.at));
        due.run();
        await settle();
      }
      clock.set(until);
      await settle();
    },
  };
}
