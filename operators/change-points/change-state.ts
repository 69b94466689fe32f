import type { Batch } from '../../pipeline/contract/batch.ts';
import type { State } from '../../pipeline/contract/operator.ts';
import type { AdwinState } from './adwin.ts';
import { COUNTER_COLUMNS, SIGNAL_COUNT } from './error-signals.ts';
import type { OpenChange } from './open-change.ts';
import { PAGE_HINKLEY_CELLS } from './page-hinkley.ts';

/** What the slow test keeps of a signal that has errors: plain data. */
export interface SlowCell {
  bin: number;
  rise: number;
  observed_ms: number;
  last_rise_at: number;
  adwin: AdwinState;
}
/** By signal. */
export type Cells<T> = (T | null)[];

const signalColumn = { scope: 'gpu', type: 'f64', width: SIGNAL_COUNT, initial: 0 } as const;
export const CHANGE_STATE = {
  /** Rows before this instant are of a minute that was looked at. */
  next_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  last_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  counters: { scope: 'gpu', type: 'f64', width: COUNTER_COLUMNS.length, initial: Number.NaN },
  /** When a signal was first and last read. */
  first_at: signalColumn,
  read_at: signalColumn,
  /** 1 where a signal has had errors lately. */
  active: { scope: 'gpu', type: 'u8', width: SIGNAL_COUNT, initial: 0 },
  /** Mean of log1p(errors per minute), and the rate per minute as it is without what the test wonders about. */
  mean: signalColumn,
  /** Variance of log1p(errors per minute). */
  variance: signalColumn,
  usual: signalColumn,
  test: { scope: 'gpu', type: 'f64', width: SIGNAL_COUNT * PAGE_HINKLEY_CELLS, initial: 0 },
  /** Rises while the test's sum is above 0, and since when that is. */
  excursion: signalColumn,
  excursion_at: signalColumn,
  /** Rates per minute. */
  fast: signalColumn,
  slow: signalColumn,
  /** Highest slow rate of today, of yesterday, and of the days before, which fades. */
  crest_today: signalColumn,
  crest_yesterday: signalColumn,
  crest: signalColumn,
  slow_cells: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
  open: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
} as const;
export type ChangeState = State<typeof CHANGE_STATE>;

/** One reading of one signal. */
export interface Reading {
  readonly batch: Batch;
  readonly row: number;
  readonly gpu: number;
  readonly signal: number;
  readonly ts: number;
  readonly elapsed_ms: number;
  readonly rise: number;
}

/** A change as the tests tell it, in errors per minute. */
export interface Found {
  readonly since: number;
  readonly before: number;
  readonly after: number;
  readonly detector: OpenChange['detector'];
}
