import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { FEATURES, findFeature } from '../../pipeline/contract/features.ts';
import { type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { observedHours } from '../core/observed-hours.ts';

/**
 * What novelty is judged on: numbers that tell of the board and not of what somebody runs on it. Levels that follow the
 * workload count as what remains once the inputs under `given` have explained them, errors as rates.
 */
export interface NoveltyFeature {
  /** As explanations and anomalies call it: a feature of the vector, or one derived here. */
  readonly name: string;
  readonly label: string;
  /** Unit of the reading, before the logarithm. */
  readonly unit: string;
  /** Inputs that explain it, by name; empty where the workload does not matter. */
  readonly given: readonly string[];
  /** Smallest difference that means anything, on the scale judged; smaller ones count as none. */
  readonly floor: number;
  /** `log`: ln(1 + x), because rates of errors differ by factors. */
  readonly scale: 'linear' | 'log';
  readonly reason: string;
}

const gauge = (
  name: string,
  label: string,
  unit: string,
  given: readonly string[],
  floor: number,
  reason: string,
): NoveltyFeature => ({ name, label, unit, given, floor, scale: 'linear', reason });

const rate = (name: string, label: string, unit: string, reason: string): NoveltyFeature => ({
  name,
  label,
  unit,
  given: [],
  floor: Math.LN2,
  scale: 'log',
  reason,
});

const share = (name: string, label: string, floor: number, reason: string): NoveltyFeature =>
  gauge(name, label, 'ratio', [], floor, reason);

// biome-ignore format: a table, one row a feature
export const NOVELTY_FEATURES: readonly NoveltyFeature[] = [
  gauge('gpu_temp_celsius_mean_1h', 'GPU temperature of the last hour', 'C', ['power_watts_mean_1h'], 3, 'cooling, paste and airflow, at the power drawn'),
  gauge('gpu_temp_celsius_mean_6h', 'GPU temperature of the last 6 h', 'C', ['power_watts_mean_6h'], 3, 'the same, past passing causes'),
  gauge('gpu_temp_celsius_mean_24h', 'GPU temperature of the last day', 'C', ['power_watts_mean_24h'], 3, 'the same, over a whole daily rhythm'),
  gauge('gpu_temp_mean', 'GPU temperature of the week', 'C', ['power_usage_mean'], 3, 'the same, over a whole week of jobs'),
  gauge('gpu_temp_celsius_max_24h', 'highest GPU temperature of the last day', 'C', ['power_watts_max_24h'], 4, 'how hot its hardest work made it'),
  gauge('gpu_temp_trend', 'rise of the GPU temperature over the week', 'C/day', ['power_watts_trend_7d'], 1.5, 'cooling that fades'),
  gauge('gpu_temp_celsius_peer_deviation_1h', "GPU temperature against the node's other boards", 'C', ['power_watts_peer_deviation_1h'], 3, 'same air, same work, other temperature'),
  gauge('memory_temp_celsius_mean_1h', 'memory temperature of the last hour', 'C', ['power_watts_mean_1h', 'dram_active_ratio_mean_1h'], 3, 'contact of the memory stacks'),
  gauge('memory_temp_celsius_mean_24h', 'memory temperature of the last day', 'C', ['power_watts_mean_24h', 'dram_active_ratio_mean_24h'], 3, 'the same, over a day'),
  gauge('memory_temp_celsius_max_24h', 'highest memory temperature of the last day', 'C', ['power_watts_max_24h'], 4, 'memory at its hardest work'),
  gauge('memory_temp_celsius_trend_7d', 'rise of the memory temperature over the week', 'C/day', ['power_watts_trend_7d'], 1.5, 'contact that worsens'),
  gauge('memory_temp_celsius_peer_deviation_1h', "memory temperature against the node's other boards", 'C', ['power_watts_peer_deviation_1h'], 3, 'the same for memory'),
  gauge('power_watts_mean_24h', 'power of the last day', 'W', ['sm_active_ratio_mean_24h', 'dram_active_ratio_mean_24h'], 25, 'leakage, a wrong limit, a sensor that lies, at the work done'),
  gauge('power_usage_mean', 'power of the week', 'W', ['sm_active_mean', 'dram_active_ratio_mean_7d'], 25, 'the same, over a week of jobs'),
  gauge('sm_clock_mhz_max_24h', 'highest SM clock of the last day', 'MHz', ['sm_active_ratio_max_24h'], 60, 'clocks that are held back whatever the work'),
  rate('pcie_replay_per_day_24h', 'PCIe replays', 'count/day', 'slot, riser, retimer'),
  rate('nvlink_crc_flit_errors_per_day_24h', 'NVLink flow-control CRC errors', 'count/day', 'links'),
  rate('nvlink_crc_data_errors_per_day_24h', 'NVLink data CRC errors', 'count/day', 'links'),
  rate('nvlink_replay_errors_per_day_24h', 'NVLink replays', 'count/day', 'links'),
  rate('nvlink_recovery_errors_per_day_24h', 'NVLink recoveries', 'count/day', 'links that go down'),
  rate('ecc_sbe_volatile_per_day_24h', 'corrected memory errors', 'count/day', 'memory cells that fail'),
  rate('ecc_dbe_volatile_per_day_24h', 'uncorrectable memory errors', 'count/day', 'memory that has failed'),
  rate('remapped_rows_correctable_per_day_7d', 'rows remapped for corrected errors', 'rows/day', 'spare rows that are used up'),
  rate('remapped_rows_uncorrectable_per_day_7d', 'rows remapped for uncorrectable errors', 'rows/day', 'spare rows that are used up'),
  rate('retired_pages_sbe_per_day_7d', 'pages retired for corrected errors', 'pages/day', 'the same on older boards'),
  rate('retired_pages_dbe_per_day_7d', 'pages retired for uncorrectable errors', 'pages/day', 'the same on older boards'),
  rate('thermal_violation_seconds_per_day_24h', 'time held back by temperature', 's/day', 'cooling that no longer suffices'),
  rate('board_limit_violation_seconds_per_day_24h', 'time held back by the board limit', 's/day', 'supply of the board'),
  rate('reliability_violation_seconds_per_day_24h', 'time held back for reliability', 's/day', 'voltage reserve'),
  share('thermal_throttle_share', 'samples with thermal slowdown', 0.005, 'hardware slows itself down'),
  share('power_brake_share', 'samples with power brake', 0.005, 'the supply of the node gives way'),
  share('energy_over_power', 'energy counted over power read', 0.05, 'a power sensor or energy counter that lies'),
  share('pcie_width_share', 'PCIe lanes in use of those possible', 0.2, 'a link that came up narrow'),
  share('row_remap_flags', 'row remapping pending or failed', 0.5, 'memory that waits for a reset or has no spare rows'),
];

type Reader = (vector: FeatureVector) => number;

const feature = (name: string): Reader => {
  const index = findFeature(name);
  if (index < 0) throw new Error(`no feature is called ${name}`);
  return ({ values }) => values[index] as number;
};
const latest = (name: MetricName): Reader => {
  const index = metricIndex(name);
  return (vector) => vector.latest[index] as number;
};
const quotient =
  (over: Reader, under: Reader, scale = 1): Reader =>
  (vector) => {
    const divisor = under(vector);
    return divisor > 0 ? (over(vector) / divisor) * scale : Number.NaN;
  };

const SECONDS_PER_DAY = 86_400;
const samples = feature('samples_7d');
const remap_pending = latest('row_remap_pending');
const remap_failed = latest('row_remap_failed');

/** A slope of less than this is that of a job, not of a week. */
const TREND_HOURS_MIN = 72;
const ripe =
  (read: Reader): Reader =>
  (vector) =>
    observedHours(vector.values) < TREND_HOURS_MIN ? Number.NaN : read(vector);

const sm_active_max = feature('sm_active_ratio_max_24h');
const sm_clock_max = feature('sm_clock_mhz_max_24h');
/** From this activity on a GPU has worked hard enough to show what its clock can do. */
const BUSY_RATIO = 0.5;

const DERIVED: Readonly<Record<string, Reader>> = {
  sm_clock_mhz_max_24h: (vector) => (sm_active_max(vector) >= BUSY_RATIO ? sm_clock_max(vector) : Number.NaN),
  thermal_throttle_share: quotient(feature('thermal_throttle_count'), samples),
  power_brake_share: quotient(feature('power_brake_count'), samples),
  energy_over_power: quotient(
    feature('energy_joules_per_day_24h'),
    feature('power_watts_mean_24h'),
    1 / SECONDS_PER_DAY,
  ),
  pcie_width_share: quotient(latest('pcie_link_width'), latest('pcie_max_link_width')),
  row_remap_flags: (vector) => remap_pending(vector) + 2 * remap_failed(vector),
};

/** What is kept of a vector: the features, then what explains them and is no feature itself. */
const INPUTS: readonly string[] = [
  ...new Set([...NOVELTY_FEATURES.map(({ name }) => name), ...NOVELTY_FEATURES.flatMap(({ given }) => given)]),
];

/** Place of an input in a kept row. */
export const inputIndex = (name: string): number => INPUTS.indexOf(name);

/** Steps of 2^-n that are far below any floor, so that kept rows stay short as JSON. */
const stepOf = (name: string): number => {
  const judged = NOVELTY_FEATURES.find((candidate) => candidate.name === name);
  if (judged) return 2 ** Math.floor(Math.log2(judged.floor / 64));
  const unit = FEATURES[findFeature(name)]?.unit;
  return unit === 'ratio' ? 2 ** -12 : 2 ** -6;
};

const READERS = INPUTS.map((name) => ({
  read: DERIVED[name] ?? (/_trend(_7d)?$/.test(name) ? ripe(feature(name)) : feature(name)),
  log: NOVELTY_FEATURES.some((candidate) => candidate.name === name && candidate.scale === 'log'),
  step: stepOf(name),
}));

/** A vector's inputs as plain data, logarithms taken; null = unknown. */
export type KeptRow = readonly (number | null)[];

export function keptRow(vector: FeatureVector): KeptRow {
  return READERS.map(({ read, log, step }) => {
    const value = read(vector);
    if (!Number.isFinite(value)) return null;
    const scaled = log ? Math.log1p(Math.max(0, value)) : value;
    return Math.round(scaled / step) * step;
  });
}
