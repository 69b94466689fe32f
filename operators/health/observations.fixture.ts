import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { FEATURE_COUNT, findFeature } from '../../pipeline/contract/features.ts';
import { findMetric, METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import {
  OBSERVATION_COUNT,
  type Observations,
  READING_COUNT,
  readObservations,
  takeObservations,
} from './observations.ts';

/** An H100 that has worked for a week, of which everything is known and nothing is wrong. */
export const WELL: Readonly<Record<string, number>> = {
  gpu_temp_celsius: 64,
  memory_temp_celsius: 72,
  temp_margin_celsius: 23,
  power_watts: 450,
  power_limit_watts: 700,
  sm_clock_mhz: 1_980,
  gpu_util_ratio: 0.95,
  gr_engine_active_ratio: 0.95,
  sm_active_ratio: 0.8,
  pcie_link_gen: 5,
  pcie_link_width: 16,
  pcie_max_link_gen: 5,
  pcie_max_link_width: 16,
  ecc_sbe_volatile_total: 0,
  ecc_dbe_volatile_total: 0,
  ecc_sbe_aggregate_total: 3,
  ecc_dbe_aggregate_total: 0,
  remapped_rows_uncorrectable_total: 0,
  remapped_rows_correctable_total: 0,
  row_remap_failed: 0,
  row_remap_pending: 0,
  throttle_reasons: 0,
  recovery_action: 0,
  gpu_temp_celsius_mean_1h: 63,
  gpu_temp_celsius_max_24h: 70,
  memory_temp_celsius_mean_1h: 72,
  power_watts_mean_1h: 440,
  thermal_throttle_count: 0,
  power_brake_count: 0,
  sw_power_cap_count: 0,
  samples_7d: 60_480,
  coverage_ratio_7d: 1,
  gap_count_7d: 0,
  cadence_seconds: 10,
  ecc_sbe_volatile_per_day_24h: 0,
  ecc_sbe_aggregate_per_day_24h: 0,
  ecc_dbe_volatile_per_day_7d: 0,
  ecc_dbe_aggregate_per_day_7d: 0,
  remapped_rows_uncorrectable_per_day_7d: 0,
  pcie_replay_per_day_24h: 0,
  nvlink_crc_flit_errors_per_day_24h: 0,
  nvlink_crc_data_errors_per_day_24h: 0,
  nvlink_recovery_errors_per_day_24h: 0,
  thermal_violation_seconds_per_day_24h: 0,
  board_limit_violation_seconds_per_day_24h: 0,
  reliability_violation_seconds_per_day_24h: 0,
};

/** A vector in which only these features and readings are known. */
export function vectorOf(known: Readonly<Record<string, number>>, more: Partial<FeatureVector> = {}): FeatureVector {
  const values = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
  const latest = new Float64Array(METRIC_COUNT).fill(Number.NaN);
  for (const [name, value] of Object.entries(known)) {
    const [feature, metric] = [findFeature(name), findMetric(name)];
    if (feature < 0 && metric < 0) throw new RangeError(`neither a feature nor a metric: ${name}`);
    if (feature >= 0) values[feature] = value;
    if (metric >= 0) latest[metric] = value;
  }
  return {
    ts: 0,
    gpu_uuid: 'GPU-a',
    node: 'node-0',
    instance: '',
    model: 'NVIDIA H100 80GB HBM3',
    job: '',
    values,
    latest,
    latest_ts: more.ts ?? 0,
    arrived_at: more.ts ?? 0,
    final: false,
    ...more,
  };
}

export function observationsOf(known: Readonly<Record<string, number>>): Observations {
  const into = new Float64Array(OBSERVATION_COUNT).fill(Number.NaN);
  takeObservations(vectorOf(known), into, 0, new Uint8Array(READING_COUNT), 0);
  return readObservations(into, 0);
}
