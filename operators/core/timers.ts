import type { Batch } from '../../pipeline/contract/batch.ts';
import type { StateSpec } from '../../pipeline/contract/operator.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import type { GroupState } from './group-state.ts';

/** What timers need besides a step's own columns: the group's clock, and the last multiple that fired. */
export const TIMER_STATE = {
  clock: { scope: 'group', type: 'f64', width: 1, initial: Number.NEGATIVE_INFINITY },
  fired: { scope: 'group', type: 'f64', width: 1, initial: Number.NEGATIVE_INFINITY },
} as const satisfies StateSpec;

export const timerStep = (step: string): string => `${step}.timer`;

/**
 * After a gap in event time only so many multiples fire, the last ones: a week of five-minute timers, which is all that any
 * window remembers. One row from the year 9999 would otherwise fire a billion.
 */
const FIRINGS_MAX = 2_016;

/** The multiples of `every` after `fired` up to and with `until`, oldest first. */
export function* multiples(fired: number, every: number, until: number): Generator<number> {
  for (let at = Math.max(fired + every, until - (FIRINGS_MAX - 1) * every); at <= until; at += every) yield at;
}

/**
 * Advances a step's clock over the rows of a batch and calls `fire` for every multiple that falls due, with the row that
 * passed it, before that row counts. The first row of all only sets the clock.
 */
export function advanceTimers(
  step: string,
  every: DurationMs,
  groupState: GroupState,
  batch: Batch,
  fire: (now: number, row: number) => void,
): void {
  const { clock, fired } = groupState.columns(timerStep(step), TIMER_STATE);
  for (let row = 0; row < batch.rows; row++) {
    const ts = batch.ts[row] as number;
    if (ts <= (clock[0] as number)) continue;
    clock[0] = ts;
    const due = Math.floor(ts / every) * every;
    const last = fired[0] as number;
    if (due <= last) continue;
    fired[0] = due;
    if (last === Number.NEGATIVE_INFINITY) continue;
    for (const now of multiples(last, every, due)) fire(now, row);
  }
}

/** Moves a step's clock to the end of the input: multiples up to then fire, none after. */
export function finishTimers(
  step: string,
  every: DurationMs,
  groupState: GroupState,
  watermark: number,
  fire: (now: number) => void,
): void {
  const { clock, fired } = groupState.columns(timerStep(step), TIMER_STATE);
  if (fired[0] === Number.NEGATIVE_INFINITY || watermark <= (clock[0] as number)) return;
  clock[0] = watermark;
  const due = Math.floor(watermark / every) * every;
  const last = fired[0] as number;
  fired[0] = Math.max(due, last);
  for (const now of multiples(last, every, due)) fire(now);
}
