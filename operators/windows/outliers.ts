import { type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { PACED_GAUGES, type TallyName } from '../../pipeline/contract/windows.ts';
import { MOMENTS } from './moments.ts';
import type { PaneCells, PaneSet } from './pane-set.ts';
import type { SumCells } from './pane-sums.ts';
import { tallies, tallyIndex } from './tallies.ts';

const DEVIATIONS = 2;
const KEPT = 3;
const WEEK = PACED_GAUGES.tiers.findIndex(({ window }) => window === '7d');

const judged = (metric: MetricName, tally: TallyName, above_only: boolean) => ({
  input: metricIndex(metric),
  place: PACED_GAUGES.metrics.indexOf(metric),
  tally: tallyIndex(tally),
  above_only,
});
const JUDGED = [judged('gpu_temp_celsius', 'temp_spike', true), judged('power_watts', 'power_anomaly', false)] as const;

export const OUTLIER_COLUMNS = {
  /** The week of each judged metric without its newest pane: count, mean, squares. */
  settled: { scope: 'gpu', type: 'f64', width: JUDGED.length * KEPT, initial: 0 },
  /** The newest pane when that was read; 0 = to be read again. */
  settled_pane: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
} as const;

export interface OutlierCells {
  readonly settled: Float64Array;
  readonly settled_pane: Uint32Array;
}

/** Counts samples outside mean +- 2 standard deviations of the 7 d window as it stood when they arrived. */
export function createOutliers(panes: PaneSet): {
  /** Call after `locate` and before `add`. `newest` is the GPU's newest instant, this row's included. */
  note(
    cells: { readonly paced: PaneCells; readonly tallies: SumCells; readonly outliers: OutlierCells },
    gpu: number,
    row: { readonly ts: number; readonly newest: number; readonly values: Float64Array; readonly from: number },
  ): void;
} {
  const week = new Float64Array(MOMENTS);
  return {
    note({ paced, outliers, tallies: counts }, gpu, { ts, newest, values, from }) {
      const pane = paced.newest[gpu] as number;
      const moved = outliers.settled_pane[gpu] !== pane;
      // A late row may go to another pane than the newest, so what is kept does not outlive it.
      outliers.settled_pane[gpu] = ts < newest ? 0 : pane;
      for (let j = 0; j < JUDGED.length; j++) {
        const { input, place, tally, above_only } = JUDGED[j] as (typeof JUDGED)[number];
        const kept = (gpu * JUDGED.length + j) * KEPT;
        // The week's older edge lies on a pane boundary, so it holds for as long as the newest pane stays.
        if (moved) {
          panes.read(paced, gpu, place, WEEK, newest, week, true);
          for (let i = 0; i < KEPT; i++) outliers.settled[kept + i] = week[i] as number;
        }
        const value = values[from + input] as number;
        if (Number.isNaN(value)) continue;
        for (let i = 0; i < KEPT; i++) week[i] = outliers.settled[kept + i] as number;
        panes.addNewest(paced, gpu, place, week);
        const count = week[0] as number;
        if (count < 2) continue;
        const off = value - (week[1] as number);
        if (above_only && off < 0) continue;
        if (off * off > (DEVIATIONS ** 2 * (week[2] as number)) / (count - 1)) tallies.add(counts, gpu, tally, ts, 1);
      }
    },
  };
}
