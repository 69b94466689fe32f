import type { Batch } from '../../pipeline/contract/batch.ts';
import { METRIC_COUNT, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { State } from '../../pipeline/contract/operator.ts';

/** What peers are compared by. Activity is the engine's, else the utilisation; PCIe is what the board receives (bytes/s), NVLink all of it (MB/s). */
export const READING = {
  temp: 0,
  power: 1,
  clock: 2,
  activity: 3,
  sm: 4,
  tensor: 5,
  dram: 6,
  pcie: 7,
  nvlink: 8,
} as const;
export const READINGS = 9;

const index = (name: MetricName): number => metricIndex(name);
const [TEMP, POWER, LIMIT, CLOCK] = [
  index('gpu_temp_celsius'),
  index('power_watts'),
  index('power_limit_watts'),
  index('sm_clock_mhz'),
];
const [ENGINE, UTIL, SM, TENSOR, DRAM] = [
  index('gr_engine_active_ratio'),
  index('gpu_util_ratio'),
  index('sm_active_ratio'),
  index('tensor_active_ratio'),
  index('dram_active_ratio'),
];
const PCIE_RX = index('pcie_rx_bytes_per_second');
const [NVLINK_TX, NVLINK_RX, NVLINK_MB] = [
  index('nvlink_tx_bytes_per_second'),
  index('nvlink_rx_bytes_per_second'),
  index('nvlink_bandwidth_mb_per_second'),
];
const REASONS = index('throttle_reasons');

/** Why a clock is lower than it could be without any fault. */
export const HELD = { nothing: 0, power_limit: 1, application_clocks: 2 } as const;
const APPLICATION_CLOCKS_BIT = 2;
const SW_POWER_CAP_BIT = 4;
/** A board that draws so much of its limit is held by it. */
const CAPPED_RATIO = 0.97;
/** Activity that moved by more is another load. */
const LOAD_SHIFT_RATIO = 0.15;
/** So far from one row to the next is no fluctuation either: an average over both would be of neither. */
const OTHER_LOAD_RATIO = 0.4;

export const SMOOTH_COLUMNS = {
  /** Averages that forget by time; NaN while the reading is missing. */
  smooth: { scope: 'gpu', type: 'f32', width: READINGS, initial: Number.NaN },
  last_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  /** Since when load and user are the same, and the activity then. */
  steady_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  steady_activity: { scope: 'gpu', type: 'f32', width: 1, initial: Number.NaN },
  used_by: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  /** By what configuration the clock is held: one of HELD. */
  held: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
} as const;
type SmoothCells = State<typeof SMOOTH_COLUMNS>;

/** Takes a row into the averages of its GPU with this weight; those of another load are forgotten. */
export function smoothRow(cells: SmoothCells, batch: Batch, row: number, gpu: number, usual: number): void {
  const { values } = batch;
  const { smooth } = cells;
  const ts = batch.ts[row] as number;
  const from = row * METRIC_COUNT;
  const at = gpu * READINGS;
  const power = values[from + POWER] as number;
  const engine = values[from + ENGINE] as number;
  const nvlink = values[from + NVLINK_MB] as number;
  const load = Number.isNaN(engine) ? (values[from + UTIL] as number) : engine;
  const user = batch.attribution[row] as number;
  const other =
    user !== cells.used_by[gpu] || Math.abs(load - (smooth[at + READING.activity] as number)) > OTHER_LOAD_RATIO;
  const weight = other ? 1 : usual;
  // Heat follows slowly whatever the load does.
  blend(smooth, at, values[from + TEMP] as number, usual);
  blend(smooth, at + 1, power, weight);
  blend(smooth, at + 2, values[from + CLOCK] as number, weight);
  blend(smooth, at + 3, load, weight);
  blend(smooth, at + 4, values[from + SM] as number, weight);
  blend(smooth, at + 5, values[from + TENSOR] as number, weight);
  blend(smooth, at + 6, values[from + DRAM] as number, weight);
  blend(smooth, at + 7, values[from + PCIE_RX] as number, weight);
  blend(
    smooth,
    at + 8,
    Number.isNaN(nvlink)
      ? 1e-6 * ((values[from + NVLINK_TX] as number) + (values[from + NVLINK_RX] as number))
      : nvlink,
    weight,
  );
  const reasons = values[from + REASONS] as number;
  const limited = power >= CAPPED_RATIO * (values[from + LIMIT] as number) || (reasons & SW_POWER_CAP_BIT) !== 0;
  cells.held[gpu] =
    (reasons & APPLICATION_CLOCKS_BIT) !== 0 ? HELD.application_clocks : limited ? HELD.power_limit : HELD.nothing;
  const activity = smooth[at + READING.activity] as number;
  const same = Math.abs(activity - (cells.steady_activity[gpu] as number)) <= LOAD_SHIFT_RATIO;
  if (!same || user !== cells.used_by[gpu]) {
    cells.steady_ts[gpu] = ts;
    cells.steady_activity[gpu] = activity;
    cells.used_by[gpu] = user;
  }
}

function blend(smooth: Float32Array, at: number, value: number, weight: number): void {
  const before = smooth[at] as number;
  smooth[at] = Number.isNaN(before) ? value : before + weight * (value - before);
}
