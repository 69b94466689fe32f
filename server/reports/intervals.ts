/** A stretch of time, epoch ms: its beginning belongs to it, its end does not. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Sorted, without gaps of nothing: those that overlap or touch are one. O(n log n). */
export function mergeIntervals<T extends Interval>(intervals: readonly T[]): Interval[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of [...intervals].sort((a, b) => a.from - b.from)) {
    if (!(to > from)) continue;
    const last = merged.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

/** What of merged intervals lies within other merged ones. O(n + m). */
export function intersectIntervals(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const common: Interval[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [x, y] = [a[i] as Interval, b[j] as Interval];
    const from = Math.max(x.from, y.from);
    const to = Math.min(x.to, y.to);
    if (to > from) common.push({ from, to });
    if (x.to < y.to) i++;
    else j++;
  }
  return common;
}

/** What of merged intervals lies within none of other merged ones. O(n + m). */
export function subtractIntervals(a: readonly Interval[], b: readonly Interval[]): Interval[] {
  const outside: Interval[] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const { from, to } of b) {
    outside.push({ from: before, to: from });
    before = to;
  }
  outside.push({ from: before, to: Number.POSITIVE_INFINITY });
  return intersectIntervals(a, outside);
}

export const totalOf = (intervals: readonly Interval[]): number =>
  intervals.reduce((sum, { from, to }) => sum + to - from, 0);
