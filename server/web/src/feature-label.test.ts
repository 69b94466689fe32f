import { describe, expect, it } from 'vitest';
import { FEATURES } from '../../../pipeline/contract/features.ts';
import { featureLabel, featureValue } from './feature-label.ts';

describe('features in words', () => {
  it.each([
    ['gpu_temp_max', 'GPU temperature, highest, last 7 days'],
    ['thermal_throttle_count', 'Samples throttled by heat, last 7 days'],
    ['gpu_age_days', 'Age'],
    ['power_usage_std', 'Power, spread, last 7 days'],
    ['gpu_temp_celsius_peer_deviation_1h', 'GPU temperature against its neighbours, last hour'],
    ['history_lstm', 'How its last days went, by the network'],
    ['of_tomorrow_ratio', 'Of tomorrow'],
  ])('%s', (name, label) => {
    expect(featureLabel(name)).toBe(label);
  });

  it('says every one of them differently, and none by its bare name', () => {
    const labels = FEATURES.map(({ name, source }) => [
      featureLabel(name),
      // Named features of gauges are also there under their systematic names.
      source.of === 'gauge' ? `${source.metric} ${source.statistic} ${source.window}` : name,
    ]);
    expect(new Set(labels.map(([label]) => label)).size).toBe(new Set(labels.map(([, meaning]) => meaning)).size);
    for (const [label] of labels) expect(label).not.toContain('_');
  });

  it.each([
    ['gpu_temp_max', 91.25, '91.3 °C'],
    ['gpu_temp_max', null, 'not known'],
    ['gpu_age_days', 800, '800 d'],
    ['gpu_age_days', 0.4, '0 d'],
    ['warranty_remaining_days', -12, '−12 d'],
    ['throttle_duration_hours', 1.5, '1 h 30 min'],
    ['coverage_ratio_7d', 0.5, '50 %'],
    ['sm_active_mean', 73, '73 %'],
    ['ecc_dbe_event_count', 3, '3'],
    ['total_operating_hours', 48, '2 d'],
    ['model_h100', 1, 'yes'],
    ['history_lstm', 0.031, '3.1 % within 30 days'],
    ['history_lstm', null, ''],
    ['power_usage_mean', 0.012345, '0.012 W'],
    ['power_usage_mean', 12_345.6, '12,346 W'],
  ])('%s of %s', (name, value, text) => {
    expect(featureValue(name, value)).toBe(text);
  });
});
