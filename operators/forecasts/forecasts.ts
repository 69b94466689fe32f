import type { Anomaly, FeatureVector, Forecast } from '../../pipeline/contract/events.ts';
import { findFeature } from '../../pipeline/contract/features.ts';
import { metricIndex } from '../../pipeline/contract/metrics.ts';
import type { Emit, ItemOperator } from '../../pipeline/contract/operator.ts';
import { type DurationMs, days, hours } from '../../pipeline/contract/time.ts';
import { isBelievableMargin, thermalLimitsOf } from '../conditions/thermal-limits.ts';
import { isBoardVoice } from '../core/board-voice.ts';
import { followCooling } from './cooling-loss.ts';
import { HOLT_CELLS } from './damped-holt.ts';
import { FORECAST_SERIES, type ForecastSeries, replayLimit } from './forecast-series.ts';
import { FORECAST_STATE, type ForecastState, SERIES_COUNT, STRETCHES_PER_DAY } from './forecast-state.ts';
import { judgeLimit } from './judge-limit.ts';
import { foresee, type Outlook, type Seen } from './outlook.ts';
import { EVIDENCE_WIDTH } from './trend-evidence.ts';
import { dayProfile, HOURS_PER_DAY, LINE_CELLS, workloadLine } from './workload-residual.ts';

export interface ForecastsOptions {
  /** How far ahead the forecasts are that are told. */
  readonly horizons: readonly DurationMs[];
  /** Event time between two tellings; a trend to a limit is judged at every step. */
  readonly tell_every: DurationMs;
  /** How long a series is learnt before its trend is judged: a few days, so that the hours of the day are known. */
  readonly warmup: DurationMs;
  /** A limit that is expected within this is a warning, */
  readonly warning_within: DurationMs;
  /** and within this worth knowing. */
  readonly info_within: DurationMs;
  /** Steps of a series in a row that must ask for it before it is told, and before it is taken back. */
  readonly open_steps: number;
  readonly close_steps: number;
  /** Limits where the board itself tells none. */
  readonly gpu_temp_limit_celsius: number;
  readonly memory_temp_limit_celsius: number;
  readonly corrected_errors_limit_per_day: number;
  /** Rows that a board can remap. */
  readonly remapped_rows_limit: number;
}

export const FORECASTS_DEFAULTS: ForecastsOptions = {
  horizons: [hours(24), hours(72)],
  tell_every: hours(6),
  warmup: days(3),
  warning_within: hours(72),
  info_within: days(14),
  open_steps: 3,
  close_steps: 12,
  gpu_temp_limit_celsius: 88,
  memory_temp_limit_celsius: 95,
  corrected_errors_limit_per_day: 100_000,
  remapped_rows_limit: 512,
};

export interface ForecastsPorts {
  readonly forecasts: Forecast;
  readonly anomalies: Anomaly;
}

const HOUR_MS = hours(1);
/** A silence of this length makes a series as good as new. */
const FORGET_MS = days(7);
const STEPS_AT_ONCE_MAX = 72;
/** How fast the band learns from how wrong it was, and the most that one surprise counts. */
const RATIO_WEIGHT = 0.08;
const RATIO_MAX = 16;
/** Weight of a margin that is read in whole degrees. */
const MARGIN_WEIGHT = 0.1;

/** Another row of the board counts as there when it had a vector within this: of a history they come every hour. */
const PRESENT_MS = hours(2);

const MARGIN = metricIndex('temp_margin_celsius');
const TEMPERATURE = metricIndex('gpu_temp_celsius');
const POWER_MEAN = findFeature('power_watts_mean_1h');
const POWER_WEEK_MEAN = findFeature('power_usage_mean');
const POWER_WEEK_STD = findFeature('power_usage_std');
const POWER_WEEK_MAX = findFeature('power_watts_max_7d');

