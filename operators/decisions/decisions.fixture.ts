import type { FeatureVector, HealthScore } from '../../pipeline/contract/events.ts';
import type { Decision, Prediction } from '../../pipeline/contract/predictions.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { GroupState } from '../core/group-state.ts';
import { START_MS } from '../core/laws.fixture.ts';
import { type ItemEntry, runItems } from '../core/run-items.ts';
import { vectorOf } from '../health/observations.fixture.ts';
import { BOOK } from './board.fixture.ts';
import { type DecisionsInputs, type DecisionsOptions, decisions } from './decisions.ts';

const MINUTE_MS = 60_000;
const MODEL = 'NVIDIA H100 80GB HBM3';
export type Event = {
  [I in keyof DecisionsInputs]: { readonly input: I; readonly item: DecisionsInputs[I] };
}[keyof DecisionsInputs];
interface Who {
  readonly gpu_uuid?: string;
  readonly instance?: string;
}

export const at = (minute: number): number => START_MS + minute * MINUTE_MS;
export const BUSY = {
  gpu_util_ratio_mean_7d: 0.8,
  power_usage_mean: 500,
  gpu_age_days: 400,
  warranty_remaining_days: 300,
};
export const vector = (
  minute: number,
  known: Record<string, number> = BUSY,
  more: Partial<FeatureVector> = {},
): Event => ({
  input: 'vectors',
  item: vectorOf(known, { ts: at(minute), ...more }),
});
export const score = (minute: number, overall_score: number | null, more: Partial<HealthScore> = {}): Event => ({
  input: 'scores',
  item: {
    ts: at(minute),
    gpu_uuid: 'GPU-a',
    node: 'node-0',
    instance: '',
    overall_score,
    memory_health: overall_score,
    thermal_health: null,
    performance_health: null,
    power_health: null,
    reliability_health: null,
    health_grade: 'good',
    degradation_factors: [],
    confidence: 0.9,
    memory_confidence: 1,
    thermal_confidence: 0,
    performance_confidence: 0,
    power_confidence: 0,
    reliability_confidence: 0,
    contributions: [],
    explanation: '',
    action: 'none',
    profile: 'default',
    ...more,
  },
});
export const prediction = (minute: number, p30: number, who: Who = {}): Event => ({
  input: 'predictions',
  item: {
    ts: at(minute),
    gpu_uuid: 'GPU-a',
    node: 'node-0',
    instance: '',
    failure_prob_7d: p30 / 4,
    failure_prob_30d: p30,
    failure_prob_90d: Math.min(0.99, 2.5 * p30),
    predicted_failure_type: 'memory',
    estimated_ttf_days: null,
    ttf_low_days: null,
    ttf_high_days: null,
    confidence: 0.9,
    model_name: 'heuristic',
    model_version: '1',
    contributions: [],
    explanation: '',
    ...who,
  } satisfies Prediction,
});
/** What one row brings: vector, score (null: none), prediction. */
export const row = (minute: number, overall: number | null, p30: number, who: Who = {}, final = false): Event[] => [
  vector(minute, BUSY, { ...who, final }),
  ...(overall === null ? [] : [score(minute, overall, who)]),
  prediction(minute, p30, who),
];

export const GPUS = [
  ['GPU-a', ''],
  ['GPU-b', ''],
  ['GPU-m', '2'],
  ['GPU-m', '1'],
  ['GPU-w', ''],
  ['GPU-w', '1'],
] as const;

function group(): GroupState {
  const state = new GroupState(0);
  for (const [uuid, instance] of GPUS) {
    state.registry.gpu(
      { uuid, instance, model: MODEL, pci_bus_id: '', serial: '', slot: '' },
      state.registry.node('node-0'),
    );
  }
  return state;
}

const OPTIONS: DecisionsOptions = { every: minutes(30), profile: 'default', prices: BOOK };

export function run(events: readonly Event[], options: Partial<DecisionsOptions> = {}, restoreEvery = 0): Decision[] {
  const told: Decision[] = [];
  let state = group();
  const operator = decisions({ ...OPTIONS, ...options });
  events.forEach((event, i) => {
    runItems('decisions', operator, state, [{ row: 0, ...event } as ItemEntry], (_row, _port, item) => told.push(item));
    if (restoreEvery > 0 && i % restoreEvery === 0) {
      state = GroupState.restore(structuredClone(state.save()), new Map([['decisions', operator.state]]));
    }
  });
  return told;
}
/** All of them in one batch, each from a row of its own. */
export function runAtOnce(events: readonly Event[]): Decision[] {
  const told: Decision[] = [];
  const entries = events.map((event, i) => ({ row: i, ...event }) as ItemEntry);
  runItems('decisions', decisions(OPTIONS), group(), entries, (_row, _port, item) => told.push(item));
  return told;
}
export const minuteOf = ({ ts }: Decision): number => (ts - START_MS) / MINUTE_MS;
