import type { Episode, Incident } from '../../pipeline/contract/events.ts';
import type { StoryTruth } from '../fleet/story-schedule.ts';
import type { SinkLog } from './sink-log.ts';
import type { Alarm, ToldEpisode, ToldIncident } from './told.ts';

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

/** A run that told nothing unless told otherwise. */
export const logOf = (told: Partial<SinkLog> = {}): SinkLog => ({
  alarms: new Map(),
  optional: new Map(),
  health: new Map(),
  episodes: new Map(),
  incidents: new Map(),
  refused: [],
  items: {},
  breaches: {},
  ...told,
});

/** An episode of a GPU, first told at its beginning: a warning from then on unless told otherwise. */
export const episodeOf = (row: Partial<Episode> = {}, told: Partial<ToldEpisode> = {}): ToldEpisode => {
  const { started_at = 0, severity = 'warning' } = row;
  return {
    told_at: started_at,
    warned_at: severity === 'info' ? null : started_at,
    critical_at: severity === 'critical' ? started_at : null,
    severity,
    row: {
      id: 'e1',
      gpu_uuid: 'GPU-0',
      node: 'n1',
      category: 'memory',
      severity,
      started_at,
      ended_at: null,
      ...row,
    } as Episode,
    ...told,
  };
};

/** An incident, since when it speaks of which GPUs and nodes. */
export const incidentOf = (
  gpus: Readonly<Record<string, number>>,
  nodes: Readonly<Record<string, number>>,
  told: Partial<ToldIncident> = {},
): ToldIncident => ({
  told_at: Math.min(...Object.values(gpus), ...Object.values(nodes)),
  warned_at: null,
  critical_at: null,
  severity: 'warning',
  row: { id: 'i1', scope: 'node' } as Incident,
  gpus: new Map(Object.entries(gpus)),
  nodes: new Map(Object.entries(nodes)),
  ...told,
});
