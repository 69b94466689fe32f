import { describe, expect, it } from 'vitest';
import { FEATURES, findFeature, NAMED_FEATURES } from './features.ts';
import { METRICS } from './metrics.ts';

describe('feature definitions', () => {
  it('hold the 27 named ones in the order of the specification, then the extended set', () => {
    expect(NAMED_FEATURES.map(({ name }) => name)).toEqual(
      (
        'gpu_temp_mean gpu_temp_std gpu_temp_min gpu_temp_max gpu_temp_trend power_usage_mean power_usage_std power_usage_cv ' +
        'power_efficiency sm_active_mean sm_active_std sm_occupancy_mean memory_util_mean memory_util_std ' +
        'thermal_throttle_count power_brake_count sw_power_cap_count ecc_sbe_event_count ecc_dbe_event_count ' +
        'temp_spike_count power_anomaly_count throttle_duration_hours gpu_age_days warranty_remaining_days ' +
        'total_operating_hours model_a100 model_h100'
      ).split(' '),
    );
    expect(FEATURES.length - NAMED_FEATURES.length).toBe(224);
    expect(FEATURES.slice(0, 27)).toEqual(NAMED_FEATURES);
  });

  it('have one name each, usable as a column, and say unit, window, formula and version', () => {
    expect(new Set(FEATURES.map(({ name }) => name)).size).toBe(FEATURES.length);
    for (const { name, unit, window, formula, version } of FEATURES) {
      expect(name).toMatch(/^[a-z][a-z0-9_]{2,62}$/);
      expect(unit, name).not.toBe('');
      expect(['1h', '6h', '24h', '7d', 'now'], name).toContain(window);
      expect(formula.length, name).toBeGreaterThan(8);
      expect(version, name).toBeGreaterThanOrEqual(1);
      if (!NAMED_FEATURES.some((named) => named.name === name) && window !== 'now' && window !== '1h') {
        expect(name.endsWith(`_${window}`), name).toBe(true);
      }
    }
  });

  it('never take the name of a metric, and are found by their own', () => {
    for (const { name } of METRICS) expect(findFeature(name)).toBe(-1);
    FEATURES.forEach(({ name }, index) => {
      expect(findFeature(name)).toBe(index);
    });
  });

  it.each([
    ['gpu_temp_celsius_trend_6h', 'C/day', 'least-squares slope over the samples of gpu_temp_celsius'],
    ['memory_util_mean', 'percent', 'mean of the samples of memory_util_ratio x 100'],
    ['sm_occupancy_ratio_max_7d', 'ratio', 'largest sample of sm_occupancy_ratio'],
    ['ecc_sbe_volatile_per_day_24h', 'count/day', 'rises of ecc_sbe_volatile_total'],
    ['thermal_violation_seconds_per_day_7d', 's/day', 'rises of thermal_violation_ns_total x 1e-9'],
    ['energy_joules_per_day_7d', 'J/day', 'rises of energy_joules_total'],
  ])('%s is in %s', (name, unit, formula) => {
    const definition = FEATURES[findFeature(name)];
    expect(definition?.unit).toBe(unit);
    expect(definition?.formula.startsWith(formula), definition?.formula).toBe(true);
  });
});
