import type { Clock, Timers } from '../clock.ts';

interface Due {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  gone: boolean;
}

/**
 * Time that passes only when nobody has anything left to do at the present instant: the next thing that is due sets it.
 * One thing a step, and all microtasks that come of it. Memory: what is due.
 */
export class VirtualTime {
  /** Epoch ms, with fractions. */
  now: number;
  steps = 0;
  private readonly due: Due[] = [];
  private orders = 0;

  constructor(start: number) {
    this.now = start;
  }

  /** Things of one instant run in the order in which they were asked for. Returns what cancels it. */
  at(instant: number, run: () => void): () => void {
    const entry: Due = { at: Math.max(this.now, instant), order: this.orders++, run, gone: false };
    let low = 0;
    let high = this.due.length;
    // The next one is last, where it is cheap to take.
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.due[middle] as Due).at > entry.at) low = middle + 1;
      else high = middle;
    }
    this.due.splice(low, 0, entry);
    return () => {
      entry.gone = true;
    };
  }

  /** What is due next, if anything is. */
  async step(): Promise<void> {
    let next = this.due.pop();
    while (next?.gone) next = this.due.pop();
    if (next === undefined) return;
    this.now = next.at;
    this.steps++;
    next.run();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A process in virtual time: from `kill` on nothing of it runs, and nothing that it waits for ever comes. */
export class Life {
  alive = true;
  /** What its clock is ahead of the world's, ms. */
  skew_ms = 0;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly time: VirtualTime;
  readonly born: number;
  private readonly endings: (() => void)[] = [];

  constructor(time: VirtualTime) {
    this.time = time;
    const born = time.now;
    this.born = born;
    this.clock = { now: () => Math.floor(time.now + this.skew_ms), monotonic: () => time.now - born };
    this.timers = {
      after: (delay_ms, run) => this.after(delay_ms, run),
      every: (interval_ms, run) => {
        let cancel: () => void;
        const again = (): void => {
          cancel = this.after(interval_ms, () => {
            again();
            run();
          });
        };
        again();
        return () => cancel();
      },
    };
  }

  after(delay_ms: number, run: () => void): () => void {
    return this.time.at(this.time.now + delay_ms, () => {
      if (this.alive) run();
    });
  }

  /** Resolves that much later, if this still lives then. */
  passed(delay_ms: number): Promise<void> {
    return new Promise((resolve) => this.after(delay_ms, resolve));
  }

  /** Called once, when it is killed: what was under way outside of it. */
  onKill(run: () => void): () => void {
    this.endings.push(run);
    return () => {
      const at = this.endings.indexOf(run);
      if (at >= 0) this.endings.splice(at, 1);
    };
  }

  kill(): void {
    this.alive = false;
    for (const run of this.endings.splice(0)) run();
  }
}
