import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import type { EmitFrom, Operator } from '../../pipeline/contract/operator.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import { type DurationMs, hours, minutes } from '../../pipeline/contract/time.ts';
import { isBoardVoice } from '../core/board-voice.ts';
import { type Cells, CHANGE_STATE, type ChangeState, type Found, type Reading } from './change-state.ts';
import { cusum } from './cusum.ts';
import { COUNTER_COLUMNS, ERROR_SIGNALS, type ErrorSignal, FIRST_COUNTER, SIGNAL_COUNT } from './error-signals.ts';
import { changeAnomaly, type OpenChange, severityOf } from './open-change.ts';
import { PAGE_HINKLEY_CELLS, pageHinkley } from './page-hinkley.ts';
import { beginSignal, forgetSignal, noteSlow } from './slow-changes.ts';
import { crestOf, noteMean, noteRates, STEP_MAX, sharpRate, weightOf } from './usual-rates.ts';

export interface ChangePointsOptions {
  /** Test for sharp changes, minute by minute; slow ones are always left to ADWIN. */
  readonly sharp: 'cusum' | 'page_hinkley';
  /** How long a counter is watched before its rate is judged. */
  readonly warmup: DurationMs;
  /** Time in which the usual rate forgets half of what it knew. */
  readonly half_life: DurationMs;
  /** New rate over old that is a warning, given the signal's floor. */
  readonly warning_factor: number;
  /** How long a rate must be back before the change closes. */
  readonly calm: DurationMs;
  /** After this long a new rate is the usual one, and the change closes. */
  readonly accept: DurationMs;
  /** Chance that ADWIN takes for none. */
  readonly adwin_delta: number;
}

export const CHANGE_POINTS_DEFAULTS: ChangePointsOptions = {
  sharp: 'cusum',
  warmup: hours(6),
  half_life: hours(24),
  warning_factor: 10,
  calm: hours(1),
  accept: hours(24),
  adwin_delta: 1e-4,
};

export interface ChangePointsPorts {
  readonly anomalies: Anomaly;
}

/** Another row of the board counts as there when it came within this. */
const PRESENT_MS = minutes(10);
const MINUTE_MS = minutes(1);
const HOUR_MS = hours(1);

/** In log1p of errors per minute: what chance may add in a minute, what is a change, and what one reading may add at most. */
const SLACK = 0.35;
const THRESHOLD = 5;
/** The standard deviation that these fit; of errors that come in bunches more is asked. */
const SPREAD = 0.5;
const PAGE_HINKLEY = { readings_min: 30, delta: SLACK, threshold: THRESHOLD, alpha: 0.9999 };
/** A reading after a gap stands for no more than this. */
const WEIGHT_MAX_MIN = 5;
/** A rate that is not this much above what the last days have seen is no change: jobs come and go. */
const CREST_FACTOR = 2;
/** A rate that has lasted for less may be chance. */
const SURE_MS = minutes(15);
/** Time in which an open change shows its own rate. */
const RECENT_MS = minutes(5);
/** An open change is told anew when it has grown by this. */
const GROWTH_FACTOR = 3;
/** A rate is back when it has lost this share of its rise. */
const RETURNED_RATIO = 0.8;

/**
 * Tells when a GPU's rate of errors changes for the worse: sharply (CUSUM or Page-Hinkley over log1p of the errors per
 * minute) or slowly (ADWIN over longer bins).
 *
 * Input    enriched rows; counters are read from the first row of each minute, late rows never. A fall is a reset and
 *          tells nothing. Of a MIG board only one row is read, since these counters repeat.
 * Output   anomalies of type `change_point`, at most one open per GPU and signal: info; warning when the new rate is ten
 *          times the old and above the signal's floor. It closes when the rate is back for an hour, or when the new one has
 *          held for a day and so is the usual one.
 * Time     event time; no timers. A sharp change needs three readings, so 3 minutes at 10 s and 6 at 2 min.
 * State    about 500 B per GPU; records for GPUs with errors only (ADWIN, 1 kB a signal) and for open changes.
 * Cost     one comparison per row; once a minute 7 counters, and about 1 us for each signal that has errors.
 * Errors   none.
 * Source   see cusum.ts, page-hinkley.ts, adwin.ts.
 */
