import { type Term, watchedDays } from './term.ts';

const COVERAGE_MIN = 0.95;

const gaps = {
  dimension: 'reliability',
  cause: 'gaps',
  factor: 'missing_samples',
  window: '7d',
  action: 'find out why samples are missing',
} as const;

/** What missing samples cost: little, since they are more often the exporter's than the board's. */
export const RELIABILITY_TERMS: readonly Term[] = [
  {
    ...gaps,
    // In the first day a few samples are a large share.
    points: (o) => Math.min(15, 50 * (COVERAGE_MIN - o.coverage_ratio_7d)) * Math.min(1, watchedDays(o)),
    metric: 'coverage_ratio_7d',
    value: (o) => o.coverage_ratio_7d,
    limit: COVERAGE_MIN,
    unit: 'ratio',
  },
  {
    ...gaps,
    points: (o) => Math.min(15, 2 * o.gap_count_7d),
    metric: 'gap_count_7d',
    value: (o) => o.gap_count_7d,
    limit: 0,
    unit: 'gaps',
  },
];