/**
 * Says where each GPU's slow numbers are going: temperatures at the present workload, power, corrected errors and PCIe
 * replays a day, remapped rows.
 *
 * Input    feature vectors; a series takes a step with the first vector of each hour (counters: of each sixth), since means
 *          over an hour say nothing new before. Of a MIG board only one row is taken: these readings are the board's.
 * Output   forecasts, at each step and at the end of an input: expected value and 80 % band at each horizon, and when the
 *          limit is reached. Anomalies of type `forecast_limit`: info when that is expected within two weeks, warning
 *          within 72 h, given that the band excludes no trend and that the climb is no single step; closed when it is not
 *          so any more for half a day. And of type `cooling_loss` (cooling-loss.ts).
 * Time     event time; no timers.
 * State    about 950 B per GPU; a record for open anomalies only.
 * Cost     under 1 us per vector without a step, about 10 us with one.
 * Errors   none.
 * Source   see damped-holt.ts, workload-residual.ts, trend-evidence.ts.
 */
export function forecasts(
  options: ForecastsOptions,
): ItemOperator<{ vectors: FeatureVector }, typeof FORECAST_STATE, ForecastsPorts> {
  return {
    name: 'forecasts',
    summary: 'where slow numbers are going, and when they reach a limit',
    state: FORECAST_STATE,
    ports: ['forecasts', 'anomalies'],
    on: {
      vectors(vector, group, state, emit) {
        const gpu = group.registry.find(vector.gpu_uuid, vector.instance);
        if (gpu < 0 || vector.ts <= (state.last_ts[gpu] as number)) return;
        state.last_ts[gpu] = vector.ts;
        const speaks = isBoardVoice(group.registry, gpu, vector.ts - PRESENT_MS, state.last_ts);
        const open = state.open[gpu] as readonly unknown[] | null;
        // An instance that no longer speaks for its board still ends what it began.
        if (!speaks && open === null && state.cooling[gpu] === null) return;
        noteMargin(vector, gpu, state);
        if (speaks || state.cooling[gpu] !== null) {
          followCooling(group.registry, vector, gpu, state, (anomaly) => emit('anomalies', anomaly));
        }
        for (let series = 0; series < SERIES_COUNT; series++) {
          if (!speaks && !open?.[series]) continue;
          const stepped = takeStep({ vector, gpu, series }, state);
          if (stepped || vector.final) tell({ vector, gpu, series }, stepped, state, options, emit);
        }
      },
    },
  };
}

/** The temperature at which a board slows down is the present one and what it says is left, where that can be believed. */
function noteMargin({ model, latest }: FeatureVector, gpu: number, state: ForecastState): void {
  const die = latest[TEMPERATURE] as number;
  const margin = latest[MARGIN] as number;
  if (Number.isNaN(die) || !isBelievableMargin(margin, die, thermalLimitsOf(model))) return;
  const known = state.slowdown_celsius[gpu] as number;
  state.slowdown_celsius[gpu] = Number.isNaN(known) ? die + margin : known + MARGIN_WEIGHT * (die + margin - known);
}

