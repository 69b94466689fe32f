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
/** Where the newest row lacks most of what is remembered it is no blank, and this is all of them: ten minutes. */
const LOST_AFTER = 3;
/** Stands in `missed` for a reading that was lost so, until it is there again. */
const LOST = 255;

/** What a driver remembers of a board that it no longer reaches. */
const CODES: readonly ObservationName[] = ['throttle_reasons', 'xid_last', 'recovery_action'];
const IS_SEEN: readonly boolean[] = READINGS.map((name) => !CODES.includes(name));
/** By feature: the reading without which the last hour says nothing of now; -1 for none. */
const READING_OF: readonly number[] = MEASURED.map((name) =>
  READINGS.findIndex((reading) => `${reading}_mean_1h` === name),
);

/**
 * Takes what health needs out of a vector: `into` gets OBSERVATION_COUNT numbers from `at` on. A reading that the last row
 * lacks keeps its former value for 11 vectors, counted in `missed` (READING_COUNT numbers from `missedAt` on), so that one
 * blank does not make a dimension unknown; for two only where most of them are missing, since then nobody sees the GPU.
 */
export function takeObservations(
  { values, latest }: Pick<FeatureVector, 'values' | 'latest'>,
  into: Float64Array,
  at: number,
  missed: Uint8Array,
  missedAt: number,
): void {
  const most = lacksMost(latest, into, at);
  READING_COLUMNS.forEach((column, i) => {
    const value = latest[column] as number;
    const before = missed[missedAt + i] as number;
    const times = Number.isNaN(value) ? Math.min(before, MISSED_MAX) + 1 : 0;
    const lost = times > 0 && (before === LOST || (most && times >= LOST_AFTER));
    missed[missedAt + i] = lost ? LOST : Math.min(times, MISSED_MAX);
    if (times === 0 || lost || times >= MISSED_MAX) into[at + i] = value;
  });
  FEATURE_COLUMNS.forEach((column, i) => {
    const reading = READING_OF[i] as number;
    const lost = reading >= 0 && missed[missedAt + reading] === LOST;
    into[at + READING_COUNT + i] = lost ? Number.NaN : (values[column] as number);
  });
}

/** Whether a row lacks more than half of the readings that are remembered. */
function lacksMost(latest: Float64Array, into: Float64Array, at: number): boolean {
  let known = 0;
  let lacking = 0;
  READING_COLUMNS.forEach((column, i) => {
    if (IS_SEEN[i] !== true || Number.isNaN(into[at + i])) return;
    known++;
    if (Number.isNaN(latest[column])) lacking++;
  });
  return 2 * lacking > known;
}

/** The numbers by name. */
export function readObservations(from: Float64Array, at: number): Observations {
  const read: Record<ObservationName, number> = { ...NOTHING };
  for (let i = 0; i < OBSERVATION_COUNT; i++) read[NAMES[i] as ObservationName] = from[at + i] as number;
  return read;
}
