import { type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import type { Tier } from '../../pipeline/contract/windows.ts';
import { combinePanes, REST } from './closed-panes.ts';
import { addReading, addSet, MOMENTS } from './moments.ts';

/** The state columns of a pane set; how wide they are follows from its metrics and tiers. */
export interface PaneColumns {
  readonly live: GpuColumn<'f64'>;
  readonly open: GpuColumn<'f64'>;
  readonly closed_means: GpuColumn<'f64'>;
  readonly closed_rest: GpuColumn<'f32'>;
  readonly newest: GpuColumn<'u32'>;
}
interface GpuColumn<T> {
  readonly scope: 'gpu';
  readonly type: T;
  readonly width: number;
  readonly initial: 0;
}

/** The arrays behind the columns. */
export interface PaneCells {
  readonly live: Float64Array;
  readonly open: Float64Array;
  readonly closed_means: Float64Array;
  readonly closed_rest: Float32Array;
  readonly newest: Uint32Array;
}

export interface PaneSet {
  readonly columns: PaneColumns;
  /** The pane of an instant, after moving on to it when it is newer than all before; -1 when it is too old to be live. */
  locate(cells: PaneCells, gpu: number, ts: number): number;
  /** Adds a row, `values` from `from` on, to the pane that `locate` gave. */
  add(cells: PaneCells, gpu: number, pane: number, ts: number, values: Float64Array, from: number): void;
  /**
   * The moments of one metric (its place in `metrics`) over a tier's window at `t`, into `into`; times count from `t`.
   * `without_newest`: without the newest pane, which `addNewest` adds. As long as rows go to that pane, the rest stays.
   */
  read(
    cells: PaneCells,
    gpu: number,
    metric: number,
    tier: number,
    t: number,
    into: Float64Array,
    without_newest?: true,
  ): void;
  /** Adds count, mean and squares of the newest pane to a set of at least those three. */
  addNewest(cells: PaneCells, gpu: number, metric: number, into: Float64Array): void;
}

export interface PaneSetOptions {
  readonly metrics: readonly MetricName[];
  /** Finest first; every pane a multiple of the one before, every length a multiple of its own pane. */
  readonly tiers: readonly Tier[];
  /** A row this much older than the GPU's newest one still finds its pane live. */
  readonly lateness_max: DurationMs;
}

/**
 * A hierarchy of panes per GPU and metric, shared by all windows.
 *
 * Live panes, the newest and those that a late row may still reach, are double precision, one cache line a metric; a row
 * touches one of them and nothing else. A pane that is no longer live is closed: kept in its tier's ring and merged into
 * the open pane of the next tier, which closes in its turn. A window is read by merging what overlaps it, so nothing is
 * subtracted and nothing drifts. Closed panes keep their mean in double precision, because the mean carries the offset,
 * and the rest in single precision: each of those is a sum of like signs or bounded by one, and is rounded once.
 *
 * Time   a row O(metrics); a rotation O(metrics x tiers), by each GPU at its own first row; a read O(panes of the window).
 * State  per metric 64 B for each live pane and each tier but the first, 36 B for each closed pane.
 */
export function createPaneSet({ metrics, tiers, lateness_max }: PaneSetOptions): PaneSet {
  const inputs = Uint16Array.from(metrics, metricIndex);
  const width = metrics.length;
  const finest = tiers[0]?.pane as number;
  const live = 1 + Math.ceil(lateness_max / finest);
  const upper = tiers.length - 1;
  const length = tiers.map((tier) => tier.length as number);
  const ratio = tiers.map((tier) => tier.pane / finest);
  if (ratio.some((n, i) => n % (ratio[i - 1] ?? 1) !== 0))
    throw new Error('a pane must be a multiple of the one before');
  // Epochs start well above 0, so that 0 can mean "none yet" and every pane before the first has a number.
  const shift = (ratio[upper] as number) * (1 + live);
  const ring = tiers.map((tier, k) => Math.max(1, tier.length / tier.pane + (k === 0 ? 1 - live : 0)));
  const ringStart = ring.map((_, k) => ring.slice(0, k).reduce((sum, n) => sum + n, 0));
  const slots = ring.reduce((sum, n) => sum + n, 0);

  const cell = <T>(type: T, n: number): GpuColumn<T> => ({ scope: 'gpu', type, width: n, initial: 0 });
  const columns: PaneColumns = {
    live: cell('f64', live * width * MOMENTS),
    open: cell('f64', upper * width * MOMENTS),
    closed_means: cell('f64', slots * width),
    closed_rest: cell('f32', slots * width * REST),
    newest: cell('u32', 1),
  };

  /** Start of pane `e` of tier `k`, epoch ms. */
  const startOf = (k: number, e: number): number => (e * (ratio[k] as number) - shift) * finest;
  // Panes are counted in 32 bits: remainders of doubles would cost more than all the rest of a read.
  const tierPane = (k: number, pane: number): number => (pane / (ratio[k] as number)) | 0;
  const liveAt = (gpu: number, pane: number): number => (gpu * live + (pane % live)) * width * MOMENTS;
  const openAt = (gpu: number, k: number): number => (gpu * upper + k - 1) * width * MOMENTS;
  const closedAt = (gpu: number, k: number, e: number): number =>
    (gpu * slots + (ringStart[k] as number) + (e % (ring[k] as number))) * width;

  /** Puts the sets at `at` into the ring as pane `e` of tier `k`, and into the open pane above. */
  const close = (cells: PaneCells, gpu: number, k: number, e: number, sets: Float64Array, at: number): void => {
    const { closed_means: means, closed_rest: rest, open } = cells;
    const to = closedAt(gpu, k, e);
    const above = openAt(gpu, k + 1);
    const later = k < upper ? (startOf(k, e) - startOf(k + 1, tierPane(k + 1, e * (ratio[k] as number)))) / 1_000 : 0;
    for (let m = 0; m < width; m++) {
      const set = at + m * MOMENTS;
      const r = (to + m) * REST;
      const count = sets[set] as number;
      rest[r] = count;
      if (count === 0) continue;
      means[to + m] = sets[set + 1] as number;
      for (let i = 1; i < REST; i++) rest[r + i] = sets[set + 1 + i] as number;
      if (k < upper) mergeSet(open, above + m * MOMENTS, sets, set, later);
    }
  };

  const closeOpen = (cells: PaneCells, gpu: number, k: number, e: number): void => {
    const at = openAt(gpu, k);
    close(cells, gpu, k, e, cells.open, at);
    for (let m = 0; m < width; m++) cells.open[at + m * MOMENTS] = 0;
  };

  /** Panes `from` to `until`, exclusive, of tier `k` had no rows: whatever their places in the ring held is over. */
  const skip = (cells: PaneCells, gpu: number, k: number, from: number, until: number): void => {
    for (let e = Math.max(from, until - (ring[k] as number)); e < until; e++) {
      const to = closedAt(gpu, k, e);
      for (let m = 0; m < width; m++) cells.closed_rest[(to + m) * REST] = 0;
    }
  };

  const moveOn = (cells: PaneCells, gpu: number, to: number): void => {
    const from = cells.newest[gpu] as number;
    cells.newest[gpu] = to;
    if (from === 0) return;
    const first = to - live + 1;
    for (let pane = from - live + 1; pane <= from && pane < first; pane++) {
      close(cells, gpu, 0, pane, cells.live, liveAt(gpu, pane));
      for (let k = 1; k <= upper && (pane + 1) % (ratio[k] as number) === 0; k++) {
        closeOpen(cells, gpu, k, tierPane(k, pane));
      }
    }
    if (from + 1 < first) {
      skip(cells, gpu, 0, from + 1, first);
      for (let k = 1; k <= upper; k++) {
        const open = tierPane(k, from + 1);
        if (tierPane(k, first) === open) continue;
        closeOpen(cells, gpu, k, open);
        skip(cells, gpu, k, open + 1, tierPane(k, first));
      }
    }
    for (let pane = Math.max(from + 1, first); pane <= to; pane++) {
      const at = liveAt(gpu, pane);
      for (let m = 0; m < width; m++) cells.live[at + m * MOMENTS] = 0;
    }
  };

  /** The oldest pane of tier `k` that overlaps the window at `t`. */
  const oldestAt = (k: number, t: number): number => {
    const pane = finest * (ratio[k] as number);
    return (Math.floor((t - (length[k] as number)) / pane) + shift / (ratio[k] as number)) | 0;
  };

  // What a read gathers besides closed panes before it combines it all.
  const parts = new Float64Array((upper + live) * MOMENTS);
  const gather = (sets: Float64Array, at: number, later: number, part: number): number => {
    if (sets[at] === 0) return part;
    const to = part * MOMENTS;
    for (let i = 0; i < MOMENTS; i++) parts[to + i] = sets[at + i] as number;
    parts[to + 5] = (parts[to + 5] as number) + later;
    return part + 1;
  };

  return {
    columns,
    locate(cells, gpu, ts) {
      const pane = (Math.floor(ts / finest) + shift) | 0;
      const newest = cells.newest[gpu] as number;
      if (pane > newest) moveOn(cells, gpu, pane);
      else if (pane <= newest - live) return -1;
      return pane;
    },
    add(cells, gpu, pane, ts, values, from) {
      const sets = cells.live;
      const time = (ts - startOf(0, pane)) / 1_000;
      let at = liveAt(gpu, pane);
      for (let m = 0; m < width; m++, at += MOMENTS) {
        const value = values[from + (inputs[m] as number)] as number;
        if (!Number.isNaN(value)) addReading(sets, at, value, time);
      }
    },
    read(cells, gpu, metric, tier, t, into, without_newest) {
      into[0] = 0;
      const newest = cells.newest[gpu] as number;
      if (newest === 0) return;
      const first = newest - live + 1;
      const oldest = oldestAt(tier, t);
      const until = tierPane(tier, first);
      const length = (ring[tier] as number) * width;
      const start = Math.max(oldest, until - (ring[tier] as number), 0);
      const span = {
        means: cells.closed_means,
        rest: cells.closed_rest,
        start: closedAt(gpu, tier, start) + metric,
        panes: until - start,
        stride: width,
        end: closedAt(gpu, tier, 0) + metric + length,
        length,
        origin: (startOf(tier, start) - t) / 1_000,
        step: ((ratio[tier] as number) * finest) / 1_000,
      };
      let part = 0;
      for (let k = tier; k >= 1; k--) {
        const e = tierPane(k, first);
        if (tierPane(tier, e * (ratio[k] as number)) < oldest) continue;
        part = gather(cells.open, openAt(gpu, k) + metric * MOMENTS, (startOf(k, e) - t) / 1_000, part);
      }
      const last = without_newest ? newest - 1 : newest;
      for (let pane = first; pane <= last; pane++) {
        if (tierPane(tier, pane) < oldest) continue;
        part = gather(cells.live, liveAt(gpu, pane) + metric * MOMENTS, (startOf(0, pane) - t) / 1_000, part);
      }
      combinePanes(span, parts, part, into);
    },
    addNewest(cells, gpu, metric, into) {
      const at = liveAt(gpu, cells.newest[gpu] as number) + metric * MOMENTS;
      const count = cells.live[at] as number;
      if (count === 0) return;
      const had = into[0] as number;
      const mean = cells.live[at + 1] as number;
      const squares = cells.live[at + 2] as number;
      into[0] = had + count;
      if (had === 0) {
        into[1] = mean;
        into[2] = squares;
        return;
      }
      const share = count / (had + count);
      const apart = mean - (into[1] as number);
      into[1] = (into[1] as number) + apart * share;
      into[2] = (into[2] as number) + squares + apart * apart * had * share;
    },
  };
}

/** Adds one set to another whose origin of time lies `later` seconds before its own. */
function mergeSet(into: Float64Array, to: number, sets: Float64Array, at: number, later: number): void {
  const count = sets[at] as number;
  if (count === 0) return;
  addSet(
    into,
    to,
    count,
    sets[at + 1] as number,
    sets[at + 2] as number,
    sets[at + 3] as number,
    sets[at + 4] as number,
    (sets[at + 5] as number) + later,
    sets[at + 6] as number,
    sets[at + 7] as number,
  );
}
