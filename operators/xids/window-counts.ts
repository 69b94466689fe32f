import type { BatchXid } from '../../pipeline/contract/batch.ts';

/** The exporter's sliding-window counts of one GPU as last read. Plain data; absent codes count 0. */
export type WindowCounts = Record<string, { n: number; missed: number }>;

/** A count that is gone for one row only was not read; gone for this many, its window has moved on. */
const MISSED_MAX = 2;

/** What is new in the counts of a row. */
export interface CountRise {
  readonly xid: number;
  readonly rise: number;
}

/**
 * Takes the counts of a row and answers which have risen beyond what is known; `known` is changed. `latched` is the code that
 * the gauge showed before, `gauge` the one it shows now (0 = none): exporters that print the gauge several times, once a
 * code, list the other codes as counts of 1, and which one comes first may change without anything having happened.
 */
export function riseOfCounts(
  known: WindowCounts,
  counts: readonly BatchXid[],
  latched: number,
  gauge: number,
): CountRise[] {
  const listed = gauge > 0 && !counts.some(({ xid }) => xid === gauge);
  const rises: CountRise[] = [];
  for (const { xid, count } of counts) {
    const before = Math.max(known[xid]?.n ?? 0, listed && latched === xid ? 1 : 0);
    if (count > before) rises.push({ xid, rise: count - before });
    known[xid] = { n: count, missed: 0 };
  }
  for (const [xid, count] of Object.entries(known)) {
    if (counts.some((one) => String(one.xid) === xid)) continue;
    count.missed++;
    if (count.missed >= MISSED_MAX) delete known[xid];
  }
  return rises;
}
