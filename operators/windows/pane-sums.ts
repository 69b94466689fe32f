import type { Tier } from '../../pipeline/contract/windows.ts';

export interface SumColumns {
  readonly sums: { readonly scope: 'gpu'; readonly type: 'f64'; readonly width: number; readonly initial: 0 };
  readonly newest: { readonly scope: 'gpu'; readonly type: 'u32'; readonly width: 1; readonly initial: 0 };
}
export interface SumCells {
  readonly sums: Float64Array;
  readonly newest: Uint32Array;
}

export interface PaneSums {
  readonly columns: SumColumns;
  /** Moves on to the pane of `ts`, clearing what it takes over. Call before `add`. */
  moveOn(cells: SumCells, gpu: number, ts: number): void;
  /** Adds to one sum, in every tier's pane of `ts`; `ts` may be older than the newest, by less than a window. */
  add(cells: SumCells, gpu: number, sum: number, ts: number, amount: number): void;
  /** All sums over a tier's window at `t`, into `into`. */
  read(cells: SumCells, gpu: number, tier: number, t: number, into: Float64Array): void;
}

/**
 * Plain sums per GPU and pane: rises of counters, counts of events, time. The windows are those of the pane hierarchy: all
 * panes that overlap (t - L, t].
 *
 * Time   O(tiers) per addition; a rotation clears one pane a tier; a read adds up the panes of the window.
 * State  8 B for each sum in each pane: L / pane + 1 panes a tier.
 */
export function createPaneSums({ width, tiers }: { width: number; tiers: readonly Tier[] }): PaneSums {
  const panes = tiers.map((tier) => tier.length / tier.pane + 1);
  const start = panes.map((_, k) => panes.slice(0, k).reduce((sum, n) => sum + n, 0));
  const all = panes.reduce((sum, n) => sum + n, 0);
  const size = tiers.map((tier) => tier.pane as number);
  const ratio = size.map((pane) => pane / (size[0] as number));
  const at = (gpu: number, k: number, e: number): number =>
    (gpu * all + (start[k] as number) + (e % (panes[k] as number))) * width;

  return {
    columns: {
      sums: { scope: 'gpu', type: 'f64', width: all * width, initial: 0 },
      newest: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
    },
    moveOn(cells, gpu, ts) {
      // One more than the epoch: 0 is "none yet".
      const to = ((ts / (size[0] as number)) | 0) + 1;
      const from = cells.newest[gpu] as number;
      if (to <= from) return;
      cells.newest[gpu] = to;
      if (from === 0) return;
      for (let k = 0; k < tiers.length; k++) {
        const last = ((to - 1) / (ratio[k] as number)) | 0;
        const before = ((from - 1) / (ratio[k] as number)) | 0;
        for (let e = Math.max(before + 1, last - (panes[k] as number) + 1); e <= last; e++) {
          const cell = at(gpu, k, e);
          cells.sums.fill(0, cell, cell + width);
        }
      }
    },
    add(cells, gpu, sum, ts, amount) {
      for (let k = 0; k < tiers.length; k++) {
        const cell = at(gpu, k, (ts / (size[k] as number)) | 0) + sum;
        cells.sums[cell] = (cells.sums[cell] as number) + amount;
      }
    },
    read(cells, gpu, tier, t, into) {
      into.fill(0, 0, width);
      const newest = cells.newest[gpu] as number;
      if (newest === 0) return;
      const pane = size[tier] as number;
      const last = ((newest - 1) / (ratio[tier] as number)) | 0;
      const window = (tiers[tier] as Tier).length;
      const first = Math.max(Math.floor((t - window) / pane) | 0, last - (panes[tier] as number) + 1, 0);
      for (let e = first; e <= last; e++) {
        const cell = at(gpu, tier, e);
        for (let sum = 0; sum < width; sum++) into[sum] = (into[sum] as number) + (cells.sums[cell + sum] as number);
      }
    },
  };
}