export function changePoints(options: ChangePointsOptions): Operator<typeof CHANGE_STATE, ChangePointsPorts> {
  const look = createLook(options);
  return {
    name: 'change_points',
    summary: "changes of each GPU's error rates, sharp and slow",
    state: CHANGE_STATE,
    ports: ['anomalies'],
    onBatch(batch, state, emit) {
      for (let row = 0; row < batch.rows; row++) {
        const ts = batch.ts[row] as number;
        const gpu = batch.gpu[row] as number;
        if (ts < (state.next_ts[gpu] as number)) continue;
        state.next_ts[gpu] = (Math.floor(ts / MINUTE_MS) + 1) * MINUTE_MS;
        state.last_ts[gpu] = ts;
        const speaks = isBoardVoice(batch.registry, gpu, ts - PRESENT_MS, state.last_ts);
        const open = state.open[gpu] as Cells<OpenChange> | null;
        // An instance that no longer speaks for its board still ends what it began.
        if (!speaks && open === null) continue;
        for (let signal = 0; signal < SIGNAL_COUNT; signal++) {
          if (!speaks && !open?.[signal]) continue;
          const rise = riseOf(batch, row, gpu, signal, state);
          if (Number.isNaN(rise)) continue;
          const cell = gpu * SIGNAL_COUNT + signal;
          const readAt = state.read_at[cell] as number;
          state.read_at[cell] = ts;
          if (readAt === 0) state.first_at[cell] = ts;
          if (readAt === 0 || rise < 0 || (rise === 0 && state.active[cell] === 0)) continue;
          look({ batch, row, gpu, signal, ts, elapsed_ms: ts - readAt, rise }, state, emit);
        }
      }
    },
  };
}

/** How much a signal's counters rose since they were last read: NaN = not read now, -1 = cannot be known. */
function riseOf(batch: Batch, row: number, gpu: number, signal: number, state: ChangeState): number {
  const cells = gpu * COUNTER_COLUMNS.length;
  const from = row * METRIC_COUNT;
  const until = FIRST_COUNTER[signal + 1] as number;
  let rise = Number.NaN;
  for (let c = FIRST_COUNTER[signal] as number; c < until; c++) {
    const value = batch.values[from + (COUNTER_COLUMNS[c] as number)] as number;
    if (Number.isNaN(value)) continue;
    const last = state.counters[cells + c] as number;
    state.counters[cells + c] = value;
    if (value < last) rise = -1;
    else if (rise !== -1) rise = (Number.isNaN(rise) ? 0 : rise) + (Number.isNaN(last) ? 0 : value - last);
  }
  return rise;
}

function createLook(options: ChangePointsOptions) {
  const page = cusum({ slack: SLACK, threshold: THRESHOLD, step_max: STEP_MAX });
  const hinkley = pageHinkley(PAGE_HINKLEY);
  const byPage = options.sharp === 'cusum';
  const sumAt = byPage ? 0 : 2;

  /** Feeds the sharp test; true when it completes a change. */
  const sharp = (state: ChangeState, cell: number, x: number, elapsed_min: number): boolean => {
    const at = cell * PAGE_HINKLEY_CELLS;
    const deviation =
      (x - (state.mean[cell] as number)) / Math.max(1, Math.sqrt(state.variance[cell] as number) / SPREAD);
    if (byPage) return page.update(state.test, at, deviation, Math.min(WEIGHT_MAX_MIN, elapsed_min));
    return hinkley.update(state.test, at, Math.min(deviation, SLACK + STEP_MAX));
  };

  return (reading: Reading, state: ChangeState, emit: EmitFrom<ChangePointsPorts>): void => {
    const { gpu, signal, ts, elapsed_ms, rise } = reading;
    const cell = gpu * SIGNAL_COUNT + signal;
    const watched_ms = ts - (state.first_at[cell] as number);
    const elapsed_min = elapsed_ms / MINUTE_MS;
    const rate = rise / elapsed_min;
    if (state.active[cell] === 0) beginSignal(state, gpu, signal, ts, watched_ms);
    noteRates(state, cell, ts, elapsed_ms, rate);

    const cut = noteSlow(reading, state, options.adwin_delta);
    const judged = watched_ms >= options.warmup;
    const x = Math.log1p(rate);
    const test = cell * PAGE_HINKLEY_CELLS;
    const changed = judged && sharp(state, cell, x, elapsed_min);
    const wondering = changed || (state.test[test + sumAt] as number) > 0;
    if (wondering && state.excursion_at[cell] === 0) state.excursion_at[cell] = ts - elapsed_ms;
    state.excursion[cell] = (state.excursion[cell] as number) + rise;

    const open = (state.open[gpu] as Cells<OpenChange> | null)?.[signal] ?? null;
    const usual = state.usual[cell] as number;
    if (open !== null) {
      follow(reading, open, state, options, emit);
    } else if (changed) {
      const since = state.excursion_at[cell] as number;
      const after = (state.excursion[cell] as number) / ((ts - since) / MINUTE_MS);
      if (after >= CREST_FACTOR * Math.max(crestOf(state, cell), state.crest_today[cell] as number, usual)) {
        openChange(reading, { since, before: usual, after, detector: options.sharp }, state, options, emit);
      }
    } else if (judged && cut !== null && cut.after >= CREST_FACTOR * Math.max(cut.before, crestOf(state, cell))) {
      openChange(reading, { ...cut, detector: 'adwin' }, state, options, emit);
    }

    // While the test wonders whether something has changed, the usual rate waits: it takes all of it or none.
    if (!wondering || changed) {
      const told = (state.open[gpu] as Cells<OpenChange> | null)?.[signal] != null;
      if (!told) {
        const from = (state.excursion_at[cell] as number) || ts - elapsed_ms;
        const weight = weightOf(ts - from, watched_ms, options.half_life);
        state.usual[cell] = usual + weight * ((state.excursion[cell] as number) / ((ts - from) / MINUTE_MS) - usual);
        state.crest_today[cell] = Math.max(state.crest_today[cell] as number, state.slow[cell] as number);
      }
      state.excursion[cell] = 0;
      state.excursion_at[cell] = 0;
      if (changed) state.test.fill(0, test, test + PAGE_HINKLEY_CELLS);
    }
    noteMean(state, cell, x, judged, weightOf(elapsed_ms, watched_ms, options.half_life));
    forgetSignal(state, gpu, signal, ts);
  };
}

