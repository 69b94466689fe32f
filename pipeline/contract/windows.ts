import type { MetricName } from './metrics.ts';
import { type DurationMs, days, hours, minutes } from './time.ts';

/**
 * Which metrics are kept over which windows, and in panes of which length: the one table behind state, features and
 * their documentation. A window L at time t is made of all panes that overlap (t - L, t], so it spans L to L + one pane.
 */
export type WindowName = '1h' | '6h' | '24h' | '7d';

export interface Tier {
  readonly window: WindowName;
  readonly length: DurationMs;
  /** Each tier's panes are whole multiples of the panes of the tier before: closed panes are merged upwards. */
  readonly pane: DurationMs;
}

export const TIERS: readonly Tier[] = [
  { window: '1h', length: hours(1), pane: minutes(5) },
  { window: '6h', length: hours(6), pane: minutes(30) },
  { window: '24h', length: hours(24), pane: hours(2) },
  { window: '7d', length: days(7), pane: hours(12) },
];

const tiersOf = (...windows: readonly WindowName[]): readonly Tier[] =>
  TIERS.filter((tier) => windows.includes(tier.window));

export interface GaugeWindows {
  readonly metrics: readonly MetricName[];
  readonly tiers: readonly Tier[];
}

/** Gauges that failures announce themselves in, at every pace: mean, spread, extremes and trend. */
export const PACED_GAUGES: GaugeWindows = {
  metrics: [
    'gpu_temp_celsius',
    'memory_temp_celsius',
    'power_watts',
    'sm_clock_mhz',
    'gpu_util_ratio',
    'memory_util_ratio',
    'sm_active_ratio',
    'dram_active_ratio',
  ],
  tiers: tiersOf('1h', '6h', '24h', '7d'),
};

/** Gauges that are asked for over the week only. */
export const WEEKLY_GAUGES: GaugeWindows = {
  metrics: ['sm_occupancy_ratio', 'gr_engine_active_ratio'],
  tiers: tiersOf('7d'),
};

/** Counters, kept as their rises. */
export const COUNTERS: readonly MetricName[] = [
  'energy_joules_total',
  'pcie_replay_total',
  'nvlink_crc_flit_errors_total',
  'nvlink_crc_data_errors_total',
  'nvlink_replay_errors_total',
  'nvlink_recovery_errors_total',
  'ecc_sbe_volatile_total',
  'ecc_dbe_volatile_total',
  'ecc_sbe_aggregate_total',
  'ecc_dbe_aggregate_total',
  'retired_pages_sbe_total',
  'retired_pages_dbe_total',
  'remapped_rows_uncorrectable_total',
  'remapped_rows_correctable_total',
  'power_violation_ns_total',
  'thermal_violation_ns_total',
  'sync_boost_violation_ns_total',
  'board_limit_violation_ns_total',
  'reliability_violation_ns_total',
];
export const COUNTER_TIERS: readonly Tier[] = tiersOf('24h', '7d');

/** What is counted about a GPU's samples over the week. */
export const TALLIES = [
  /** Samples, each once. */
  'samples',
  /** Samples that carried throttle_reasons. */
  'masked_samples',
  'thermal_throttle',
  'power_brake',
  'sw_power_cap',
  'ecc_sbe_rise',
  'ecc_dbe_rise',
  'temp_spike',
  'power_anomaly',
  /** Time in samples with a throttle bit that is not benign. */
  'throttle_ms',
  /** Time in samples. */
  'observed_ms',
  'gaps',
  'gap_ms',
  'late_samples',
  'late_ms',
] as const;
export type TallyName = (typeof TALLIES)[number];
export const TALLY_TIERS: readonly Tier[] = tiersOf('7d');

/** Metrics whose mean by hour of the day is kept. */
export const HOURLY_GAUGES: readonly MetricName[] = ['gpu_temp_celsius', 'power_watts', 'gpu_util_ratio'];

/** Metrics compared with the other boards of the node. */
export const PEER_GAUGES: readonly MetricName[] = [
  'gpu_temp_celsius',
  'memory_temp_celsius',
  'power_watts',
  'sm_clock_mhz',
  'sm_active_ratio',
];
