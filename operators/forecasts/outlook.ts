import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { type DurationMs, hours } from '../../pipeline/contract/time.ts';
import { HOLT_CELLS } from './damped-holt.ts';
import { FORECAST_SERIES, type ForecastSeries } from './forecast-series.ts';
import { type ForecastState, SERIES_COUNT, TEMPERATURES } from './forecast-state.ts';
import { dayProfile, HOURS_PER_DAY, LINE_CELLS, workloadLine } from './workload-residual.ts';

/** A series of a GPU at a vector. */
export interface Seen {
  readonly vector: FeatureVector;
  readonly gpu: number;
  readonly series: number;
}

/** What is foreseen for a series, in the metric's unit. */
export interface Outlook {
  readonly limit: number | null;
  readonly eta_ts: number | null;
  /** Value now, without what chance adds. */
  readonly now: number;
  /** Change per day at the present trend. */
  readonly per_day: number;
  /** How many standard deviations the trend brings over three days. */
  readonly significance: number;
  at(horizon: number): { readonly expected: number; readonly low: number; readonly high: number };
  /** For which workload it holds, in words. */
  readonly condition: string;
  inWords(value: number): string;
  instant(ts: number): string;
}

/** 80 % of a normal distribution lie within so many standard deviations. */
const BAND_SIGMA = 1.2816;
/** A band never shrinks below this share (squared) of what its model says. */
const RATIO_MIN = 0.1;
const JUDGED_MS = hours(72);
const DAY_MS = hours(24);

export interface Question {
  readonly limit: number | null;
  /** Power for which to foresee temperatures; NaN = as it was. */
  readonly power: number;
  readonly within: DurationMs;
}

/** Null for a series that has learnt nothing. Cost: O(steps to the limit) when one is near, at most two weeks of them. */
export function foresee({ vector, gpu, series }: Seen, question: Question, state: ForecastState): Outlook | null {
  const spec = FORECAST_SERIES[series] as ForecastSeries;
  const cells = state.holt;
  const at = (gpu * SERIES_COUNT + series) * HOLT_CELLS;
  if (cells[at + 3] === 0) return null;
  const temperature = spec.kind === 'temperature' ? gpu * TEMPERATURES + series : -1;
  const excess = temperature < 0 ? 0 : workloadLine.excess(state.line, temperature * LINE_CELLS, question.power);
  const hour = (ts: number): number =>
    temperature < 0 ? 0 : dayProfile.of(state.day, temperature * HOURS_PER_DAY, ts);
  const shown = spec.kind === 'rate' ? (smoothed: number): number => Math.max(0, Math.expm1(smoothed)) : identity;
  const stepsTo = (horizon: number): number => Math.max(1, Math.round(horizon / spec.step));
  const smoothedAt = (horizon: number): number =>
    spec.holt.expect(cells, at, stepsTo(horizon)) + excess + hour(vector.ts + horizon);

  const level = cells[at] as number;
  // How wrong the last days' forecasts were against their own band.
  const surprise = Math.sqrt(Math.max(RATIO_MIN, state.ahead_ratio[gpu * SERIES_COUNT + series] as number));
  const judged = stepsTo(JUDGED_MS);
  const deviation = spec.holt.deviation(cells, at, judged);
  const gain = spec.holt.expect(cells, at, judged) - level;
  const now = level + excess + hour(vector.ts);
  const warmest = temperature < 0 ? 0 : dayProfile.highest(state.day, temperature * HOURS_PER_DAY);
  const highest = shown(spec.holt.expect(cells, at, stepsTo(question.within)) + excess + warmest);
  return {
    limit: question.limit,
    eta_ts: etaOf(vector.ts, question, spec, (horizon) => shown(smoothedAt(horizon)), shown(now), gain, highest),
    now: shown(now),
    per_day: shown(now + (gain * DAY_MS) / JUDGED_MS) - shown(now),
    significance: deviation > 0 ? gain / deviation : 0,
    at(horizon) {
      const expected = smoothedAt(horizon);
      const band = BAND_SIGMA * surprise * spec.holt.deviation(cells, at, stepsTo(horizon));
      const floor = spec.kind === 'temperature' ? Number.NEGATIVE_INFINITY : 0;
      return {
        expected: Math.max(floor, shown(expected)),
        low: Math.max(floor, shown(expected - band)),
        high: shown(expected + band),
      };
    },
    condition: temperature >= 0 && !Number.isNaN(question.power) ? ` at ${rounded(question.power, 3)} W` : '',
    inWords: (value) => `${rounded(value, spec.unit === 'C' ? 3 : 4)} ${spec.unit}`,
    instant,
  };
}

function etaOf(
  ts: number,
  { limit, within }: Question,
  spec: ForecastSeries,
  valueAt: (horizon: number) => number,
  now: number,
  gain: number,
  highest: number,
): number | null {
  if (limit === null) return null;
  if (now >= limit) return ts;
  // The hour of the day aside, the end is the highest; most series are far from their limit there.
  if (gain <= 0 || highest < limit) return null;
  for (let horizon: number = spec.step; horizon <= within; horizon += spec.step) {
    if (valueAt(horizon) >= limit) return ts + horizon;
  }
  return null;
}

const identity = (value: number): number => value;
const rounded = (value: number, digits: number): string => String(Number(value.toPrecision(digits)));
const instant = (ts: number): string => `${new Date(ts).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
