import type { Alert } from '../../pipeline/contract/alerts.ts';
import type { Anomaly, Asset, Episode, FeatureVector, HealthScore, Incident } from '../../pipeline/contract/events.ts';
import type { Prediction } from '../../pipeline/contract/predictions.ts';
import { days, seconds } from '../../pipeline/contract/time.ts';
import { driveFleet } from '../absence/fleet-driver.fixture.ts';
import { GroupState } from '../core/group-state.ts';
import { START_MS } from '../core/laws.fixture.ts';
import { type ItemEntry, runItems } from '../core/run-items.ts';
import { vectorOf } from '../health/observations.fixture.ts';
import type { AlertRule } from './alert-rule.ts';
import { type BoardAlertsInputs, boardAlerts, type HandedAlert } from './board-alerts.ts';
import { DEFAULT_RULES } from './default-rules.ts';
import { type FleetAlertsInputs, fleetAlerts } from './fleet-alerts.ts';

/** Minutes after the beginning, as epoch ms. */
export const at = (minute: number): number => START_MS + Math.round(minute * 60_000);

const PLACE = { gpu_uuid: 'GPU-a', node: 'n1', instance: '' };

export function anomaly(type: string, opened: number, more: Partial<Anomaly> & { closed?: number } = {}): Anomaly {
  const { closed, ...rest } = more;
  const place = { ...PLACE, ...rest };
  return {
    ts: at(opened),
    ...place,
    id: `${type} ${place.gpu_uuid || place.node} ${opened}`,
    type,
    metric: '',
    severity: 'warning',
    score: 4,
    observed: 12,
    expected: 1,
    window: '1m',
    detector: 'conditions',
    explanation: `${type} is 12 where 1 counts.`,
    state: closed === undefined ? 'open' : 'closed',
    opened_at: at(opened),
    closed_at: closed === undefined ? null : at(closed),
    ...rest,
  };
}

export function episode(started: number, more: Partial<Episode> & { ended?: number } = {}): Episode {
  const { ended, ...rest } = more;
  return {
    ts: at(started),
    ...PLACE,
    id: `episode ${rest.gpu_uuid ?? 'GPU-a'} ${started}`,
    xids: [79],
    primary_xid: 79,
    anomalies: [],
    severity: 'critical',
    category: 'bus',
    action: 'none',
    explanation: 'XID 79 (GPU has fallen off the bus) at 2026-01-01 00:00:00 UTC. No reset yet: look at it.',
    started_at: at(started),
    ended_at: ended === undefined ? null : at(ended),
    count: 1,
    reset_at: null,
    cured: null,
    job: '',
    ...rest,
  };
}

/** A story without XIDs. */
export const ALONE = { xids: [], primary_xid: null, anomalies: ['pcie_downtrained'] };

export function incident(opened: number, more: Partial<Incident> & { closed?: number } = {}): Incident {
  const { closed, ...rest } = more;
  return {
    ts: at(opened),
    gpu_uuid: '',
    node: '',
    id: `incident ${opened}`,
    scope: 'rack',
    origin: 'r1',
    category: 'unknown',
    severity: 'critical',
    state: closed === undefined ? 'open' : 'closed',
    gpus: [],
    nodes: ['n1', 'n2'],
    episodes: [],
    evidence: [],
    action: 'none',
    summary: '2 nodes of rack r1 were lost: what the rack shares is the likely origin. Look at its power first.',
    opened_at: at(opened),
    closed_at: closed === undefined ? null : at(closed),
    ...rest,
  };
}

export const score = (minute: number, overall_score: number, more: Partial<HealthScore> = {}): HealthScore => ({
  ts: at(minute),
  ...PLACE,
  overall_score,
  memory_health: overall_score,
  thermal_health: null,
  performance_health: null,
  power_health: null,
  reliability_health: null,
  health_grade: overall_score < 50 ? 'critical' : overall_score < 60 ? 'poor' : 'good',
  degradation_factors: [],
  confidence: 0.9,
  memory_confidence: 1,
  thermal_confidence: 0,
  performance_confidence: 0,
  power_confidence: 0,
  reliability_confidence: 0,
  contributions: [
    {
      dimension: 'memory',
      points: 60,
      metric: 'ecc_sbe_rate',
      value: 3,
      limit: 1,
      unit: '',
      window: '7d',
      action: 'run the memory diagnostics',
    },
  ],
  explanation: 'poor: memory 40.',
  action: 'none',
  profile: 'default',
  ...more,
});

export const prediction = (minute: number, p7: number, more: Partial<Prediction> = {}): Prediction => ({
  ts: at(minute),
  ...PLACE,
  failure_prob_7d: p7,
  failure_prob_30d: Math.min(1, 2 * p7),
  failure_prob_90d: Math.min(1, 3 * p7),
  predicted_failure_type: 'memory',
  estimated_ttf_days: 9,
  ttf_low_days: 3,
  ttf_high_days: 30,
  confidence: 0.9,
  model_name: 'm',
  model_version: '1',
  contributions: [],
  explanation: 'It fails within a week with 40 %.',
  ...more,
});

