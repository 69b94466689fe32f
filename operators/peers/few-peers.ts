import type { JobLimits } from './job-comparisons.ts';
import { BUSY_RATIO, drawsLess, type Member, readingOf, SUMMARY } from './job-members.ts';
import { robustCentre } from './robust-centre.ts';
import { HELD } from './smooth-readings.ts';

/** One GPU against two others at least: with one neighbour nobody knows who of the two is odd. */
const FEW_MIN = 3;
/** How closely the others must agree: their clocks as a share of the median, what they do in ratios. */
const SAME_CLOCK_RATIO = 0.02;
const SAME_LOAD_RATIO = 0.1;
/** Beside one that draws less than they do the others' clocks may lie as far apart as this share of its distance. */
const SAME_CLOCK_SHARE = 0.75;
/** What is told already stays told while the others agree within so many times that. */
const STAYS_FACTOR = 2;
/** Few neighbours say less than many: the distance must be larger by this share of the median, by the second if it draws less. */
const MORE_RATIO = 0.02;
const LESS_POWER_MORE_RATIO = 0.01;
/** Who draws more at a lower clock has heavier work, not a fault. */
const MORE_POWER_RATIO = 1.05;
const LOADS = [SUMMARY.activity, SUMMARY.sm, SUMMARY.tensor] as const;

interface SlowOne {
  readonly member: Member;
  readonly observed: number;
  readonly median: number;
  readonly mad: number;
  readonly limit: number;
}

/**
 * The GPU that runs slower than the others of a small job. A MAD of two or three says nothing, so the others must agree
 * closely among themselves in clock and load, and the one must be as busy as they are. Null when nobody stands apart so, or
 * when the others do not agree: stages of a pipeline, requests of one's own.
 *
 * The others may differ more, and it need be less far below them, if it draws less than they do (`drawsLess`). `share` of the
 * limit counts for whom something is open already.
 */
export function slowestOfFew(members: readonly Member[], limits: JobLimits, share: number): SlowOne | null {
  const known = members.filter((member) => readingOf(member, SUMMARY.clock) >= 0);
  const [slow, ...others] = known.sort((a, b) => readingOf(a, SUMMARY.clock) - readingOf(b, SUMMARY.clock));
  if (slow === undefined || known.length < FEW_MIN) return null;
  const told = slow.share.open[slow.i] ? STAYS_FACTOR : 1;
  const clocks = Float64Array.from(others, (other) => readingOf(other, SUMMARY.clock));
  const { median, mad } = robustCentre(clocks, clocks.length);
  const observed = readingOf(slow, SUMMARY.clock);
  const distance = median - observed;
  const activity = medianOf(others, SUMMARY.activity);
  const power = medianOf(others, SUMMARY.power);
  const limited = readingOf(slow, SUMMARY.held) === HELD.power_limit;
  const less = !limited && drawsLess(slow, power, activity);
  const ratio = limited ? limits.capped_clock_ratio : limits.clock_ratio;
  const limit = (ratio + (less ? LESS_POWER_MORE_RATIO : MORE_RATIO)) * median;
  if (distance < (told > 1 ? share : 1) * limit) return null;
  const alike = Math.max(SAME_CLOCK_RATIO * median, less ? SAME_CLOCK_SHARE * distance : 0);
  if (rangeOf(others, SUMMARY.clock) > told * alike) return null;
  if (LOADS.some((load) => rangeOf(others, load) > told * SAME_LOAD_RATIO)) return null;
  if (known.some((member) => readingOf(member, SUMMARY.activity) < BUSY_RATIO)) return null;
  if (readingOf(slow, SUMMARY.activity) < activity - told * SAME_LOAD_RATIO) return null;
  if (readingOf(slow, SUMMARY.power) > MORE_POWER_RATIO * power) return null;
  return { member: slow, observed, median, mad, limit };
}

function medianOf(members: readonly Member[], at: number): number {
  const values = Float64Array.from(members, (member) => readingOf(member, at));
  return robustCentre(values, values.length).median;
}

function rangeOf(members: readonly Member[], at: number): number {
  const values = members.map((member) => readingOf(member, at));
  return Math.max(...values) - Math.min(...values);
}
