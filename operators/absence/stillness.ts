import { METRIC_COUNT, METRICS, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';

const POWER = metricIndex('power_watts');
const ENERGY = metricIndex('energy_joules_total');
const BUSY = (['gr_engine_active_ratio', 'sm_active_ratio', 'gpu_util_ratio'] as const).map((name) =>
  metricIndex(name),
);
/** Readings with many digits, of which a GPU at work repeats none. */
const FINE_NAMES: readonly MetricName[] = [
  'gr_engine_active_ratio',
  'sm_active_ratio',
  'sm_occupancy_ratio',
  'tensor_active_ratio',
  'dram_active_ratio',
  'pcie_tx_bytes_per_second',
  'pcie_rx_bytes_per_second',
  'nvlink_tx_bytes_per_second',
  'nvlink_rx_bytes_per_second',
];
const VOLATILE: readonly MetricName[] = [
  'energy_joules_total',
  'gpu_temp_celsius',
  'memory_temp_celsius',
  'sm_clock_mhz',
  'memory_clock_mhz',
  'gpu_util_ratio',
  'memory_util_ratio',
  'encoder_util_ratio',
  'decoder_util_ratio',
  ...FINE_NAMES,
  'fb_used_bytes',
  'fb_free_bytes',
];
const COLUMNS = Uint16Array.from(VOLATILE, (name) => metricIndex(name));

const FINE = FINE_NAMES.map((name) => metricIndex(name));
const GPU_UTIL = metricIndex('gpu_util_ratio');
const MEMORY_UTIL = metricIndex('memory_util_ratio');

/** A board that draws so much cannot but count energy. */
const ENERGY_POWER_W = 5;
const BUSY_RATIO = 0.05;
/** Below rest and above full a reading may well stand. */
const REST_RATIO = 0.02;
const FULL_RATIO = 0.98;
const RATE_MIN = 1e6;

export const STILLNESS_COLUMNS = {
  /** Power of the last row; it alone tells most rows from the one before. */
  lead: { scope: 'gpu', type: 'f32', width: 1, initial: Number.NaN },
  /** Hash of the other volatile readings; 0 = not taken, since power had moved. */
  others: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
} as const;

export interface StillnessCells {
  readonly lead: Float32Array;
  readonly others: Uint32Array;
}

/** Whether any volatile reading of the row differs from the GPU's row before. */
export function hasMoved(
  cells: StillnessCells,
  gpu: number,
  values: Float64Array,
  bits: Uint32Array,
  row: number,
): boolean {
  const from = row * METRIC_COUNT;
  const before = cells.lead[gpu] as number;
  const lead = Math.fround(values[from + POWER] as number);
  if (lead !== before && !(Number.isNaN(lead) && Number.isNaN(before))) {
    cells.lead[gpu] = lead;
    cells.others[gpu] = 0;
    return true;
  }
  let hash = 0x811c9dc5;
  for (let c = 0; c < COLUMNS.length; c++) {
    const at = 2 * (from + (COLUMNS[c] as number));
    hash = Math.imul(hash ^ (bits[at] as number), 0x01000193);
    hash = Math.imul(hash ^ (bits[at + 1] as number) ^ (hash >>> 15), 0x85ebca6b);
  }
  const others = (hash | 1) >>> 0;
  const known = cells.others[gpu] as number;
  cells.others[gpu] = others;
  return known !== 0 && known !== others;
}

/** Why a board that stands still cannot be alive: its energy does not count although it draws power; null where it may. */
export function energyStandsStill(values: Float64Array, row: number): string | null {
  const from = row * METRIC_COUNT;
  const power = values[from + POWER] as number;
  const energy = values[from + ENERGY] as number;
  if (!(energy > 0 && power > ENERGY_POWER_W)) return null;
  return `energy stands at ${Math.round(energy)} J although ${Number(power.toFixed(1))} W are drawn`;
}

/**
 * Why a row that stands still cannot be true: energy does not count although power is drawn, or a board at work whose power
 * never changes by the last digit. Null for a row that may well be constant, such as an idle board's.
 */
export function impossibleStillness(values: Float64Array, row: number): string | null {
  const from = row * METRIC_COUNT;
  const power = values[from + POWER] as number;
  const counted = energyStandsStill(values, row);
  if (counted !== null) return counted;
  return isBusy(values, from) && power > 0
    ? `a GPU at work draws ${Number(power.toFixed(3))} W in every one of them`
    : null;
}

const isBusy = (values: Float64Array, from: number): boolean =>
  BUSY.some((index) => (values[from + index] as number) >= BUSY_RATIO);

/**
 * The same of a board that tells no power, as vGPUs do: at work, with a reading of many digits that stands. Null for one
 * whose readings are at rest or at full.
 */
export function impossibleWork(values: Float64Array, row: number): string | null {
  const from = row * METRIC_COUNT;
  if (!Number.isNaN(values[from + POWER]) || !isBusy(values, from)) return null;
  const fine = FINE.find((index) => hasDigits(values[from + index] as number));
  if (fine === undefined) return null;
  return `a GPU at work shows ${METRICS[fine]?.name} ${values[from + fine]} in every one of them`;
}

/** More digits than a whole percent, neither rest nor full; of bytes per second, more than trickle. */
function hasDigits(value: number): boolean {
  if (value > 1) return value >= RATE_MIN;
  return value > REST_RATIO && value < FULL_RATIO && Math.abs(100 * value - Math.round(100 * value)) > 1e-6;
}

/**
 * The same where all is told in whole percents, which may stand for minutes: both utilisations, the memory's neither at rest
 * nor at full. It needs more patience.
 */
export function unlikelyWork(values: Float64Array, row: number): string | null {
  const from = row * METRIC_COUNT;
  const util = values[from + GPU_UTIL] as number;
  const memory = values[from + MEMORY_UTIL] as number;
  if (!Number.isNaN(values[from + POWER]) || !(util >= BUSY_RATIO && memory > REST_RATIO && memory < FULL_RATIO))
    return null;
  return `a GPU at work shows utilisations of ${inPercent(util)} and ${inPercent(memory)} in every one of them`;
}

const inPercent = (ratio: number): string => `${Math.round(100 * ratio)} %`;
