import type { Anomaly, Episode, FeatureVector, HealthScore } from '../../pipeline/contract/events.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { GroupState } from '../core/group-state.ts';
import { START_MS } from '../core/laws.fixture.ts';
import { runItems } from '../core/run-items.ts';
import { type HealthInputs, health } from './health.ts';
import { vectorOf, WELL } from './observations.fixture.ts';

export const MINUTE_MS = 60_000;
export type Entry = {
  [I in keyof HealthInputs]: { readonly input: I; readonly item: HealthInputs[I] };
}[keyof HealthInputs];
export type Event = Entry | { readonly now: number };

export const make = () => health({ every: minutes(15) });

export const GPUS = [
  ['GPU-a', '', 'node-0'],
  ['GPU-b', '', 'node-0'],
  ['GPU-c', '', 'node-1'],
  ['GPU-m', '1', 'node-1'],
  ['GPU-m', '2', 'node-1'],
] as const;

export function group(): GroupState {
  const state = new GroupState(0);
  for (const [uuid, instance, node] of GPUS) {
    state.registry.gpu({ uuid, instance, model: '', pci_bus_id: '', serial: '', slot: '' }, state.registry.node(node));
  }
  return state;
}

export function run(events: readonly Event[], state = group()): HealthScore[] {
  const scores: HealthScore[] = [];
  for (const event of events) {
    runItems('health', make(), state, [{ row: 0, ...event }], (_row, _port, item) => scores.push(item));
  }
  return scores;
}

export const vector = (
  minute: number,
  change: Record<string, number> = {},
  more: Partial<FeatureVector> = {},
): Entry => ({
  input: 'vectors',
  item: vectorOf({ ...WELL, ...change }, { ts: START_MS + minute * MINUTE_MS, ...more }),
});
export const anomaly = (minute: number, change: Partial<Anomaly> = {}): Entry => {
  const opened_at = START_MS + minute * MINUTE_MS;
  const item: Anomaly = {
    ts: opened_at,
    gpu_uuid: 'GPU-a',
    node: 'node-0',
    instance: '',
    id: `at-${minute}`,
    type: 'ecc_sbe_rate',
    metric: 'ecc_sbe_volatile_total',
    severity: 'critical',
    score: 1,
    observed: 17_700,
    expected: 0,
    window: '1m',
    detector: 'conditions',
    explanation: '',
    state: 'open',
    opened_at,
    closed_at: null,
    ...change,
  };
  return { input: 'anomalies', item };
};
export const episode = (minute: number, change: Partial<Episode> = {}): Entry => {
  const started_at = START_MS + minute * MINUTE_MS;
  const item: Episode = {
    ts: started_at,
    gpu_uuid: 'GPU-a',
    node: 'node-0',
    instance: '',
    id: `e-${minute}`,
    xids: [79],
    primary_xid: 79,
    anomalies: [],
    severity: 'critical',
    category: 'bus',
    action: 'reboot_node',
    explanation: '',
    started_at,
    ended_at: null,
    count: 1,
    reset_at: null,
    cured: null,
    job: '',
    ...change,
  };
  return { input: 'episodes', item };
};
export const minuteOf = ({ ts }: HealthScore): number => (ts - START_MS) / MINUTE_MS;
