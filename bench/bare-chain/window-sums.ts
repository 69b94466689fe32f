import { days, hours } from '../../pipeline/contract/time.ts';
import { CHAIN_METRICS, CHAIN_WIDTH } from '../chain-fleet.ts';

/** The windows that the engine keeps of every metric. */
const WINDOWS_MS = [hours(1), hours(6), hours(24), days(7)] as const;
/** Of a GPU, a metric and a window: n, sum, sum of squares, min, max. */
const CELL = 5;
const LIMIT = 3 ** 2;
const FLOOR_SQUARED = Float64Array.from(CHAIN_METRICS, (metric) => (metric.sigma_floor ?? metric.max * 0.01) ** 2);

export interface WindowSums {
  /** Takes the row of one GPU: `CHAIN_WIDTH` values from `from`. */
  add(gpu: number, ts: number, values: Float64Array, from: number): void;
  /** Readings beyond three sigma of a window, so far. */
  outliers(): number;
}

/**
 * What an engine with our windows does per row when it takes the straight way: each reading into the sums of each window, and its
 * z-score against each. Windows tumble; a sliding one costs more.
 */
export function windowSums(gpus: number): WindowSums {
  const cells = new Float64Array(gpus * WINDOWS_MS.length * CHAIN_WIDTH * CELL);
  const open = new Float64Array(gpus * WINDOWS_MS.length);
  let outliers = 0;
  return {
    add(gpu, ts, values, from) {
      for (let w = 0; w < WINDOWS_MS.length; w++) {
        const window = gpu * WINDOWS_MS.length + w;
        const turn = Math.floor(ts / (WINDOWS_MS[w] as number));
        let at = window * CHAIN_WIDTH * CELL;
        if (turn !== open[window]) {
          open[window] = turn;
          cells.fill(0, at, at + CHAIN_WIDTH * CELL);
        }
        for (let m = 0; m < CHAIN_WIDTH; m++, at += CELL) {
          const value = values[from + m] as number;
          if (Number.isNaN(value)) continue;
          const n = cells[at] as number;
          const sum = cells[at + 1] as number;
          const squares = cells[at + 2] as number;
          if (n > 1) {
            const deviation = value - sum / n;
            const variance = (squares - (sum * sum) / n) / (n - 1);
            const floor = FLOOR_SQUARED[m] as number;
            if (deviation * deviation > LIMIT * (variance > floor ? variance : floor)) outliers++;
          }
          cells[at] = n + 1;
          cells[at + 1] = sum + value;
          cells[at + 2] = squares + value * value;
          if (n === 0 || value < (cells[at + 3] as number)) cells[at + 3] = value;
          if (n === 0 || value > (cells[at + 4] as number)) cells[at + 4] = value;
        }
      }
    },
    outliers: () => outliers,
  };
}
