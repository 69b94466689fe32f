import { findMetric, METRICS } from '../../../pipeline/contract/metrics.ts';
import type { ForecastAnswer } from './answers.ts';
import { timeText } from './format-time.ts';
import { duration, formatReading } from './format-value.ts';
import { metricLabel } from './metric-label.ts';
import { plainNumber } from './points-lost.ts';

/** What is expected of one metric, nearest horizon first. */
export interface MetricForecast {
  readonly metric: string;
  readonly instance: string;
  readonly horizons: readonly ForecastAnswer[];
  /** Earliest expected reaching of the limit, epoch ms. */
  readonly eta: number | null;
}

/** Told every six hours: one that was not told anew for two rounds is of a metric that is gone. */
const CURRENT_MS = 12 * 3_600_000;
const NEAR_MS = 72 * 3_600_000;

/** By metric, those first that reach their limit, soonest first. Forecasts that were not renewed are left out. */
export function metricForecasts(rows: readonly ForecastAnswer[]): readonly MetricForecast[] {
  const newest = Math.max(...rows.map(({ ts }) => Date.parse(ts)));
  const found = new Map<string, ForecastAnswer[]>();
  for (const row of rows) {
    if (Date.parse(row.ts) < newest - CURRENT_MS) continue;
    const key = `${row.metric} ${row.instance}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, [row]);
    else known.push(row);
  }
  return [...found.values()]
    .flatMap((horizons) => {
      horizons.sort((a, b) => a.horizon_ms - b.horizon_ms);
      const [first] = horizons;
      if (first === undefined) return [];
      const etas = horizons.flatMap(({ eta_ts }) => (eta_ts === null ? [] : [Date.parse(eta_ts)]));
      const eta = etas.length === 0 ? null : Math.min(...etas);
      return [{ metric: first.metric, instance: first.instance, horizons, eta }];
    })
    .sort((a, b) => (a.eta ?? Number.MAX_VALUE) - (b.eta ?? Number.MAX_VALUE) || (a.metric < b.metric ? -1 : 1));
}

/** The metric, and at which workload: `Memory temperature at 701 W`. */
export function forecastTitle({ metric, horizons }: MetricForecast): string {
  const condition = / at [^:]+(?=:)/.exec(horizons[0]?.explanation ?? '')?.[0] ?? '';
  return `${metricLabel(metric)}${condition}`;
}

/** Whether the limit is so near that someone should plan for it. */
export const isNear = ({ eta }: MetricForecast, now: number): boolean => eta !== null && eta - now < NEAR_MS;

/** `in 1 d 71 °C (68 to 74)`. */
export function horizonText({ metric, horizon_ms, expected, low, high }: ForecastAnswer): string {
  const [is, least, most] = [expected, low, high].map((value) => reading(metric, value));
  return `in ${duration(horizon_ms / 1_000)} ${joined(is)} (${least?.text} to ${most?.text})`;
}

/** When the limit is expected to be reached, or that it is not. */
export function limitText({ horizons, eta }: MetricForecast, now: number): string {
  const limit = horizons.find((one) => one.limit !== null);
  if (limit?.limit == null) return '';
  const named = `the limit of ${joined(reading(limit.metric, limit.limit))}`;
  if (eta === null) return `Does not reach ${named} within two weeks.`;
  const left = (eta - now) / 1_000;
  return left <= 0
    ? `Expected to have reached ${named} at ${timeText(eta, now)}.`
    : `Reaches ${named} in ${duration(left)}, ${timeText(eta, now)}.`;
}

/** Error counters are foretold as errors a day. */
function reading(metric: string, value: number): { readonly text: string; readonly unit: string } {
  const known = METRICS[findMetric(metric)];
  if (known === undefined) return { text: plainNumber(value), unit: '' };
  if (known.kind === 'counter' && known.unit === 'count') return { text: plainNumber(value), unit: 'a day' };
  return formatReading(known, known.unit === 'C' ? Math.round(value) : value);
}

const joined = (one: { readonly text: string; readonly unit: string } | undefined): string =>
  one === undefined ? '' : one.unit === '' ? one.text : `${one.text} ${one.unit}`;
