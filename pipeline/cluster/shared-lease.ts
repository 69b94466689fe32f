import { sharedMonotonic } from '../clock.ts';

/** What one thread tells another of a lease: up to when it is held and since when without a break, us of `sharedMonotonic`. */
export type LeaseCells = BigInt64Array<SharedArrayBuffer>;

const UNTIL = 0;
const SINCE = 1;
const LOST = -1n;
const LOOK_MS = 1_000;
const inMicroseconds = (ms: number): bigint => BigInt(Math.floor(Math.max(0, ms) * 1_000));

/** Of a lease that is not held yet. */
export const leaseCells = (): LeaseCells =>
  new BigInt64Array(new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT));

/** `until`: ms of `sharedMonotonic`; not above 0: not held. Nothing changes once it was lost. */
export function tellLease(cells: LeaseCells, lease: { readonly until: number; readonly steady_ms: number }): void {
  if (Atomics.load(cells, UNTIL) === LOST) return;
  Atomics.store(cells, SINCE, inMicroseconds(sharedMonotonic() - lease.steady_ms));
  Atomics.store(cells, UNTIL, inMicroseconds(lease.until));
  Atomics.notify(cells, UNTIL);
}

/** Others have it. */
export function tellLost(cells: LeaseCells): void {
  Atomics.store(cells, UNTIL, LOST);
  Atomics.notify(cells, UNTIL);
}

/** A lease as the thread knows it that works under it. */
export interface SharedLease {
  /**
   * Returns only when it is known whether the lease is ours, and stops the whole thread until then: nothing is sent, answered
   * or finished while others may have it. False: it is lost for good.
   */
  held(): boolean;
  steady_ms(): number;
}

export function sharedLease(options: {
  readonly cells: LeaseCells;
  /** Called before the thread stops, or is told that it is lost: what is on its way must not arrive later. */
  readonly on_lapse: () => void;
  /** Called when it goes on, with how long it stood still. */
  readonly on_back: (ms: number) => void;
}): SharedLease {
  const { cells } = options;
  const holds = (until: bigint): boolean => sharedMonotonic() * 1_000 < Number(until);
  return {
    held() {
      let until = Atomics.load(cells, UNTIL);
      if (holds(until)) return true;
      const began = sharedMonotonic();
      options.on_lapse();
      while (until !== LOST && !holds(until)) {
        Atomics.wait(cells, UNTIL, until, LOOK_MS);
        until = Atomics.load(cells, UNTIL);
      }
      if (until === LOST) return false;
      options.on_back(sharedMonotonic() - began);
      return true;
    },
    steady_ms: () => sharedMonotonic() - Number(Atomics.load(cells, SINCE)) / 1_000,
  };
}
