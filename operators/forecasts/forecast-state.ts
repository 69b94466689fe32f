import type { State } from '../../pipeline/contract/operator.ts';
import { COOLING_STATE } from './cooling-loss.ts';
import { HOLT_CELLS } from './damped-holt.ts';
import { FORECAST_SERIES } from './forecast-series.ts';
import { EVIDENCE_WIDTH } from './trend-evidence.ts';
import { HOURS_PER_DAY, LINE_CELLS } from './workload-residual.ts';

export const SERIES_COUNT = FORECAST_SERIES.length;
/** Temperatures come first in the table. */
export const TEMPERATURES = FORECAST_SERIES.filter(({ kind }) => kind === 'temperature').length;

/** Stretches are of six hours. */
export const STRETCHES_PER_DAY = 4;

const perSeries = { scope: 'gpu', width: SERIES_COUNT, initial: 0 } as const;

export const FORECAST_STATE = {
  ...COOLING_STATE,
  last_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  /** When a series took its last step, and the counters as they stood then. */
  step_ts: { ...perSeries, type: 'f64' },
  counted: { ...perSeries, type: 'f64', initial: Number.NaN },
  holt: { scope: 'gpu', type: 'f64', width: SERIES_COUNT * HOLT_CELLS, initial: 0 },
  /** Since when a series is learnt. */
  learning_since: { ...perSeries, type: 'f64' },
  line: { scope: 'gpu', type: 'f64', width: TEMPERATURES * LINE_CELLS, initial: 0 },
  day: { scope: 'gpu', type: 'f32', width: TEMPERATURES * HOURS_PER_DAY, initial: 0 },
  /** Ring of the means of past stretches, how many there are and where the next one goes; the stretch that is open. */
  stretches: { scope: 'gpu', type: 'f32', width: SERIES_COUNT * EVIDENCE_WIDTH, initial: 0 },
  stretch_count: { ...perSeries, type: 'u8' },
  stretch_next: { ...perSeries, type: 'u8' },
  stretch_sum: { ...perSeries, type: 'f32' },
  stretch_steps: { ...perSeries, type: 'u8' },
  /** What was forecast for a day later, at the ends of the last stretches of a day, and how the squared errors compare. */
  ahead: { scope: 'gpu', type: 'f32', width: SERIES_COUNT * STRETCHES_PER_DAY, initial: 0 },
  ahead_ratio: { ...perSeries, type: 'f32', initial: 1 },
  /** Temperature at which the board says that it slows down; NaN = it has not said so. */
  slowdown_celsius: { scope: 'gpu', type: 'f32', width: 1, initial: Number.NaN },
  /** Steps in a row that asked for a word, for a warning, and for none. */
  asked: { ...perSeries, type: 'u8' },
  asked_warning: { ...perSeries, type: 'u8' },
  asked_none: { ...perSeries, type: 'u8' },
  open: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
} as const;
export type ForecastState = State<typeof FORECAST_STATE>;

/** A limit that is forecast, while it is: plain data. */
export interface OpenForecast {
  readonly opened_at: number;
  severity: 'info' | 'warning';
}
export type OpenForecasts = (OpenForecast | null)[];
