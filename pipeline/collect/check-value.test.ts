import { describe, expect, it } from 'vitest';
import { METRICS, type MetricName, metricIndex } from '../contract/metrics.ts';
import { checkValue, factors, isBlankReading, isBlankText, toCanonical, valueRefusal } from './check-value.ts';

describe('checkValue', () => {
  const cases: readonly (readonly [MetricName, number, string])[] = [
    ['gpu_temp_celsius', 61, 'ok'],
    ['gpu_temp_celsius', -40, 'ok'],
    ['gpu_temp_celsius', -41, 'out_of_range'],
    ['gpu_temp_celsius', 151, 'out_of_range'],
    ['gpu_temp_celsius', Number.NaN, 'not_a_number'],
    ['gpu_temp_celsius', Number.POSITIVE_INFINITY, 'out_of_range'],
    ['gpu_temp_celsius', Number.NEGATIVE_INFINITY, 'out_of_range'],
    ['gpu_temp_celsius', 0, 'ok'],
    ['memory_temp_celsius', 0, 'blank'],
    ['memory_temp_celsius', -0, 'blank'],
    ['memory_temp_celsius', 1, 'ok'],
    ['pcie_link_width', 0, 'blank'],
    ['pcie_max_link_gen', 0, 'blank'],
    ['pcie_link_gen', 1, 'ok'],
    ['power_watts', 2_147_483_631, 'out_of_range'],
    ['power_watts', 2_147_483_632, 'blank'],
    ['power_watts', 2_147_483_635, 'blank'],
    ['power_watts', 2_147_483_636, 'out_of_range'],
    ['power_watts', 2_147_483_633.5, 'out_of_range'],
    ['ecc_sbe_volatile_total', 2_147_483_631, 'ok'],
    ['ecc_sbe_volatile_total', 2_147_483_633, 'blank'],
    ['ecc_sbe_volatile_total', 2_147_483_636, 'ok'],
    ['ecc_sbe_volatile_total', 4_294_967_295, 'ok'],
    ['ecc_sbe_volatile_total', -1, 'out_of_range'],
    ['ecc_sbe_volatile_total', 140_737_488_355_327, 'ok'],
    ['ecc_sbe_volatile_total', 140_737_488_355_328, 'blank'],
    ['ecc_sbe_volatile_total', 140_737_488_355_331, 'blank'],
    ['ecc_sbe_volatile_total', 140_737_488_355_332, 'ok'],
    ['thermal_violation_ns_total', 9.1e18, 'ok'],
    ['thermal_violation_ns_total', 9.21e18, 'out_of_range'],
    ['thermal_violation_ns_total', 9.22e18, 'blank'],
    ['thermal_violation_ns_total', 2 ** 63, 'blank'],
    ['thermal_violation_ns_total', 1.4073748835532e16, 'ok'],
    ['thermal_violation_ns_total', 14_073_748_835_532_800, 'sentinel'],
    ['gr_engine_active_ratio', 14_073_748_835_533_100, 'sentinel'],
    ['gr_engine_active_ratio', 1.407e16, 'out_of_range'],
    ['gr_engine_active_ratio', 1.40737e16, 'sentinel'],
    ['gr_engine_active_ratio', 1.0000001, 'out_of_range'],
    ['gpu_util_ratio', 42_949_672.95, 'out_of_range'],
    ['gpu_util_ratio', 21_474_836.32, 'sentinel'],
    ['fb_used_bytes', 2_147_483_632 * 2 ** 20, 'sentinel'],
    ['fb_used_bytes', 2 ** 41, 'ok'],
    ['throttle_reasons', 65_536, 'out_of_range'],
  ];
  it.each(cases)('%s %d is %s', (name, value, verdict) => {
    expect(checkValue(metricIndex(name), value)).toBe(verdict);
  });

  it('accepts both ends of every range and no step beyond', () => {
    METRICS.forEach((spec, metric) => {
      const none = spec.min === 0 && spec.zero_is_missing === true;
      expect(checkValue(metric, spec.min), spec.name).toBe(none ? 'blank' : 'ok');
      expect(checkValue(metric, spec.max), spec.name).toBe('ok');
      expect(checkValue(metric, spec.min - 1), spec.name).toBe('out_of_range');
      expect(checkValue(metric, spec.max * 1.01 + 1), spec.name).not.toBe('ok');
    });
  });

  it('judges the blank on the reading, the range on the canonical value', () => {
    const util = metricIndex('gpu_util_ratio');
    expect(checkValue(util, toCanonical(util, 100), 100)).toBe('ok');
    expect(checkValue(util, toCanonical(util, 2_147_483_632), 2_147_483_632)).toBe('blank');
    expect(checkValue(util, toCanonical(util, 4_294_967_295), 4_294_967_295)).toBe('out_of_range');
    const energy = metricIndex('energy_joules_total');
    expect(checkValue(energy, 2_147_483.632)).toBe('ok');
    expect(checkValue(energy, toCanonical(energy, 2_147_483_632), 2_147_483_632)).toBe('blank');
    expect(checkValue(energy, toCanonical(energy, 2_147_483_640), 2_147_483_640)).toBe('ok');
  });
});

it('scales percent and millijoules to the nearest double', () => {
  for (let percent = 0; percent <= 100; percent++) {
    expect(toCanonical(metricIndex('gpu_util_ratio'), percent)).toBe(Number(`${percent}e-2`));
  }
  expect(toCanonical(metricIndex('energy_joules_total'), 319_159_391)).toBe(319_159.391);
  expect(toCanonical(metricIndex('fb_used_bytes'), 4_845)).toBe(4_845 * 2 ** 20);
  METRICS.forEach((spec, metric) => {
    const { mul, div } = factors(metric);
    expect(mul / div).toBeCloseTo(spec.scale, 12);
    expect(Math.min(mul, div)).toBe(1);
  });
});

it('knows blanks in words', () => {
  for (const text of ['<<<NULL>>>', '<<<NOT_FOUND>>>', '<<<NOT_SUPPORTED>>>', '<<<NOT_PERM>>>', 'N/A', '[N/A]']) {
    expect(isBlankText(text), text).toBe(true);
  }
  for (const text of ['[Not Supported]', '[Unknown Error]']) expect(isBlankText(text), text).toBe(true);
  for (const text of ['', '0', 'NaN', 'abc', 'NOT', '<<<>>>']) expect(isBlankText(text), text).toBe(false);
  expect(isBlankReading(Number.POSITIVE_INFINITY)).toBe(false);
  expect(isBlankReading(Number.NaN)).toBe(false);
});

it('tells metric, value and range', () => {
  expect(valueRefusal(metricIndex('power_watts'), 'out_of_range', 12_000, 'power_watts 12000')).toEqual({
    level: 'value',
    reason: 'out_of_range',
    detail: 'power_watts 12000, valid is 0..10000 W',
    original: 'power_watts 12000',
  });
});
