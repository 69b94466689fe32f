import type { Anomaly } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import { type DurationMs, formatDuration } from '../../pipeline/contract/time.ts';
import type { Comparison } from './job-comparisons.ts';
import type { Gang } from './job-members.ts';
import { readingWords } from './reading-words.ts';
import { countVotes } from './votes.ts';

export interface Finding {
  readonly comparison: Comparison;
  readonly observed: number;
  readonly median: number;
  readonly mad: number;
  readonly peers: number;
  readonly limit: number;
  /** Its application clocks hold it there. */
  readonly is_set: boolean;
}

const SET_WORDS = ', because its application clocks are set so, which is a setting and no fault of the board';

export function straggler(
  gang: Gang,
  gpu_uuid: string,
  node: string,
  now: number,
  finding: Finding,
  votes: number,
  half_life: DurationMs,
): Anomaly {
  const { observed, median, mad, peers, limit, is_set } = finding;
  const { metric } = finding.comparison;
  const words = (value: number): string => readingWords(value, metric);
  const below = ((100 * (median - observed)) / median).toFixed(0);
  return {
    ts: now,
    gpu_uuid,
    node,
    instance: '',
    id: causeId('job_peers', gpu_uuid, '', 'straggler', metric, now),
    type: 'straggler',
    metric,
    severity: 'warning',
    score: (median - observed) / limit,
    observed,
    expected: median,
    window: formatDuration(half_life),
    detector: 'job_peers',
    explanation:
      `${metric} is ${words(observed)}, ${below} % below the median ${words(median)} of ${peers} peers of job ${gang.job} ` +
      `(MAD ${words(mad)}), in ${countVotes(votes)} of the last 5 evaluations${is_set ? SET_WORDS : ''}: it holds up the job.`,
    state: 'open',
    opened_at: now,
    closed_at: null,
  };
}

/** The open anomaly at its end. */
export function closedStraggler(open: Anomaly, now: number, how: string): Anomaly {
  const was = open.explanation.replace(' is ', ' was ').replace(': it holds up the job.', '.');
  return { ...open, state: 'closed', closed_at: now, explanation: `${was} Since then it ${how}.` };
}
