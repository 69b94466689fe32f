import { METRICS, type Metric, type MetricName } from './metrics.ts';
import {
  COUNTER_TIERS,
  COUNTERS,
  HOURLY_GAUGES,
  PACED_GAUGES,
  PEER_GAUGES,
  type TallyName,
  WEEKLY_GAUGES,
  type WindowName,
} from './windows.ts';

/** Where a feature's number comes from: data, from which reader, columns and documentation all follow. */
export type FeatureSource =
  | {
      readonly of: 'gauge';
      readonly metric: MetricName;
      readonly statistic: Statistic;
      readonly window: WindowName;
      readonly scale: number;
    }
  | { readonly of: 'rate'; readonly counter: MetricName; readonly window: WindowName; readonly scale: number }
  /** Null unless `given` was met in the window: a count of what was never reported is not 0. */
  | { readonly of: 'tally'; readonly tally: TallyName; readonly given: Given; readonly scale: number }
  | { readonly of: 'tally_mean'; readonly tally: TallyName; readonly per: TallyName; readonly scale: number }
  | { readonly of: 'quotient'; readonly over: string; readonly under: string }
  | { readonly of: 'asset'; readonly fact: 'age' | 'warranty' | 'hours' }
  | { readonly of: 'model'; readonly text: string }
  | { readonly of: 'peers'; readonly metric: MetricName }
  | { readonly of: 'hour_contrast'; readonly metric: MetricName }
  | { readonly of: 'cadence' }
  | { readonly of: 'coverage' };

export type Statistic = 'mean' | 'std' | 'min' | 'max' | 'trend';
/** What must have been read in the window. */
export type Given = 'samples' | 'masked_samples' | { readonly gauge: MetricName } | { readonly counter: MetricName };

export interface FeatureDefinition {
  /** Column of gpu_features. */
  readonly name: string;
  readonly unit: string;
  /** The window's length, or `now` for what holds at the row's ts. */
  readonly window: WindowName | 'now';
  readonly formula: string;
  /** Rises when the same name begins to mean another number. */
  readonly version: number;
  readonly source: FeatureSource;
}

const STATISTICS: readonly Statistic[] = ['mean', 'std', 'min', 'max', 'trend'];
const PERCENT = 100;
const MS_PER_HOUR = 3_600_000;

const metricOf = (name: MetricName): Metric => METRICS.find((metric) => metric.name === name) as Metric;

const FORMULAS: Readonly<Record<Statistic, string>> = {
  mean: 'mean of the samples',
  std: 'sample standard deviation (n - 1)',
  min: 'smallest sample',
  max: 'largest sample',
  trend: 'least-squares slope over the samples',
};

function define(
  name: string,
  unit: string,
  window: FeatureDefinition['window'],
  formula: string,
  source: FeatureSource,
): FeatureDefinition {
  return { name, unit, window, formula, version: 1, source };
}

function gauge(
  metric: MetricName,
  statistic: Statistic,
  window: WindowName,
  as?: { name: string; unit: string; scale: number },
): FeatureDefinition {
  const unit = as?.unit ?? metricOf(metric).unit;
  const name = as?.name ?? `${metric}_${statistic}_${window}`;
  const scale = as?.scale ?? 1;
  const formula = `${FORMULAS[statistic]} of ${metric}${scale === 1 ? '' : ` x ${scale}`}`;
  return define(name, statistic === 'trend' ? `${unit}/day` : unit, window, formula, {
    of: 'gauge',
    metric,
    statistic,
    window,
    scale,
  });
}

function count(name: string, tally: TallyName, formula: string, given: Given): FeatureDefinition {
  return define(name, 'count', '7d', formula, { of: 'tally', tally, given, scale: 1 });
}

const temp = (statistic: Statistic): FeatureDefinition =>
  gauge('gpu_temp_celsius', statistic, '7d', { name: `gpu_temp_${statistic}`, unit: 'C', scale: 1 });
const power = (statistic: Statistic): FeatureDefinition =>
  gauge('power_watts', statistic, '7d', { name: `power_usage_${statistic}`, unit: 'W', scale: 1 });
const percent = (metric: MetricName, statistic: Statistic, name: string): FeatureDefinition =>
  gauge(metric, statistic, '7d', { name, unit: 'percent', scale: PERCENT });

