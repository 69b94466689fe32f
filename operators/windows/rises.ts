import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { COUNTER_TIERS, COUNTERS } from '../../pipeline/contract/windows.ts';
import { createPaneSums, type SumCells } from './pane-sums.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const WIDTH = COUNTERS.length;
const INPUTS = Uint16Array.from(COUNTERS, metricIndex);
/** Besides the rises, the time in which they came. */
const SPAN = WIDTH;

const sums = createPaneSums({ width: WIDTH + 1, tiers: COUNTER_TIERS });

export const RISE_COLUMNS = {
  rise_sums: sums.columns.sums,
  rise_newest: sums.columns.newest,
  counter_last: { scope: 'gpu', type: 'f64', width: WIDTH, initial: Number.NaN },
  /** Minute in which a counter was last read. */
  counter_minute: { scope: 'gpu', type: 'u32', width: WIDTH, initial: 0 },
} as const;

export interface RiseCells {
  readonly sums: SumCells;
  readonly last: Float64Array;
  readonly minute: Uint32Array;
}

/**
 * Rises of counters by pane. A fall is a reset: what was counted around it is not known and adds nothing.
 *
 * Time   O(counters) per row, O(tiers) for each that rose.
 * State  per counter 8 B for each pane and 12 B.
 */
export const rises = {
  /** Notes a row newer than all before it, `elapsed_ms` after the last. Gives a bit for each counter that rose. */
  note(cells: RiseCells, gpu: number, ts: number, elapsed_ms: number, values: Float64Array, from: number): number {
    sums.moveOn(cells.sums, gpu, ts);
    if (elapsed_ms > 0) sums.add(cells.sums, gpu, SPAN, ts, elapsed_ms);
    const minute = Math.floor(ts / MINUTE_MS);
    const cell = gpu * WIDTH;
    let rose = 0;
    for (let c = 0; c < WIDTH; c++) {
      const value = values[from + (INPUTS[c] as number)] as number;
      if (Number.isNaN(value)) continue;
      const rise = value - (cells.last[cell + c] as number);
      cells.last[cell + c] = value;
      cells.minute[cell + c] = minute;
      if (!(rise > 0)) continue;
      sums.add(cells.sums, gpu, c, ts, rise);
      rose |= 1 << c;
    }
    return rose;
  },
  /** Whether a counter was read in a tier's window at `t`. */
  seen(cells: RiseCells, gpu: number, counter: number, tier: number, t: number): boolean {
    const length = COUNTER_TIERS[tier]?.length as number;
    return (cells.minute[gpu * WIDTH + counter] as number) * MINUTE_MS > t - length;
  },
  /**
   * Rise per day of the time that this GPU's rows span in a tier's window at `t`, for every counter, into `into`: of
   * COUNTERS.length + 1 numbers, the last of them scratch. NaN where the counter was not read in the window.
   */
  perDay(cells: RiseCells, gpu: number, tier: number, t: number, into: Float64Array): void {
    sums.read(cells.sums, gpu, tier, t, into);
    const days = (into[SPAN] as number) / DAY_MS;
    for (let c = 0; c < WIDTH; c++) {
      into[c] = days > 0 && rises.seen(cells, gpu, c, tier, t) ? (into[c] as number) / days : Number.NaN;
    }
  },
};
