import type { StoryTruth } from '../fleet/story-schedule.ts';
import type { Alarm } from './sink-log.ts';

/** An anomaly of the first GPU of the first node: info at 0 unless told otherwise. */
export function alarmOf(told: Partial<Alarm> = {}): Alarm {
  return {
    id: 'a1',
    gpu_uuid: 'GPU-0',
    node: 'n1',
    type: 'ecc_rate',
    detector: 'conditions',
    metric: 'ecc_sbe_volatile_total',
    opened_at: 0,
    severity: 'info',
    told_at: 0,
    warned_at: null,
    critical_at: null,
    closed_at: null,
    explanation: 'It was 5 where 1 was expected.',
    ...told,
  };
}

/** A fault of that GPU from 100 s to 200 s unless told otherwise. */
export function truthOf(told: Partial<StoryTruth> = {}): StoryTruth {
  return {
    id: 's1',
    story: 'sbe_slow_burn',
    category: 'memory',
    fault: true,
    scope: 'gpu',
    nodes: ['n1'],
    gpu_uuids: ['GPU-0'],
    since_ms: 100_000,
    until_ms: 200_000,
    ...told,
  };
}
