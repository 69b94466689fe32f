import { METRIC_COUNT, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';

const POWER = metricIndex('power_watts');
const ENERGY = metricIndex('energy_joules_total');
const BUSY = (['gr_engine_active_ratio', 'sm_active_ratio', 'gpu_util_ratio'] as const).map((name) =>
  metricIndex(name),
);
const VOLATILE: readonly MetricName[] = [
  'energy_joules_total',
  'gpu_temp_celsius',
  'memory_temp_celsius',
  'sm_clock_mhz',
  'gpu_util_ratio',
  'memory_util_ratio',
  'gr_engine_active_ratio',
  'sm_active_ratio',
  'tensor_active_ratio',
  'dram_active_ratio',
  'pcie_tx_bytes_per_second',
  'pcie_rx_bytes_per_second',
  'fb_used_bytes',
];
const COLUMNS = Uint16Array.from(VOLATILE, (name) => metricIndex(name));

/** A board that draws so much cannot but count energy. */
const ENERGY_POWER_W = 5;
const BUSY_RATIO = 0.05;

export const STILLNESS_COLUMNS = {
  /** Power of the last row; it alone tells most rows from the one before. */
  lead: { scope: 'gpu', type: 'f32', width: 1, initial: Number.NaN },
  /** Hash of the other volatile readings; 0 = not taken, since power had moved. */
  rest: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
} as const;

export interface StillnessCells {
  readonly lead: Float32Array;
  readonly rest: Uint32Array;
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
    cells.rest[gpu] = 0;
    return true;
  }
  let hash = 0x811c9dc5;
  for (let c = 0; c < COLUMNS.length; c++) {
    const at = 2 * (from + (COLUMNS[c] as number));
    hash = Math.imul(hash ^ (bits[at] as number), 0x01000193);
    hash = Math.imul(hash ^ (bits[at + 1] as number) ^ (hash >>> 15), 0x85ebca6b);
  }
  const rest = (hash | 1) >>> 0;
  const known = cells.rest[gpu] as number;
  cells.rest[gpu] = rest;
  return known !== 0 && known !== rest;
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
  const busy = BUSY.some((index) => (values[from + index] as number) >= BUSY_RATIO);
  return busy && power > 0 ? `a GPU at work draws ${Number(power.toFixed(3))} W in every one of them` : null;
}