/** The 27 named features, in the order of the specification. */
export const NAMED_FEATURES: readonly FeatureDefinition[] = [
  ...STATISTICS.map(temp),
  power('mean'),
  power('std'),
  define('power_usage_cv', 'ratio', '7d', 'power_usage_std / power_usage_mean', {
    of: 'quotient',
    over: 'power_usage_std',
    under: 'power_usage_mean',
  }),
  define('power_efficiency', 'percent/W', '7d', 'sm_active_mean / power_usage_mean', {
    of: 'quotient',
    over: 'sm_active_mean',
    under: 'power_usage_mean',
  }),
  percent('sm_active_ratio', 'mean', 'sm_active_mean'),
  percent('sm_active_ratio', 'std', 'sm_active_std'),
  percent('sm_occupancy_ratio', 'mean', 'sm_occupancy_mean'),
  percent('memory_util_ratio', 'mean', 'memory_util_mean'),
  percent('memory_util_ratio', 'std', 'memory_util_std'),
  count('thermal_throttle_count', 'thermal_throttle', 'samples with throttle bit 64', 'masked_samples'),
  count('power_brake_count', 'power_brake', 'samples with throttle bit 128', 'masked_samples'),
  count('sw_power_cap_count', 'sw_power_cap', 'samples with throttle bit 4', 'masked_samples'),
  count('ecc_sbe_event_count', 'ecc_sbe_rise', 'samples in which ecc_sbe_volatile_total had risen', {
    counter: 'ecc_sbe_volatile_total',
  }),
  count('ecc_dbe_event_count', 'ecc_dbe_rise', 'samples in which ecc_dbe_volatile_total had risen', {
    counter: 'ecc_dbe_volatile_total',
  }),
  count('temp_spike_count', 'temp_spike', 'samples above mean + 2 std of the window as it stood when they arrived', {
    gauge: 'gpu_temp_celsius',
  }),
  count('power_anomaly_count', 'power_anomaly', 'samples outside mean +- 2 std of the window as it stood on arrival', {
    gauge: 'power_watts',
  }),
  define('throttle_duration_hours', 'h', '7d', 'time in samples with any throttle bit but 1, 2 and 256', {
    of: 'tally',
    tally: 'throttle_ms',
    given: 'masked_samples',
    scale: 1 / MS_PER_HOUR,
  }),
  define('gpu_age_days', 'days', 'now', '(ts - deployed_at) / 1 day', { of: 'asset', fact: 'age' }),
  define('warranty_remaining_days', 'days', 'now', '(warranty_until - ts) / 1 day', { of: 'asset', fact: 'warranty' }),
  define('total_operating_hours', 'h', 'now', 'operating_hours at registered_at + time in samples since', {
    of: 'asset',
    fact: 'hours',
  }),
  define('model_a100', 'flag', 'now', '1 when the model is an A100, else 0', { of: 'model', text: 'A100' }),
  define('model_h100', 'flag', 'now', '1 when the model is an H100, else 0', { of: 'model', text: 'H100' }),
];

/** Name without `_total`; violations are kept in ns and told in seconds. */
function rate(counter: MetricName, window: WindowName): FeatureDefinition {
  const inSeconds = counter.endsWith('_ns_total');
  const base = counter.replace(/(_ns)?_total$/, inSeconds ? '_seconds' : '');
  const unit = inSeconds ? 's/day' : `${metricOf(counter).unit}/day`;
  const formula = `rises of ${counter}${inSeconds ? ' x 1e-9' : ''} / days between the first and last sample; a fall adds nothing`;
  return define(`${base}_per_day_${window}`, unit, window, formula, {
    of: 'rate',
    counter,
    window,
    scale: inSeconds ? 1e-9 : 1,
  });
}

const tally = (name: string, unit: string, formula: string, of: TallyName, scale = 1): FeatureDefinition =>
  define(`${name}_7d`, unit, '7d', formula, { of: 'tally', tally: of, given: 'samples', scale });

/** The extended set: names by rule, `<metric>_<statistic>_<window>`. */
const EXTENDED_FEATURES: readonly FeatureDefinition[] = [
  ...[PACED_GAUGES, WEEKLY_GAUGES].flatMap(({ metrics, tiers }) =>
    metrics.flatMap((metric) =>
      STATISTICS.flatMap((statistic) => tiers.map(({ window }) => gauge(metric, statistic, window))),
    ),
  ),
  ...COUNTERS.flatMap((counter) => COUNTER_TIERS.map(({ window }) => rate(counter, window))),
  ...PEER_GAUGES.map((metric) =>
    define(
      `${metric}_peer_deviation_1h`,
      metricOf(metric).unit,
      '1h',
      `mean of ${metric} less the median of that mean over the node's other boards of the same model, of which there are 2 or more`,
      { of: 'peers', metric },
    ),
  ),
  ...HOURLY_GAUGES.map((metric) =>
    define(
      `${metric}_hour_contrast`,
      metricOf(metric).unit,
      'now',
      `largest less smallest mean of ${metric} by hour of the day (UTC), each further day weighing 1/7, once 12 hours are known`,
      { of: 'hour_contrast', metric },
    ),
  ),
  tally('samples', 'count', 'samples, a repeated instant once', 'samples'),
  define(
    'coverage_ratio_7d',
    'ratio',
    '7d',
    'time in samples / time since the later of first sample and start of the window',
    {
      of: 'coverage',
    },
  ),
  define('cadence_seconds', 's', 'now', "the GPU's usual time between samples", { of: 'cadence' }),
  tally('gap_count', 'count', 'silences longer than 5 minutes and 3 cadences', 'gaps'),
  tally('gap_hours', 'h', 'time missing in those silences', 'gap_ms', 1 / MS_PER_HOUR),
  tally('late_samples', 'count', 'samples that came after a newer one', 'late_samples'),
  define('late_seconds_mean_7d', 's', '7d', 'mean time by which they came late', {
    of: 'tally_mean',
    tally: 'late_ms',
    per: 'late_samples',
    scale: 1e-3,
  }),
  tally(
    'samples_hours',
    'h',
    'time in samples: each stands for the time since the one before, after a silence for one cadence',
    'observed_ms',
    1 / MS_PER_HOUR,
  ),
];

/** Every feature, in the order of a vector and of the columns of gpu_features. */
export const FEATURES: readonly FeatureDefinition[] = [...NAMED_FEATURES, ...EXTENDED_FEATURES];
export const FEATURE_COUNT: number = FEATURES.length;

const INDEX_BY_NAME: ReadonlyMap<string, number> = new Map(FEATURES.map(({ name }, index) => [name, index]));
/** Place of a feature in a vector; -1 when none is called so. */
export const findFeature = (name: string): number => INDEX_BY_NAME.get(name) ?? -1;
