import { describe, expect, it } from 'vitest';
import { METRICS, type Metric, type MetricName, metricIndex } from '../contract/metrics.ts';
import { canonical, readCell } from './cell-value.ts';
import { metricColumn, reasonBit } from './column-names.ts';

describe('header cells', () => {
  it.each<[string, MetricName, number]>([
    ['power.draw [W]', 'power_watts', 1],
    ['power_w', 'power_watts', 1],
    ['power_mw', 'power_watts', 1e-3],
    ['temp_c', 'gpu_temp_celsius', 1],
    ['temperature.gpu', 'gpu_temp_celsius', 1],
    ['temperature.memory', 'memory_temp_celsius', 1],
    ['utilization.gpu [%]', 'gpu_util_ratio', 0.01],
    ['utilization.gpu', 'gpu_util_ratio', 0.01],
    ['gpu_util_pct', 'gpu_util_ratio', 0.01],
    ['gpu_util_ratio', 'gpu_util_ratio', 1],
    ['mem_util_pct', 'memory_util_ratio', 0.01],
    ['memory.used [MiB]', 'fb_used_bytes', 2 ** 20],
    ['mem_used_mib', 'fb_used_bytes', 2 ** 20],
    ['mem_used_gb', 'fb_used_bytes', 2 ** 30],
    ['fb_used_bytes', 'fb_used_bytes', 1],
    ['sm_active', 'sm_active_ratio', 1],
    ['sm_active_pct', 'sm_active_ratio', 0.01],
    ['pcie_tx_bytes_s', 'pcie_tx_bytes_per_second', 1],
    ['nvlink_rx_bytes_s', 'nvlink_rx_bytes_per_second', 1],
    ['nvlink_rx_gb_s', 'nvlink_rx_bytes_per_second', 1e9],
    ['energy_mj', 'energy_joules_total', 1e-3],
    ['energy_kwh', 'energy_joules_total', 3.6e6],
    ['clocks.current.sm [MHz]', 'sm_clock_mhz', 1],
    ['clocks.sm [MHz]', 'sm_clock_mhz', 1],
    ['clocks_throttle_reasons.active', 'throttle_reasons', 1],
    ['clocks_event_reasons.active', 'throttle_reasons', 1],
    ['ecc.errors.uncorrected.volatile.total', 'ecc_dbe_volatile_total', 1],
    ['pcie.link.gen.current', 'pcie_link_gen', 1],
    ['enforced.power.limit [W]', 'power_limit_watts', 1],
    ['DCGM_FI_DEV_FB_USED', 'fb_used_bytes', 2 ** 20],
    ['DCGM_FI_DEV_GPU_UTIL', 'gpu_util_ratio', 0.01],
  ])('%s is %s x %d', (header, name, factor) => {
    expect(metricColumn(header)).toMatchObject({ metric: metricIndex(name), factor });
  });

  it.each([
    'driver_version',
    'power_c',
    'temp_mib',
    'phase',
    '',
    'utilization.gpu [W]',
    'clocks_event_reasons.sw_power_cap',
  ])('%s is no metric', (header) => {
    expect(metricColumn(header)).toBeNull();
  });

  it('every canonical name is itself', () => {
    for (const [metric, { name }] of METRICS.entries()) expect(metricColumn(name)).toMatchObject({ metric, factor: 1 });
  });

  it('throttle reasons of nvidia-smi are bits', () => {
    expect(reasonBit('clocks_throttle_reasons.hw_thermal_slowdown')).toBe(64);
    expect(reasonBit('clocks_event_reasons.sw_power_cap')).toBe(4);
    expect(reasonBit('clocks_event_reasons.supported')).toBe(0);
  });
});

describe('cells', () => {
  const metric = (name: MetricName): Metric => METRICS[metricIndex(name)] as Metric;
  it.each<[string, MetricName, number | string]>([
    [' 23.93 W', 'power_watts', 23.93],
    ['700', 'power_watts', 700],
    ['1e2', 'power_watts', 100],
    [' 57 %', 'gpu_util_ratio', 0.57],
    ['81559 MiB', 'fb_used_bytes', 81_559 * 2 ** 20],
    ['1980 MHz', 'sm_clock_mhz', 1980],
    ['0x0000000000000004', 'throttle_reasons', 4],
    ['0x4', 'power_watts', 'not_a_number'],
    ['Not Active', 'row_remap_pending', 0],
    ['Yes', 'row_remap_pending', 1],
    ['None', 'recovery_action', 0],
    ['Drain and Reset', 'recovery_action', 4],
    ['[N/A]', 'power_watts', 'blank'],
    ['[Not Supported]', 'power_watts', 'blank'],
    ['', 'power_watts', 'blank'],
    ['   ', 'power_watts', 'blank'],
    ['nan', 'power_watts', 'blank'],
    ['[GPU requires reset]', 'power_watts', 'sentinel'],
    ['ERR!', 'power_watts', 'sentinel'],
    ['12 MiB', 'power_watts', 'not_a_number'],
    ['hot', 'gpu_temp_celsius', 'not_a_number'],
  ])('%j of %s', (text, name, expected) => {
    const factor = name === 'gpu_util_ratio' ? 0.01 : name === 'fb_used_bytes' ? 2 ** 20 : 1;
    const cell = readCell(text, metric(name), factor);
    expect(cell.kind === 'reading' ? canonical(cell.reading, cell.factor) : cell.kind).toBe(expected);
  });
});
