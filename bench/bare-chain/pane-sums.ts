import { CHAIN_METRICS, CHAIN_WIDTH } from '../chain-fleet.ts';

/** One cell per GPU and metric, a cache line long: the open pane's n, sum, sum of squares, min, max; EWMA mean, variance. */
const CELL = 8;
const CLOSED = 5;
const PANE_MS = 60_000;
const HALF_LIFE_MS = 1_800_000;
const LIMIT = 3 ** 2;
const FLOOR_SQUARED = Float64Array.from(CHAIN_METRICS, (metric) => (metric.sigma_floor ?? metric.max * 0.01) ** 2);

export interface PaneSums {
  /** Takes the row of one GPU: `CHAIN_WIDTH` values from `from`. */
  add(gpu: number, ts: number, values: Float64Array, from: number): void;
  /** Readings beyond three sigma, and panes closed, so far. */
  counts(): { readonly outliers: number; readonly panes: number };
  readonly bytes_per_gpu: number;
}

/** What every engine for this job must do at least: pane sums and an exponentially weighted z-score of every reading. */
export function paneSums(gpus: number): PaneSums {
  const cells = new Float64Array(gpus * CHAIN_WIDTH * CELL);
  const closed = new Float64Array(gpus * CHAIN_WIDTH * CLOSED);
  const panes = new Float64Array(gpus);
  const times = new Float64Array(gpus);
  let outliers = 0;
  let panesClosed = 0;

  const close = (gpu: number): void => {
    panesClosed++;
    for (let m = 0; m < CHAIN_WIDTH; m++) {
      const at = (gpu * CHAIN_WIDTH + m) * CELL;
      const to = (gpu * CHAIN_WIDTH + m) * CLOSED;
      for (let i = 0; i < CLOSED; i++) {
        closed[to + i] = cells[at + i] as number;
        cells[at + i] = 0;
      }
    }
  };

  return {
    add(gpu, ts, values, from) {
      const pane = Math.floor(ts / PANE_MS);
      const before = panes[gpu] as number;
      const weight = before === 0 ? 1 : 1 - 2 ** (((times[gpu] as number) - ts) / HALF_LIFE_MS);
      if (pane !== before) {
        if (before !== 0) close(gpu);
        panes[gpu] = pane;
      }
      times[gpu] = ts;
      let at = gpu * CHAIN_WIDTH * CELL;
      for (let m = 0; m < CHAIN_WIDTH; m++, at += CELL) {
        const value = values[from + m] as number;
        if (Number.isNaN(value)) continue;
        const n = (cells[at] as number) + 1;
        cells[at] = n;
        cells[at + 1] = (cells[at + 1] as number) + value;
        cells[at + 2] = (cells[at + 2] as number) + value * value;
        if (n === 1 || value < (cells[at + 3] as number)) cells[at + 3] = value;
        if (n === 1 || value > (cells[at + 4] as number)) cells[at + 4] = value;
        const deviation = value - (cells[at + 5] as number);
        const variance = cells[at + 6] as number;
        const floor = FLOOR_SQUARED[m] as number;
        if (weight !== 1 && deviation * deviation > LIMIT * (variance > floor ? variance : floor)) outliers++;
        const step = weight * deviation;
        cells[at + 5] = (cells[at + 5] as number) + step;
        cells[at + 6] = weight === 1 ? 0 : (1 - weight) * (variance + deviation * step);
      }
    },
    counts: () => ({ outliers, panes: panesClosed }),
    bytes_per_gpu: CHAIN_WIDTH * (CELL + CLOSED) * 8 + 16,
  };
}