/** Feeds a series once its time has come; false when it has not, or when there was nothing to read. */
function takeStep(seen: Seen, state: ForecastState): boolean {
  const { vector, gpu, series } = seen;
  const spec = FORECAST_SERIES[series] as ForecastSeries;
  const cell = gpu * SERIES_COUNT + series;
  const before = state.step_ts[cell] as number;
  const passed = Math.floor(vector.ts / spec.step) - Math.floor(before / spec.step);
  if (passed === 0) return false;
  const reading = read(seen, spec, vector.ts - before, state);
  if (Number.isNaN(reading)) return false;
  state.step_ts[cell] = vector.ts;
  if (state.learning_since[cell] === 0 || vector.ts - before > FORGET_MS) startAnew(seen, state);

  const steps = Math.min(passed, STEPS_AT_ONCE_MAX);
  const holt = cell * HOLT_CELLS;
  let reduced = reading;
  if (spec.kind === 'temperature') {
    const temperature = gpu * (FORECAST_STATE.line.width / LINE_CELLS) + series;
    const power = vector.values[POWER_MEAN] as number;
    workloadLine.learn(state.line, temperature * LINE_CELLS, power, reading);
    const atReference = reading - workloadLine.excess(state.line, temperature * LINE_CELLS, power);
    const hour = temperature * HOURS_PER_DAY;
    reduced = atReference - dayProfile.of(state.day, hour, vector.ts);
    const error = spec.holt.update(state.holt, holt, reduced, steps);
    const known_days = Math.floor((vector.ts - (state.learning_since[cell] as number)) / days(1));
    const shared = dayProfile.learn(state.day, hour, vector.ts, error, known_days);
    state.holt[holt] = (state.holt[holt] as number) + shared;
  } else {
    spec.holt.update(state.holt, holt, reduced, steps);
  }
  keepStretch(state, cell, spec, reduced);
  return true;
}

/** What a step reads: NaN = nothing. Counters are kept as they stand. */
function read({ vector, gpu, series }: Seen, spec: ForecastSeries, elapsed_ms: number, state: ForecastState): number {
  if (spec.feature >= 0) return vector.values[spec.feature] as number;
  let count = Number.NaN;
  for (const counter of spec.counters) {
    const value = vector.latest[counter] as number;
    if (!Number.isNaN(value)) count = (Number.isNaN(count) ? 0 : count) + value;
  }
  if (spec.kind === 'count' || Number.isNaN(count)) return count;
  const cell = gpu * SERIES_COUNT + series;
  const rise = count - (state.counted[cell] as number);
  state.counted[cell] = count;
  if (rise >= 0 && elapsed_ms <= FORGET_MS) return Math.log1p((rise * days(1)) / elapsed_ms);
  // The first reading, or the first after a reset or a long silence: the next rate counts from here.
  state.step_ts[cell] = vector.ts;
  if (elapsed_ms > FORGET_MS) state.learning_since[cell] = 0;
  return Number.NaN;
}

function startAnew({ vector, gpu, series }: Seen, state: ForecastState): void {
  const cell = gpu * SERIES_COUNT + series;
  state.learning_since[cell] = vector.ts;
  state.ahead_ratio[cell] = 1;
  state.holt.fill(0, cell * HOLT_CELLS, (cell + 1) * HOLT_CELLS);
  for (const column of [state.stretch_count, state.stretch_next, state.stretch_sum, state.stretch_steps])
    column[cell] = 0;
}

function keepStretch(state: ForecastState, cell: number, spec: ForecastSeries, reduced: number): void {
  const sum = (state.stretch_sum[cell] as number) + reduced;
  const steps = (state.stretch_steps[cell] as number) + 1;
  const full = steps === spec.stretch_steps;
  state.stretch_sum[cell] = full ? 0 : sum;
  state.stretch_steps[cell] = full ? 0 : steps;
  if (!full) return;
  const next = state.stretch_next[cell] as number;
  const count = state.stretch_count[cell] as number;
  checkDayAhead(state, cell, spec, next, count >= STRETCHES_PER_DAY ? reduced : Number.NaN);
  state.stretches[cell * EVIDENCE_WIDTH + next] = sum / steps;
  state.stretch_next[cell] = (next + 1) % EVIDENCE_WIDTH;
  state.stretch_count[cell] = Math.min(EVIDENCE_WIDTH, count + 1);
}

