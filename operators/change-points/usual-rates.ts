import { type DurationMs, days, hours, minutes } from '../../pipeline/contract/time.ts';
import type { ChangeState } from './change-state.ts';

const DAY_MS = days(1);
/** Time constants of the rates that tell whether a change goes on: for sharp changes, and for slow ones and the crest. */
const FAST_MS = minutes(30);
const SLOW_MS = hours(6);
/** Most that one reading may be off, in log1p of errors per minute, for the tests and for what is usual. */
export const STEP_MAX = 1.7;
const CREST_DECAY_PER_DAY = 0.8;

/** Until a half-life has passed, plain averaging learns faster than the decay would. */
export const weightOf = (elapsed_ms: number, watched_ms: number, half_life: DurationMs): number =>
  Math.min(1, Math.max(1 - 2 ** (-elapsed_ms / half_life), elapsed_ms / Math.max(watched_ms, elapsed_ms)));

export const crestOf = (state: ChangeState, cell: number): number =>
  Math.max(state.crest[cell] as number, state.crest_yesterday[cell] as number);

/** Mean and variance of a reading (West 1979); once judged, a wild one moves them no more than a large one. */
export function noteMean(state: ChangeState, cell: number, x: number, judged: boolean, weight: number): void {
  const mean = state.mean[cell] as number;
  const deviation = judged ? Math.min(STEP_MAX, x - mean) : x - mean;
  state.mean[cell] = mean + weight * deviation;
  state.variance[cell] = (1 - weight) * ((state.variance[cell] as number) + weight * deviation * deviation);
}

/** Rates per minute with a short and a long memory, and the highest of the long one by day. */
export function noteRates(state: ChangeState, cell: number, ts: number, elapsed_ms: number, rate: number): void {
  const fast = state.fast[cell] as number;
  const slow = state.slow[cell] as number;
  state.fast[cell] = fast + (1 - Math.exp(-elapsed_ms / FAST_MS)) * (rate - fast);
  state.slow[cell] = slow + (1 - Math.exp(-elapsed_ms / SLOW_MS)) * (rate - slow);
  const passed = Math.floor(ts / DAY_MS) - Math.floor((ts - elapsed_ms) / DAY_MS);
  for (let day = 0; day < Math.min(passed, 30); day++) {
    state.crest[cell] = Math.max(
      (state.crest[cell] as number) * CREST_DECAY_PER_DAY,
      state.crest_yesterday[cell] as number,
    );
    state.crest_yesterday[cell] = state.crest_today[cell] as number;
    state.crest_today[cell] = 0;
  }
}

/** The rate per hour of the last `elapsed_ms`, before which the short memory stood at `fast_then` per minute. */
export function sharpRate(state: ChangeState, cell: number, elapsed_ms: number, fast_then: number): number {
  const kept = Math.exp(-elapsed_ms / FAST_MS);
  return (60 * ((state.fast[cell] as number) - kept * fast_then)) / (1 - kept);
}
