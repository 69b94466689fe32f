import { days } from '../../pipeline/contract/time.ts';
import { type RawSamples, REFERENCE_METRICS, type ReferenceMetric } from './reference-profile.ts';

/**
 * One GPU's raw samples of a week as plain data: instants in order, each once, and a column of readings a metric. Cut at
 * the front only when half of it is too old, so that taking a sample costs O(1) on average.
 */
export interface SampleLog {
  /** Samples before this one have left the window. */
  start: number;
  readonly ts: number[];
  readonly columns: readonly number[][];
}

const WINDOW_MS = days(7);
/** Outside every metric's range: plain data cannot carry NaN. */
const MISSING = -1e9;

export const emptyLog = (): SampleLog => ({ start: 0, ts: [], columns: REFERENCE_METRICS.map(() => []) });

/** First place at or after `start` whose instant is later than `ts`. */
function placeAfter({ ts: instants, start }: SampleLog, ts: number): number {
  let low = start;
  let high = instants.length;
  if (high > low && (instants[high - 1] as number) <= ts) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((instants[middle] as number) <= ts) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Takes one sample, in its place when it comes late; a repeated instant, and one older than the window, is left out. */
export function takeSample(log: SampleLog, ts: number, reading: (metric: ReferenceMetric) => number): void {
  const { ts: instants, columns } = log;
  const newest = instants.at(-1) ?? Number.NEGATIVE_INFINITY;
  if (ts <= newest - WINDOW_MS) return;
  const place = placeAfter(log, ts);
  if (place > log.start && instants[place - 1] === ts) return;
  const inOrder = place === instants.length;
  if (inOrder) instants.push(ts);
  else instants.splice(place, 0, ts);
  columns.forEach((column, i) => {
    const value = reading(REFERENCE_METRICS[i] as ReferenceMetric);
    const kept = Number.isNaN(value) ? MISSING : value;
    if (inOrder) column.push(kept);
    else column.splice(place, 0, kept);
  });
  const oldest = Math.max(ts, newest) - WINDOW_MS;
  while ((instants[log.start] as number) <= oldest) log.start++;
  if (log.start * 2 <= instants.length) return;
  for (const column of [instants, ...columns]) column.splice(0, log.start);
  log.start = 0;
}

/** The samples of the 7 days up to the last one that is not later than `until`. */
export function windowOf(log: SampleLog, until: number): RawSamples {
  const to = placeAfter(log, until);
  const last = log.ts[to - 1] ?? Number.NEGATIVE_INFINITY;
  let from = log.start;
  while (from < to && (log.ts[from] as number) <= last - WINDOW_MS) from++;
  return {
    ts: Float64Array.from(log.ts.slice(from, to)),
    values: Object.fromEntries(
      REFERENCE_METRICS.map((metric, i) => [
        metric,
        Float64Array.from((log.columns[i] as number[]).slice(from, to), (value) =>
          value === MISSING ? Number.NaN : value,
        ),
      ]),
    ) as Record<ReferenceMetric, Float64Array>,
  };
}
