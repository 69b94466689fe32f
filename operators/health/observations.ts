import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { findFeature } from '../../pipeline/contract/features.ts';
import { type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';

/** Readings of the last row that health looks at. */
const READINGS = [
  'gpu_temp_celsius',
  'memory_temp_celsius',
  'temp_margin_celsius',
  'power_watts',
  'power_limit_watts',
  'sm_clock_mhz',
  'gpu_util_ratio',
  'gr_engine_active_ratio',
  'sm_active_ratio',
  'pcie_link_gen',
  'pcie_link_width',
  'pcie_max_link_gen',
  'pcie_max_link_width',
  'ecc_sbe_volatile_total',
  'ecc_dbe_volatile_total',
  'ecc_sbe_aggregate_total',
  'ecc_dbe_aggregate_total',
  'retired_pages_sbe_total',
  'retired_pages_dbe_total',
  'retired_pages_pending',
  'remapped_rows_uncorrectable_total',
  'remapped_rows_correctable_total',
  'row_remap_failed',
  'row_remap_pending',
  'throttle_reasons',
  'xid_last',
  'recovery_action',
] as const satisfies readonly MetricName[];

/** Features that health looks at. */
const MEASURED = [
  'gpu_temp_celsius_mean_1h',
  'gpu_temp_celsius_max_24h',
  'memory_temp_celsius_mean_1h',
  'power_watts_mean_1h',
  'thermal_throttle_count',
  'power_brake_count',
  'sw_power_cap_count',
  'samples_7d',
  'coverage_ratio_7d',
  'gap_count_7d',
  'cadence_seconds',
  'ecc_sbe_volatile_per_day_24h',
  'ecc_sbe_aggregate_per_day_24h',
  'ecc_dbe_volatile_per_day_7d',
  'ecc_dbe_aggregate_per_day_7d',
  'remapped_rows_uncorrectable_per_day_7d',
  'pcie_replay_per_day_24h',
  'nvlink_crc_flit_errors_per_day_24h',
  'nvlink_crc_data_errors_per_day_24h',
  'nvlink_recovery_errors_per_day_24h',
  'thermal_violation_seconds_per_day_24h',
  'board_limit_violation_seconds_per_day_24h',
  'reliability_violation_seconds_per_day_24h',
  'samples_hours_7d',
] as const;

type ObservationName = (typeof READINGS)[number] | (typeof MEASURED)[number];
/** What is known of a GPU in numbers; NaN = unknown. */
export type Observations = Readonly<Record<ObservationName, number>>;

const NAMES: readonly ObservationName[] = [...READINGS, ...MEASURED];
const NOTHING = Object.fromEntries(NAMES.map((name) => [name, Number.NaN])) as Observations;
/** Numbers that are kept of a GPU. */
export const OBSERVATION_COUNT: number = NAMES.length;
/** Of these, the readings: they stand first. */
export const READING_COUNT: number = READINGS.length;

const READING_COLUMNS: readonly number[] = READINGS.map(metricIndex);
const FEATURE_COLUMNS: readonly number[] = MEASURED.map((name) => {
  const index = findFeature(name);
  if (index < 0) throw new RangeError(`no feature is called ${name}`);
  return index;
});

/** Vectors that a reading which the newest row lacks is remembered for: an hour of them, of history half a day. */
const MISSED_MAX = 12;

/**
 * Takes what health needs out of a vector: `into` gets OBSERVATION_COUNT numbers from `at` on. A reading that the last row
 * lacks keeps its former value for 11 vectors, counted in `missed` (READING_COUNT numbers from `missedAt`
 * on), so that one blank does not make a dimension unknown.
 */
export function takeObservations(
  { values, latest }: Pick<FeatureVector, 'values' | 'latest'>,
  into: Float64Array,
  at: number,
  missed: Uint8Array,
  missedAt: number,
): void {
  READING_COLUMNS.forEach((column, i) => {
    const value = latest[column] as number;
    const times = Number.isNaN(value) ? (missed[missedAt + i] as number) + 1 : 0;
    missed[missedAt + i] = Math.min(times, MISSED_MAX);
    if (times === 0 || times >= MISSED_MAX) into[at + i] = value;
  });
  FEATURE_COLUMNS.forEach((column, i) => {
    into[at + READING_COUNT + i] = values[column] as number;
  });
}

/** The numbers by name. */
export function readObservations(from: Float64Array, at: number): Observations {
  const read: Record<ObservationName, number> = { ...NOTHING };
  for (let i = 0; i < OBSERVATION_COUNT; i++) read[NAMES[i] as ObservationName] = from[at + i] as number;
  return read;
}