export const vector = (minute: number, more: Partial<FeatureVector> = {}): FeatureVector =>
  vectorOf({}, { ts: at(minute), ...PLACE, ...more });

export const asset = (gpu_uuid: string, node: string, more: Partial<Asset> = {}): Asset => ({
  ts: START_MS,
  gpu_uuid,
  node,
  model: 'H100',
  serial: '',
  pci_bus_id: '',
  cluster: 'c1',
  rack: 'r1',
  slot: '3',
  owner: 'ml',
  tenant: 't1',
  deployed_at: null,
  warranty_until: null,
  purchase_price: null,
  operating_hours: null,
  registered_at: START_MS,
  status: 'active',
  note: '',
  retired_at: null,
  ...more,
});

type Event<Inputs> = { readonly [I in keyof Inputs]: { readonly [K in I]: Inputs[I] } }[keyof Inputs];
/** An item under the name of its input. */
export type BoardEvent = Event<BoardAlertsInputs>;
export type FleetEvent = Event<FleetAlertsInputs>;

const GPUS = [
  ['GPU-a', 'n1'],
  ['GPU-b', 'n1'],
  ['GPU-c', 'n2'],
] as const;
const TICK_MS = 30_000;

interface RunOptions {
  readonly rules?: readonly AlertRule[];
  /** Minutes until which time passes. */
  readonly until?: number;
  readonly restore?: boolean;
  /** All in one batch. */
  readonly together?: boolean;
  /** Goes on from what a run left, at this minute. */
  readonly from?: { readonly state: GroupState; readonly minute: number };
}

/** When an item comes: when what it tells happened, unless the second of the pair says. */
type Timed = readonly [minute: number, event: BoardEvent];

/** Runs items through the alerts of a group with three GPUs on two nodes, timers included. */
export function runBoards(
  events: readonly Timed[],
  options: RunOptions = {},
): { alerts: Alert[]; shared: Alert[]; handed: HandedAlert[]; state: GroupState } {
  const operator = boardAlerts({ rules: options.rules ?? DEFAULT_RULES, await_reset: days(1), forget_after: days(7) });
  let state = options.from?.state ?? new GroupState(0);
  for (const [uuid, node] of GPUS) {
    const identity = { uuid, instance: '', model: 'H100', pci_bus_id: '', serial: '', slot: '3' };
    state.registry.gpu(identity, state.registry.node(node));
  }
  // Alerts by either way out: which one counts for the fleet only.
  const out = { alerts: [] as Alert[], shared: [] as Alert[], handed: [] as HandedAlert[] };
  const told = (_: number, port: keyof typeof out, item: Alert | HandedAlert): void => {
    (out[port] as (Alert | HandedAlert)[]).push(structuredClone(item));
    if (port === 'shared') out.alerts.push(structuredClone(item as Alert));
  };
  const all: ItemEntry[] = [];
  const run = (entries: readonly ItemEntry[]): void => {
    if (options.together) all.push(...entries);
    else runItems('alerts', operator, state, entries, told);
    if (!options.restore) return;
    state = GroupState.restore(structuredClone(state.save()), new Map([['alerts', operator.state]]));
  };
  let reached = at(options.from?.minute ?? 0);
  let row = 0;
  const pass = (until: number): void => {
    for (; reached + TICK_MS <= until; reached += TICK_MS) run([{ row, now: reached + TICK_MS }]);
  };
  for (const [minute, event] of events) {
    row++;
    pass(at(minute));
    for (const [input, item] of Object.entries(event)) run([{ row, input, item }]);
  }
  row++;
  pass(at(options.until ?? 0));
  if (options.together) runItems('alerts', operator, state, all, told);
  return { ...out, state };
}

/** The same over the fleet: an item comes with its own time. */
export const runFleetAlerts = (
  events: readonly FleetEvent[],
  options: { readonly until?: number; readonly rules?: readonly AlertRule[]; readonly restoreEvery?: number } = {},
): Alert[] =>
  driveFleet(
    fleetAlerts({ rules: options.rules ?? DEFAULT_RULES, forget_after: days(30), delay: seconds(15) }),
    events.flatMap((event) =>
      Object.entries(event).map(([input, item]) => {
        const row = item as { ts?: number; closed_at?: number | null; finding?: { at: number } };
        return { input, item: { ...item, ts: row.closed_at ?? row.ts ?? row.finding?.at ?? START_MS } };
      }),
    ),
    {
      until: at(options.until ?? 0),
      ...(options.restoreEvery === undefined ? {} : { restoreEvery: options.restoreEvery }),
    },
  ).alerts;

/** What was told, in short, minutes after the beginning. */
export const brief = (alerts: readonly Alert[]): string[] =>
  alerts.map(({ rule, severity, state, opened_at, closed_at }) => {
    const minute = ((closed_at ?? opened_at) - START_MS) / 60_000;
    return `${rule} ${severity} ${state} ${Number(minute.toFixed(2))}`;
  });
