import type { MetricName } from '../../pipeline/contract/metrics.ts';
import { isSettled, type Member, readingOf, SUMMARY } from './job-members.ts';

/** How far below the others of its job a GPU must be, as shares of the median. */
export interface JobLimits {
  /** For its clock; the second where the board's power limit holds it. */
  readonly clock_ratio: number;
  readonly capped_clock_ratio: number;
  /** For its power, where no clock is known, and for its activity. */
  readonly power_ratio: number;
  readonly activity_ratio: number;
}

export interface Comparison {
  readonly at: number;
  readonly metric: MetricName;
  /** Least median that means anything. */
  readonly median_min: number;
  limit(limits: JobLimits, power_limited: boolean): number;
  /** Whether the GPU is comparable at all. */
  applies(member: Member, activity: number): boolean;
}

const SLACK_RATIO = 0.05;
const always = (): boolean => true;
const byActivity = (limits: JobLimits): number => limits.activity_ratio;

/**
 * In the order of precedence. In synchronous training everyone waits for the slowest, and shares of cycles rise on a GPU
 * whose cycles are few: its clock tells first. Without a clock, low power at full activity does. Low activity means a GPU
 * that waits for something of its own (its host, its bus) while the others wait for it; what rises and falls while work begins
 * says nothing yet, but clocks are there at once.
 */
export const COMPARISONS: readonly Comparison[] = [
  {
    at: SUMMARY.clock,
    metric: 'sm_clock_mhz',
    median_min: 1,
    limit: (limits, power_limited) => (power_limited ? limits.capped_clock_ratio : limits.clock_ratio),
    // Application clocks too: a setting holds up a job as much as a fault does.
    applies: always,
  },
  {
    at: SUMMARY.power,
    metric: 'power_watts',
    median_min: 1,
    limit: (limits) => limits.power_ratio,
    applies: (member, activity) =>
      isSettled(member) &&
      readingOf(member, SUMMARY.clock) < 0 &&
      readingOf(member, SUMMARY.activity) >= activity - SLACK_RATIO,
  },
  {
    at: SUMMARY.tensor,
    metric: 'tensor_active_ratio',
    median_min: 0.1,
    limit: byActivity,
    applies: isSettled,
  },
  { at: SUMMARY.sm, metric: 'sm_active_ratio', median_min: 0.3, limit: byActivity, applies: isSettled },
  {
    at: SUMMARY.activity,
    metric: 'gr_engine_active_ratio',
    median_min: 0.3,
    limit: byActivity,
    applies: isSettled,
  },
];
