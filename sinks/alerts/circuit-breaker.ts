import type { DurationMs } from '../../pipeline/contract/time.ts';

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open at first; doubles at every probe that fails. */
  readonly open_min: DurationMs;
  readonly open_max: DurationMs;
}

/** Keeps a way out alone that does not work: `open` until a while has passed, then `half-open` for one probe. */
export interface CircuitBreaker {
  readonly state: 'closed' | 'open' | 'half-open';
  /** Monotonic ms before which nothing is tried. */
  readonly closed_until: number;
  trying(): void;
  succeeded(): void;
  failed(now: number): void;
}

export function circuitBreaker({ failures, open_min, open_max }: BreakerOptions): CircuitBreaker {
  let state: CircuitBreaker['state'] = 'closed';
  let in_a_row = 0;
  let open_for: number = open_min;
  let until = Number.NEGATIVE_INFINITY;
  return {
    get state() {
      return state;
    },
    get closed_until() {
      return until;
    },
    trying() {
      if (state === 'open') state = 'half-open';
    },
    succeeded() {
      state = 'closed';
      in_a_row = 0;
      open_for = open_min;
      until = Number.NEGATIVE_INFINITY;
    },
    failed(now) {
      in_a_row++;
      if (state === 'half-open') open_for = Math.min(open_max, open_for * 2);
      else if (in_a_row < failures) return;
      state = 'open';
      until = now + open_for;
    },
  };
}
