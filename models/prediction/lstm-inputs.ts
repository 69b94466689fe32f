import type { LstmInputSpec } from '../lstm/sequences.ts';

const DAY_STEPS = 144;

/** Inputs of one source come and go together. */
const linear = (group: number, names: readonly string[]): LstmInputSpec[] =>
  names.map((name) => ({ name, transform: 'linear', half_life_steps: DAY_STEPS / 4, group }));
/** Rates with a long tail; what was counted once is worth remembering for days. */
const counted = (group: number, names: readonly string[]): LstmInputSpec[] =>
  names.map((name) => ({ name, transform: 'log1p', half_life_steps: 2 * DAY_STEPS, group }));

/**
 * What the recurrent network sees every ten minutes: how warm and busy the board was in the last hour, how far from its
 * peers, and how fast its errors and violations came in the last day. Means and rates only: they do not depend on how often
 * one looks.
 */
export const LSTM_INPUTS: readonly LstmInputSpec[] = [
  ...linear(0, ['gpu_temp_celsius_mean_1h', 'gpu_temp_celsius_max_24h']),
  ...linear(1, ['memory_temp_celsius_mean_1h', 'memory_temp_celsius_max_24h']),
  ...linear(2, [
    'gpu_util_ratio_mean_1h',
    'sm_active_ratio_mean_1h',
    'dram_active_ratio_mean_1h',
    'memory_util_ratio_mean_1h',
  ]),
  ...linear(3, [
    'gpu_temp_celsius_peer_deviation_1h',
    'memory_temp_celsius_peer_deviation_1h',
    'sm_clock_mhz_peer_deviation_1h',
    'sm_active_ratio_peer_deviation_1h',
  ]),
  ...counted(4, [
    'ecc_sbe_volatile_per_day_24h',
    'ecc_dbe_volatile_per_day_24h',
    'ecc_sbe_aggregate_per_day_24h',
    'ecc_dbe_aggregate_per_day_24h',
  ]),
  ...counted(5, [
    'retired_pages_sbe_per_day_24h',
    'retired_pages_dbe_per_day_24h',
    'remapped_rows_uncorrectable_per_day_24h',
    'remapped_rows_correctable_per_day_24h',
  ]),
  ...counted(6, [
    'pcie_replay_per_day_24h',
    'nvlink_crc_flit_errors_per_day_24h',
    'nvlink_crc_data_errors_per_day_24h',
    'nvlink_replay_errors_per_day_24h',
    'nvlink_recovery_errors_per_day_24h',
  ]),
  ...counted(7, [
    'power_violation_seconds_per_day_24h',
    'thermal_violation_seconds_per_day_24h',
    'board_limit_violation_seconds_per_day_24h',
    'throttle_duration_hours',
  ]),
  ...counted(8, ['gpu_age_days']),
];
