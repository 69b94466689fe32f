import type { Batch } from '../../pipeline/contract/batch.ts';
import { METRIC_COUNT, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { State } from '../../pipeline/contract/operator.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import {
  COUNTERS,
  HOURLY_GAUGES,
  PACED_GAUGES,
  WEEKLY_GAUGES,
  type WindowName,
} from '../../pipeline/contract/windows.ts';
import { createHourMeans, type HourCells } from './hour-means.ts';
import { noteTime, TIME_COLUMNS, type TimeCells } from './observed-time.ts';
import { createOutliers, OUTLIER_COLUMNS, type OutlierCells } from './outliers.ts';
import { createPaneSet, type PaneCells, type PaneSet } from './pane-set.ts';
import type { SumCells } from './pane-sums.ts';
import { RISE_COLUMNS, type RiseCells, rises } from './rises.ts';
import { tallies, tallyIndex } from './tallies.ts';

/** What became of a row: a second one of the same instant is left out, one older than the allowed lateness too. */
export type Observed = 'counted' | 'repeated' | 'late';

/** The state's arrays by part. Valid for one call of an operator: arrays move when they grow. */
export interface WindowCells {
  readonly paced: PaneCells;
  readonly weekly: PaneCells;
  readonly rises: RiseCells;
  readonly tallies: SumCells;
  readonly hours: HourCells;
  readonly outliers: OutlierCells;
  readonly time: TimeCells;
}

const THROTTLE = metricIndex('throttle_reasons');
const BENIGN_BITS = 1 | 2 | 256;
const COUNTED_BITS = [
  { bit: 4, tally: tallyIndex('sw_power_cap') },
  { bit: 64, tally: tallyIndex('thermal_throttle') },
  { bit: 128, tally: tallyIndex('power_brake') },
] as const;
const COUNTED_RISES = [
  { bit: 1 << COUNTERS.indexOf('ecc_sbe_volatile_total'), tally: tallyIndex('ecc_sbe_rise') },
  { bit: 1 << COUNTERS.indexOf('ecc_dbe_volatile_total'), tally: tallyIndex('ecc_dbe_rise') },
] as const;
const SAMPLES = tallyIndex('samples');
const MASKED = tallyIndex('masked_samples');

export type Windows = ReturnType<typeof createWindows>;

/**
 * Everything that is kept of a GPU's last hour, six hours, day and week: gauges in panes, rises of counters, counts of what
 * its samples showed, means by hour of the day. A step declares `columns`; whoever holds its state can read.
 *
 * Time   O(metrics) per row. A row older than the GPU's newest one by up to `lateness_max` is counted in its own pane; its
 *        counters are not, because the next reading has their rise already.
 * State  25 kB per GPU (2.1 kB for each paced gauge, 0.6 for a weekly one); windows.test.ts pins the sum and its parts.
 */
export function createWindows({ lateness_max }: { readonly lateness_max: DurationMs }) {
  const paced = createPaneSet({ ...PACED_GAUGES, lateness_max });
  const weekly = createPaneSet({ ...WEEKLY_GAUGES, lateness_max });
  const hours = createHourMeans(HOURLY_GAUGES);
  const outliers = createOutliers(paced);

  const columns = {
    paced_live: paced.columns.live,
    paced_open: paced.columns.open,
    paced_closed_means: paced.columns.closed_means,
    paced_closed_rest: paced.columns.closed_rest,
    paced_newest: paced.columns.newest,
    weekly_live: weekly.columns.live,
    weekly_open: weekly.columns.open,
    weekly_closed_means: weekly.columns.closed_means,
    weekly_closed_rest: weekly.columns.closed_rest,
    weekly_newest: weekly.columns.newest,
    tally_sums: tallies.columns.sums,
    tally_newest: tallies.columns.newest,
    ...RISE_COLUMNS,
    ...hours.columns,
    ...OUTLIER_COLUMNS,
    ...TIME_COLUMNS,
  } as const;

  return {
    columns,
    hours,
    cellsOf: (state: State<typeof columns>): WindowCells => ({
      paced: {
        live: state.paced_live,
        open: state.paced_open,
        closed_means: state.paced_closed_means,
        closed_rest: state.paced_closed_rest,
        newest: state.paced_newest,
      },
      weekly: {
        live: state.weekly_live,
        open: state.weekly_open,
        closed_means: state.weekly_closed_means,
        closed_rest: state.weekly_closed_rest,
        newest: state.weekly_newest,
      },
      tallies: { sums: state.tally_sums, newest: state.tally_newest },
      rises: {
        sums: { sums: state.rise_sums, newest: state.rise_newest },
        last: state.counter_last,
        minute: state.counter_minute,
      },
      hours: state,
      outliers: state,
      time: state,
    }),
    observe(cells: WindowCells, batch: Batch, row: number): Observed {
      const gpu = batch.gpu[row] as number;
      const ts = batch.ts[row] as number;
      const last = cells.time.newest_ts[gpu] as number;
      if (ts === last) return 'repeated';
      if (ts < last - lateness_max) return 'late';
      const { values } = batch;
      const from = row * METRIC_COUNT;
      const newest = Math.max(ts, last);
      tallies.moveOn(cells.tallies, gpu, ts);
      const pane = paced.locate(cells.paced, gpu, ts);
      outliers.note(cells, gpu, { ts, newest, values, from });
      paced.add(cells.paced, gpu, pane, ts, values, from);
      weekly.add(cells.weekly, gpu, weekly.locate(cells.weekly, gpu, ts), ts, values, from);
      hours.add(cells.hours, gpu, ts, values, from);
      if (ts > last) {
        const elapsed = last === 0 ? 0 : ts - last;
        const rose = rises.note(cells.rises, gpu, ts, elapsed, values, from);
        for (const { bit, tally } of COUNTED_RISES) if (rose & bit) tallies.add(cells.tallies, gpu, tally, ts, 1);
      }
      const reasons = values[from + THROTTLE] as number;
      tallies.add(cells.tallies, gpu, SAMPLES, ts, 1);
      if (!Number.isNaN(reasons)) {
        tallies.add(cells.tallies, gpu, MASKED, ts, 1);
        for (const { bit, tally } of COUNTED_BITS) if (reasons & bit) tallies.add(cells.tallies, gpu, tally, ts, 1);
      }
      noteTime(cells.time, cells.tallies, gpu, ts, (reasons & ~BENIGN_BITS) !== 0);
      return 'counted';
    },
    /** A reader of one gauge's moments over a window at `t`. Throws for a pair that window-table.ts does not keep. */
    gauge(metric: MetricName, window: WindowName): ReadGauge {
      for (const { metrics, tiers, read } of [
        { ...PACED_GAUGES, read: readFrom(paced, (cells) => cells.paced) },
        { ...WEEKLY_GAUGES, read: readFrom(weekly, (cells) => cells.weekly) },
      ]) {
        const place = metrics.indexOf(metric);
        const tier = tiers.findIndex((one) => one.window === window);
        if (place >= 0 && tier >= 0) return (cells, gpu, t, into) => read(cells, gpu, place, tier, t, into);
      }
      throw new Error(`${metric} is not kept over ${window}`);
    },
  };
}

/** Writes the moments of a gauge's window at `t` into `into`, times counting from `t`. */
export type ReadGauge = (cells: WindowCells, gpu: number, t: number, into: Float64Array) => void;

const readFrom =
  (set: PaneSet, part: (cells: WindowCells) => PaneCells) =>
  (cells: WindowCells, gpu: number, place: number, tier: number, t: number, into: Float64Array): void =>
    set.read(part(cells), gpu, place, tier, t, into);
