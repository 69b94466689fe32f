import { CADENCE_COLUMNS, type CadenceCells, sampleTime } from './cadence.ts';
import type { SumCells } from './pane-sums.ts';
import { tallies, tallyIndex } from './tallies.ts';

/** Shortest silence that is a gap, and how many cadences it must last. */
const GAP_MS = 300_000;
const GAP_CADENCES = 3;

const THROTTLE_MS = tallyIndex('throttle_ms');
const OBSERVED_MS = tallyIndex('observed_ms');
const GAPS = tallyIndex('gaps');
const GAP_TIME = tallyIndex('gap_ms');
const LATE = tallyIndex('late_samples');
const LATE_MS = tallyIndex('late_ms');

/** The first sample's time is known only with the second. */
const WAITS = 1;
const WAITS_THROTTLED = 2;

export const TIME_COLUMNS = {
  ...CADENCE_COLUMNS,
  first_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  newest_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  /** Time in samples since the first one. */
  observed_ms: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  first_waits: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
} as const;

export interface TimeCells extends CadenceCells {
  readonly first_ts: Float64Array;
  readonly newest_ts: Float64Array;
  readonly observed_ms: Float64Array;
  readonly first_waits: Uint8Array;
}

/** Notes how much time a sample stands for, what was missed before it, and how late it is. */
export function noteTime(cells: TimeCells, counts: SumCells, gpu: number, ts: number, throttled: boolean): void {
  const newest = cells.newest_ts[gpu] as number;
  if (newest === 0) {
    cells.first_ts[gpu] = ts;
    cells.newest_ts[gpu] = ts;
    cells.first_waits[gpu] = throttled ? WAITS_THROTTLED : WAITS;
    return;
  }
  let time_ms = cells.cadence_ms[gpu] as number;
  if (ts > newest) {
    time_ms = sampleTime(cells, gpu, ts - newest);
    const waits = cells.first_waits[gpu];
    if (waits !== 0) {
      cells.first_waits[gpu] = 0;
      credit(cells, counts, gpu, newest, time_ms, waits === WAITS_THROTTLED);
    }
    if (ts - newest > Math.max(GAP_MS, GAP_CADENCES * (cells.cadence_ms[gpu] as number))) {
      tallies.add(counts, gpu, GAPS, ts, 1);
      tallies.add(counts, gpu, GAP_TIME, ts, ts - newest - time_ms);
    }
    cells.newest_ts[gpu] = ts;
  } else {
    tallies.add(counts, gpu, LATE, ts, 1);
    tallies.add(counts, gpu, LATE_MS, ts, newest - ts);
  }
  credit(cells, counts, gpu, ts, time_ms, throttled);
}

function credit(cells: TimeCells, counts: SumCells, gpu: number, ts: number, ms: number, throttled: boolean): void {
  cells.observed_ms[gpu] = (cells.observed_ms[gpu] as number) + ms;
  tallies.add(counts, gpu, OBSERVED_MS, ts, ms);
  if (throttled) tallies.add(counts, gpu, THROTTLE_MS, ts, ms);
}
