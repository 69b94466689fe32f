import { expect, it } from 'vitest';
import { CONDITIONS } from '../conditions/condition-table.ts';
import { anomalyKind } from './anomaly-kind.ts';

it.each<[type: string, metric: string, category: string]>([
  ['ecc_sbe_rate', 'ecc_sbe_volatile_total', 'memory'],
  ['ecc_sbe_total', 'ecc_sbe_aggregate_total', 'memory'],
  ['ecc_dbe', 'ecc_dbe_volatile_total', 'memory'],
  ['row_remap_failed', 'row_remap_failed', 'memory'],
  ['row_remap_pending', 'row_remap_pending', 'memory'],
  ['row_remap_pressure', 'remapped_rows_uncorrectable_total', 'memory'],
  ['row_remap_rate', 'remapped_rows_uncorrectable_total', 'memory'],
  ['retired_pages', 'retired_pages_dbe_total', 'memory'],
  ['pcie_replay_rate', 'pcie_replay_total', 'bus'],
  ['pcie_downtrained', 'pcie_link_width', 'bus'],
  ['nvlink_errors', 'nvlink_crc_flit_errors_total', 'fabric'],
  ['thermal_margin', 'temp_margin_celsius', 'thermal'],
  ['hw_slowdown', 'throttle_reasons', 'thermal'],
  ['sw_thermal', 'throttle_reasons', 'thermal'],
  ['thermal_violation', 'thermal_violation_ns_total', 'thermal'],
  ['power_brake', 'throttle_reasons', 'power'],
  ['board_limit_violation', 'board_limit_violation_ns_total', 'power'],
  ['reliability_violation', 'reliability_violation_ns_total', 'power'],
  ['power_violation', 'power_violation_ns_total', 'power'],
  ['power_limit_lowered', 'power_limit_watts', 'power'],
  ['energy_mismatch', 'energy_joules_total', 'power'],
  ['sensor_lying', 'sm_active_ratio', 'sensor'],
  ['sensor_lying', 'gpu_temp_celsius', 'sensor'],
  ['field_vanished', 'fields', 'sensor'],
  ['exporter_frozen', '', 'sensor'],
  ['framebuffer_stuck', 'fb_used_bytes', 'application'],
  ['held_idle', 'gpu_util_ratio', 'application'],
  ['recovery_action', 'recovery_action', 'driver'],
  ['gpu_lost', '', 'bus'],
  ['node_silent', '', 'unknown'],
  ['mig_reconfigured', '', 'unknown'],
  ['straggler', 'power_watts', 'unknown'],
  ['straggler', 'sm_clock_mhz', 'unknown'],
  ['zscore', 'gpu_temp_celsius', 'thermal'],
  ['peer_deviation', 'power_watts', 'power'],
  ['peer_deviation', 'pcie_rx_bytes_per_second', 'bus'],
  ['change_point', 'ecc_sbe_volatile_total', 'memory'],
  ['change_point', 'nvlink_errors_total', 'fabric'],
  ['forecast_limit', 'memory_temp_celsius', 'thermal'],
  ['novelty', '', 'unknown'],
])('%s of %s is about %s', (type, metric, category) => {
  expect(anomalyKind(type, metric).category).toBe(category);
});

it('knows every condition', () => {
  for (const { type, metric, key } of CONDITIONS) expect(anomalyKind(type, metric).category, key).not.toBe('unknown');
});
