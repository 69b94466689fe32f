import { describe, expect, it } from 'vitest';
import { replaysAllowed } from '../core/pcie-replays.ts';
import { follow, healthy } from './conditions.fixture.ts';
import { inDigits, inTime } from './explain-condition.ts';
import { MARGINS } from './margins.fixture.ts';
import { THERMAL_LIMITS, thermalModel } from './thermal-limits.ts';

describe('limits', () => {
  it.each<[number, number, number]>([
    [1, 16, 3],
    [2, 16, 5],
    [3, 16, 8],
    [4, 16, 16],
    [5, 16, 31],
    [6, 16, 62],
    [4, 8, 8],
    [1, 1, 1],
    [Number.NaN, Number.NaN, 16],
    [0, 0, 16],
    [7, 16, 62],
  ])('PCIe replays of generation %d with %d lanes: %d a minute', (gen, width, allowed) => {
    expect(replaysAllowed(gen, width)).toBe(allowed);
  });

  it.each<[string, number | null, number]>([
    ['NVIDIA H100 80GB HBM3', -2, 87],
    ['NVIDIA H100 PCIe', -2, 87],
    ['NVIDIA H200', -2, 87],
    ['NVIDIA GH200 480GB', -2, 87],
    ['NVIDIA GB200', -2, 87],
    ['NVIDIA B200', -3, 87],
    ['NVIDIA L40S', -2, 87],
    ['NVIDIA L40', -2, 87],
    ['NVIDIA L4', null, 85],
    ['NVIDIA A100-SXM4-80GB', null, 85],
    ['Tesla V100-SXM2-32GB', null, 83],
    ['Tesla T4', null, 88],
    ['NVIDIA T400 4GB', null, 88],
    ['', null, 88],
  ])('thermal limits of "%s"', (model, offset, warning) => {
    const limits = THERMAL_LIMITS[thermalModel(model)];
    expect(limits?.margin_offset_c).toBe(offset);
    expect(limits?.gpu_warning_c).toBe(warning);
    expect(limits?.gpu_critical_c).toBeGreaterThan(warning);
  });

  it.each(MARGINS)('%s: a margin as forecasts and health believe it', (_, model, die_c, margin_c, believed) => {
    const at = (ms: number) => ({ ...healthy(ms), gpu_temp_celsius: die_c, temp_margin_celsius: margin_c });
    const told = follow({ cadence_ms: 60_000, span_ms: 900_000, model, at });
    expect(told.some(({ metric }) => metric === 'temp_margin_celsius')).toBe(believed);
  });

  it.each<[number, string]>([
    [17_700, '17,700'],
    [54_700_000_000, '54,700,000,000'],
    [1 / 60, '0.01667'],
    [-2, '-2'],
    [0, '0'],
    [12.3456, '12.35'],
    [999.96, '1,000'],
  ])('%d in digits', (value, text) => {
    expect(inDigits(value)).toBe(text);
  });

  it.each<[number, string]>([
    [400, '0.4 s'],
    [40_000, '40 s'],
    [12 * 60_000, '12 min'],
    [2.5 * 3_600_000, '2.5 h'],
  ])('%d ms in words', (span, text) => {
    expect(inTime(span)).toBe(text);
  });
});