function openChange(
  reading: Reading,
  found: Found,
  state: ChangeState,
  options: ChangePointsOptions,
  emit: EmitFrom<ChangePointsPorts>,
): void {
  const { gpu, signal, ts } = reading;
  const before = found.before * 60;
  const after = found.after * 60;
  const { since, detector } = found;
  // What a few minutes show must be ten times as clear.
  const doubt = ts - since < SURE_MS ? 10 : 1;
  const severity = severityOf(ERROR_SIGNALS[signal] as ErrorSignal, before, after / doubt, options.warning_factor);
  const fast_then = state.fast[gpu * SIGNAL_COUNT + signal] as number;
  const opened = { opened_at: ts, raised_at: ts, calm_since: 0, fast_then };
  const change: OpenChange = { ...opened, since, before, after, severity, detector };
  const cells = (state.open[gpu] as Cells<OpenChange> | null) ?? new Array<null>(SIGNAL_COUNT).fill(null);
  cells[signal] = change;
  state.open[gpu] = cells;
  tell(reading, change, null, emit);
}

/** Whether an open change has grown, is over, or is how things are now. */
function follow(
  reading: Reading,
  change: OpenChange,
  state: ChangeState,
  options: ChangePointsOptions,
  emit: EmitFrom<ChangePointsPorts>,
): void {
  const { gpu, signal, ts } = reading;
  const cell = gpu * SIGNAL_COUNT + signal;
  const rate = 60 * ((change.detector === 'adwin' ? state.slow[cell] : state.fast[cell]) as number);
  if (rate >= GROWTH_FACTOR * change.after) {
    change.after = rate;
    change.raised_at = ts;
  }
  const lasted_ms = ts - change.since;
  const open_ms = ts - change.opened_at;
  const recent = open_ms < RECENT_MS ? rate : sharpRate(state, cell, open_ms, change.fast_then ?? change.before / 60);
  const level = lasted_ms < SURE_MS ? 0 : Math.max(rate, recent);
  const severity = severityOf(ERROR_SIGNALS[signal] as ErrorSignal, change.before, level, options.warning_factor);
  if (change.severity === 'info' && severity === 'warning') {
    change.after = Math.max(level, change.after);
    change.severity = severity;
    tell(reading, change, null, emit);
  }
  // A change that was just found has not yet filled the slower rates.
  const calm =
    rate <= change.after - RETURNED_RATIO * (change.after - change.before) && ts - change.opened_at >= HOUR_MS;
  change.calm_since = calm ? change.calm_since || ts : 0;
  const cells = state.open[gpu] as Cells<OpenChange>;
  const close = (why: string): void => {
    tell(reading, change, { at: ts, why }, emit);
    cells[signal] = null;
    if (cells.every((each) => each === null)) state.open[gpu] = null;
  };
  if (calm && ts - change.calm_since >= options.calm) {
    state.crest_today[cell] = Math.max(state.crest_today[cell] as number, change.after / 60);
    close('The rate is back.');
  } else if (ts - change.raised_at >= options.accept) {
    const slow = state.slow[cell] as number;
    state.usual[cell] = slow;
    state.mean[cell] = Math.log1p(slow);
    state.crest_today[cell] = slow;
    close('It has held for a day and counts as usual from now on.');
  }
}

function tell(
  reading: Reading,
  change: OpenChange,
  closing: { readonly at: number; readonly why: string } | null,
  emit: EmitFrom<ChangePointsPorts>,
): void {
  const { batch, row, gpu, signal } = reading;
  const { uuid, instance } = batch.registry.gpus[gpu] as GpuIdentity;
  const node = batch.registry.nodes[batch.node[row] as number] as string;
  emit(
    'anomalies',
    changeAnomaly({ uuid, instance, node }, ERROR_SIGNALS[signal] as ErrorSignal, change, closing),
    row,
  );
}