/** Compares what was forecast a day ago with what came (NaN = nothing was), and forecasts the next day. */
function checkDayAhead(state: ForecastState, cell: number, spec: ForecastSeries, stretch: number, came: number): void {
  const slot = cell * STRETCHES_PER_DAY + (stretch % STRETCHES_PER_DAY);
  const steps = STRETCHES_PER_DAY * spec.stretch_steps;
  const deviation = spec.holt.deviation(state.holt, cell * HOLT_CELLS, steps);
  if (!Number.isNaN(came) && deviation > 0) {
    const ratio = Math.min(RATIO_MAX, (((state.ahead[slot] as number) - came) / deviation) ** 2);
    const known = state.ahead_ratio[cell] as number;
    state.ahead_ratio[cell] = known + RATIO_WEIGHT * (ratio - known);
  }
  state.ahead[slot] = spec.holt.expect(state.holt, cell * HOLT_CELLS, steps);
}

function tell(
  seen: Seen,
  stepped: boolean,
  state: ForecastState,
  options: ForecastsOptions,
  emit: Emit<ForecastsPorts>,
): void {
  const { vector, gpu, series } = seen;
  const spec = FORECAST_SERIES[series] as ForecastSeries;
  const cell = gpu * SERIES_COUNT + series;
  // A forecast is told before its trend is judged, but not before a day is known.
  if (vector.ts - (state.learning_since[cell] as number) < Math.min(options.warmup, days(1))) return;
  // Errors that never came need no forecast.
  if (spec.feature < 0 && Math.abs(state.holt[cell * HOLT_CELLS] as number) < 1e-6) return;
  const limit = limitOf(seen, spec, state, options);
  const outlook = foresee(seen, { limit, power: presentPower(vector), within: options.info_within }, state);
  if (outlook === null) return;
  if (stepped) judgeLimit(seen, outlook, state, options, (anomaly) => emit('anomalies', anomaly));
  // The first step of its stretch of time: a forecast of days does not change by the hour.
  const fresh = vector.ts % options.tell_every < HOUR_MS;
  if (!fresh && !vector.final) return;
  for (const horizon of options.horizons) emit('forecasts', forecastAt(seen, spec, outlook, horizon));
}

function forecastAt({ vector }: Seen, spec: ForecastSeries, outlook: Outlook, horizon: DurationMs): Forecast {
  const { expected, low, high } = outlook.at(horizon);
  const { limit, eta_ts } = outlook;
  const ahead = `${Math.round(horizon / HOUR_MS)} h`;
  const reaches = limit === null || eta_ts === null ? '' : `, ${outlook.inWords(limit)} by ${outlook.instant(eta_ts)}`;
  return {
    ts: vector.ts,
    gpu_uuid: vector.gpu_uuid,
    node: vector.node,
    instance: vector.instance,
    metric: spec.metric,
    horizon_ms: horizon,
    expected,
    low,
    high,
    limit,
    eta_ts,
    explanation: `${spec.what}${outlook.condition}: ${outlook.inWords(expected)} in ${ahead} (80 % band ${outlook.inWords(low)} to ${outlook.inWords(high)})${reaches}`,
  };
}

/** The power at which this GPU works when it works: a week's mean and one standard deviation, not above its maximum. */
function presentPower({ values }: FeatureVector): number {
  const power = (values[POWER_WEEK_MEAN] as number) + ((values[POWER_WEEK_STD] as number) || 0);
  const max = values[POWER_WEEK_MAX] as number;
  return Number.isNaN(max) ? power : Math.min(power, max);
}

function limitOf(
  { vector, gpu }: Seen,
  spec: ForecastSeries,
  state: ForecastState,
  options: ForecastsOptions,
): number | null {
  switch (spec.metric) {
    case 'gpu_temp_celsius':
      return (state.slowdown_celsius[gpu] as number) || options.gpu_temp_limit_celsius;
    case 'memory_temp_celsius':
      return options.memory_temp_limit_celsius;
    case 'ecc_sbe_volatile_total':
      return options.corrected_errors_limit_per_day;
    case 'remapped_rows_uncorrectable_total':
      return options.remapped_rows_limit;
    case 'pcie_replay_total':
      return replayLimit(vector.latest) || null;
    default:
      return null;
  }
}
