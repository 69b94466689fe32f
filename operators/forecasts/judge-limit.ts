import type { Anomaly } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { FORECAST_SERIES, type ForecastSeries } from './forecast-series.ts';
import { type ForecastState, type OpenForecast, type OpenForecasts, SERIES_COUNT } from './forecast-state.ts';
import type { Outlook, Seen } from './outlook.ts';
import { EVIDENCE_WIDTH, isClimbing } from './trend-evidence.ts';

interface JudgeOptions {
  readonly warmup: DurationMs;
  readonly warning_within: DurationMs;
  readonly open_steps: number;
  readonly close_steps: number;
}

/** The band of 80 % excludes no trend from here on. */
const SIGNIFICANT_SIGMA = 1.2816;

/** Opens, raises and closes the anomaly of a series after a step. */
export function judgeLimit(
  seen: Seen,
  outlook: Outlook,
  state: ForecastState,
  options: JudgeOptions,
  told: (anomaly: Anomaly) => void,
): void {
  const { vector, gpu, series } = seen;
  const cell = gpu * SERIES_COUNT + series;
  const opens = state.open[gpu] as OpenForecasts | null;
  const open = opens?.[series] ?? null;
  const asks = asksFor(seen, outlook, open !== null, state, options);
  state.asked[cell] = asks === null ? 0 : Math.min(255, (state.asked[cell] as number) + 1);
  state.asked_warning[cell] = asks === 'warning' ? Math.min(255, (state.asked_warning[cell] as number) + 1) : 0;
  state.asked_none[cell] = asks === null ? Math.min(255, (state.asked_none[cell] as number) + 1) : 0;
  const severity = (state.asked_warning[cell] as number) >= options.open_steps ? 'warning' : 'info';
  if (open === null) {
    if ((state.asked[cell] as number) < options.open_steps) return;
    const opened: OpenForecast = { opened_at: vector.ts, severity };
    const kept = opens ?? new Array<null>(FORECAST_SERIES.length).fill(null);
    kept[series] = opened;
    state.open[gpu] = kept;
    told(limitAnomaly(seen, outlook, opened, null));
  } else if ((state.asked_none[cell] as number) >= options.close_steps) {
    told(limitAnomaly(seen, outlook, open, vector.ts));
    (opens as OpenForecasts)[series] = null;
    if ((opens as OpenForecasts).every((each) => each === null)) state.open[gpu] = null;
  } else if (open.severity === 'info' && severity === 'warning') {
    open.severity = severity;
    told(limitAnomaly(seen, outlook, open, null));
  }
}

/** What this step alone would have told. An open anomaly needs half the evidence to stay. */
function asksFor(
  { vector, gpu, series }: Seen,
  { eta_ts, significance }: Outlook,
  isOpen: boolean,
  state: ForecastState,
  options: JudgeOptions,
): 'info' | 'warning' | null {
  const cell = gpu * SERIES_COUNT + series;
  if (eta_ts === null || vector.ts - (state.learning_since[cell] as number) < options.warmup) return null;
  const asked = eta_ts - vector.ts <= options.warning_within ? 'warning' : 'info';
  // Who is at the limit already is told of by other detectors; who was expected there has arrived.
  if (isOpen) return eta_ts <= vector.ts || significance >= SIGNIFICANT_SIGMA / 2 ? asked : null;
  const { rise_min } = FORECAST_SERIES[series] as ForecastSeries;
  const climbing = significance >= SIGNIFICANT_SIGMA && isClimbing(stretchesOf(state, cell), rise_min);
  return climbing && eta_ts > vector.ts ? asked : null;
}

/** Means of the past stretches, oldest first. */
function stretchesOf(state: ForecastState, cell: number): number[] {
  const count = state.stretch_count[cell] as number;
  const first = (state.stretch_next[cell] as number) + EVIDENCE_WIDTH - count;
  const from = cell * EVIDENCE_WIDTH;
  return Array.from({ length: count }, (_, i) => state.stretches[from + ((first + i) % EVIDENCE_WIDTH)] as number);
}

function limitAnomaly(
  { vector, series }: Seen,
  outlook: Outlook,
  open: OpenForecast,
  closedAt: number | null,
): Anomaly {
  const { metric, what } = FORECAST_SERIES[series] as ForecastSeries;
  const { opened_at, severity } = open;
  const { limit, eta_ts, now, per_day, inWords, instant, condition } = outlook;
  const name = capital(what);
  return {
    ts: opened_at,
    gpu_uuid: vector.gpu_uuid,
    node: vector.node,
    instance: vector.instance,
    id: causeId('forecasts', vector.gpu_uuid, vector.instance, 'forecast_limit', metric, opened_at),
    type: 'forecast_limit',
    metric,
    severity,
    score: outlook.significance,
    observed: now,
    expected: limit ?? now,
    window: '3d',
    detector: 'forecasts',
    explanation: explain(),
    state: closedAt === null ? 'open' : 'closed',
    opened_at,
    closed_at: closedAt,
  };

  function explain(): string {
    const ground = `${name}${condition} is ${inWords(now)}`;
    if (limit === null || (closedAt !== null && eta_ts === null)) {
      return `${ground} and no longer expected to reach ${inWords(limit ?? now)} within two weeks.`;
    }
    if (closedAt !== null) return `${ground}; its climb towards ${inWords(limit)} is no longer clear of chance.`;
    const at = eta_ts ?? vector.ts;
    if (at <= vector.ts) return `${ground}: it has come to the ${inWords(limit)} that it was expected to reach.`;
    const { low, high } = outlook.at(at - vector.ts);
    return `${ground}, climbs by ${inWords(per_day)} per day and reaches ${inWords(limit)} by ${instant(at)} (80 % band then ${inWords(low)} to ${inWords(high)}).`;
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
