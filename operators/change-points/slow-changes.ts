import { days, minutes } from '../../pipeline/contract/time.ts';
import { adwinStart, adwinUpdate } from './adwin.ts';
import type { Cells, ChangeState, Found, Reading, SlowCell } from './change-state.ts';
import { ERROR_SIGNALS, type ErrorSignal, SIGNAL_COUNT } from './error-signals.ts';
import type { OpenChange } from './open-change.ts';
import { PAGE_HINKLEY_CELLS } from './page-hinkley.ts';

const MINUTE_MS = minutes(1);
/** The slow test looks every so many bins, and knows at most so many quiet bins before the first error. */
const ADWIN_CLOCK = 6;
const ADWIN_PAST_BINS = 1_008;
/** Without an error for this long a signal is as good as new. */
const FORGET_MS = days(14);

/** The first error of a signal: the slow test must know how long there was none. */
export function beginSignal(state: ChangeState, gpu: number, signal: number, ts: number, watched_ms: number): void {
  const { slow_bin } = ERROR_SIGNALS[signal] as ErrorSignal;
  state.active[gpu * SIGNAL_COUNT + signal] = 1;
  const cells = (state.slow_cells[gpu] as Cells<SlowCell> | null) ?? new Array<null>(SIGNAL_COUNT).fill(null);
  const adwin = adwinStart();
  const past = Math.min(ADWIN_PAST_BINS, Math.floor(watched_ms / slow_bin));
  for (let i = 0; i < past; i++) adwinUpdate(adwin, 0, 0.5, Number.POSITIVE_INFINITY);
  cells[signal] = { bin: Math.floor(ts / slow_bin), rise: 0, observed_ms: 0, last_rise_at: ts, adwin };
  state.slow_cells[gpu] = cells;
}

/** Fills the bin of the slow test; a cut, in rates per minute, when a full one brings it. */
export function noteSlow(reading: Reading, state: ChangeState, delta: number): Omit<Found, 'detector'> | null {
  const { gpu, signal, ts, elapsed_ms, rise } = reading;
  const { slow_bin } = ERROR_SIGNALS[signal] as ErrorSignal;
  const slow = (state.slow_cells[gpu] as Cells<SlowCell>)[signal] as SlowCell;
  if (rise > 0) slow.last_rise_at = ts;
  slow.rise += rise;
  slow.observed_ms += elapsed_ms;
  const bin = Math.floor(ts / slow_bin);
  if (bin === slow.bin) return null;
  slow.bin = bin;
  // After a silence the counters tell the rate all the same; a bin that was hardly seen tells nothing.
  const full = slow.observed_ms >= slow_bin / 2;
  const errors = (slow.rise * slow_bin) / slow.observed_ms;
  slow.rise = 0;
  slow.observed_ms = 0;
  const cut = full ? adwinUpdate(slow.adwin, Math.log1p(errors), delta, ADWIN_CLOCK) : null;
  if (cut === null) return null;
  const perMinute = (mean: number): number => (Math.max(0, Math.expm1(mean)) * MINUTE_MS) / slow_bin;
  const since = ts - cut.newer * slow_bin;
  return { before: perMinute(cut.before), after: perMinute(cut.after), since };
}

/** Lets a signal go that has had no error for two weeks. */
export function forgetSignal(state: ChangeState, gpu: number, signal: number, ts: number): void {
  const cells = state.slow_cells[gpu] as Cells<SlowCell>;
  const slow = cells[signal];
  const open = (state.open[gpu] as Cells<OpenChange> | null)?.[signal] ?? null;
  if (!slow || open !== null || ts - slow.last_rise_at < FORGET_MS) return;
  cells[signal] = null;
  if (cells.every((cell) => cell === null)) state.slow_cells[gpu] = null;
  const cell = gpu * SIGNAL_COUNT + signal;
  state.active[cell] = 0;
  for (const column of [
    state.mean,
    state.variance,
    state.usual,
    state.excursion,
    state.excursion_at,
    state.fast,
    state.slow,
  ])
    column[cell] = 0;
  for (const column of [state.crest, state.crest_yesterday, state.crest_today]) column[cell] = 0;
  state.test.fill(0, cell * PAGE_HINKLEY_CELLS, (cell + 1) * PAGE_HINKLEY_CELLS);
}
