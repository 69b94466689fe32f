import { FEATURES, type FeatureDefinition, findFeature } from '../../../pipeline/contract/features.ts';
import { decimal, duration, integer, percent } from './format-value.ts';
import { metricLabel } from './metric-label.ts';

const DAY_S = 86_400;
const HOUR_S = 3_600;

const WINDOWS: Readonly<Record<FeatureDefinition['window'], string>> = {
  now: '',
  '1h': 'last hour',
  '6h': 'last 6 hours',
  '24h': 'last day',
  '7d': 'last 7 days',
};
const STATISTICS = { mean: 'mean', std: 'spread', min: 'lowest', max: 'highest', trend: 'trend' } as const;

/** Features whose names are not made of a metric and a statistic, and reasons that are no features. */
const OWN: Readonly<Record<string, string>> = {
  thermal_throttle_count: 'Samples throttled by heat',
  power_brake_count: 'Samples with the power brake',
  sw_power_cap_count: 'Samples at the power cap',
  ecc_sbe_event_count: 'Corrected memory errors, times they rose',
  ecc_dbe_event_count: 'Uncorrectable memory errors, times they rose',
  temp_spike_count: 'Temperature spikes',
  power_anomaly_count: 'Unusual power readings',
  throttle_duration_hours: 'Time throttled',
  power_usage_cv: 'Power, spread over mean',
  power_efficiency: 'SM use per watt',
  gpu_age_days: 'Age',
  warranty_remaining_days: 'Warranty left',
  total_operating_hours: 'Operating time',
  model_a100: 'It is an A100',
  model_h100: 'It is an H100',
  samples_7d: 'Samples received',
  coverage_ratio_7d: 'Share of the time with samples',
  samples_hours_7d: 'Time with samples',
  cadence_seconds: 'Time between samples',
  gap_count_7d: 'Silences',
  gap_hours_7d: 'Time without samples',
  late_samples_7d: 'Samples that came late',
  late_seconds_mean_7d: 'How late samples came',
  history_lstm: 'How its last days went, by the network',
  novelty_score: 'How unlike other GPUs its readings are',
};

/** A feature in words, with its window: `GPU temperature, highest, last 7 days`. */
export function featureLabel(name: string): string {
  const feature = FEATURES[findFeature(name)];
  const own = OWN[name];
  const window = feature === undefined ? '' : WINDOWS[feature.window];
  const words = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(', ');
  if (own !== undefined) return words(own, window);
  if (feature === undefined) return metricLabel(name);
  const { source } = feature;
  switch (source.of) {
    case 'gauge':
      return words(metricLabel(source.metric), STATISTICS[source.statistic], window);
    case 'rate':
      return words(`${metricLabel(source.counter)} a day`, window);
    case 'peers':
      return words(`${metricLabel(source.metric)} against its neighbours`, window);
    case 'hour_contrast':
      return `${metricLabel(source.metric)}, difference over the day`;
    default:
      return words(metricLabel(name), window);
  }
}

/** A value of a feature with its unit; a reason that is no feature has none. */
export function featureValue(name: string, value: number | null): string {
  if (value === null) return name === 'history_lstm' || name === 'novelty_score' ? '' : 'not known';
  const unit = FEATURES[findFeature(name)]?.unit ?? '';
  if (name === 'history_lstm') return `${percent(value)} % within 30 days`;
  const [bare = '', per] = unit.split('/');
  const suffix = per === undefined ? '' : `/${per}`;
  switch (bare) {
    case 'days':
      return Math.abs(value) >= 1 ? `${value < 0 ? '−' : ''}${duration(Math.round(Math.abs(value)) * DAY_S)}` : '0 d';
    case 'h':
      return duration(value * HOUR_S);
    case 'ratio':
      return `${percent(value)} %${suffix}`;
    case 'percent':
      return `${number(value)} %${suffix}`;
    case 'C':
      return `${number(value)} °C${suffix}`;
    case 'flag':
      return value === 0 ? 'no' : 'yes';
    case 'count':
      return `${number(value)}${suffix}`;
    default:
      return `${number(value)} ${unit}`.trim();
  }
}

const number = (value: number): string => {
  const size = Math.abs(value);
  if (size >= 1_000 || value === 0) return integer(value);
  if (Number.isInteger(value)) return String(value);
  return size >= 10 ? decimal(value, 1) : String(Number(value.toPrecision(2)));
};
