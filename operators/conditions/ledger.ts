import type { Anomaly, Severity } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import { METRICS } from '../../pipeline/contract/metrics.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { type Level, limitOf } from './condition-limits.ts';
import { CONDITION_COUNT, CONDITIONS, type Condition } from './condition-table.ts';
import { explainCondition } from './explain-condition.ts';
import type { Scene } from './scene.ts';

const DETECTOR = 'conditions';
const SEVERITIES: readonly Severity[] = ['info', 'warning', 'critical'];
/** Evidence from before a silence this long opens nothing. */
const GAP_MS = minutes(10);

/**
 * Keeps one open anomaly per (GPU, condition). A level must last `open_after` (critical: `critical_after`) of event time to open
 * or escalate, and be calm for `close_after` to close. An open one never becomes milder: a critical one that is critical no
 * more for `close_after` closes, and what is left of it opens anew. `observed` is the worst reading.
 * A rate must rise in two rows, with no silence between them, to become critical: one row may span all of `critical_after`, and
 * one burst is no storm.
 *
 * State  58 B per condition and GPU. Cost: only for conditions that are not calm; allocates only when it emits.
 */
export const noteReading = (
  scene: Scene,
  c: number,
  level: Level,
  observed: number,
  limit: number,
  column = -1,
): void => note(scene, c, level, observed, limit, scene.ts, scene.ts, column);

/** Notes a rate: its evidence begins where the first rise began, and ends at the last one. */
export function noteRate(
  scene: Scene,
  c: number,
  level: Level,
  observed: number,
  limit: number,
  rise_at: number,
  column = -1,
): void {
  const { state, gpu, ts, previous_ts } = scene;
  const rose = rise_at === ts;
  scene.again = rose && state.critical_since[gpu * CONDITION_COUNT + c] !== 0;
  note(scene, c, level, observed, limit, rose ? previous_ts : ts, rise_at, column);
}

export function note(
  scene: Scene,
  c: number,
  level: Level,
  observed: number,
  limit: number,
  from: number,
  until: number,
  column: number,
): void {
  const { state, limits, gpu } = scene;
  const at = gpu * CONDITION_COUNT + c;
  if (limits.enabled[c] !== 0) {
    if (level === 3) {
      if (state.critical_since[at] === 0) state.critical_since[at] = from;
    } else if (level >= 0) state.critical_since[at] = 0;
    if (state.severity[at] === 0) noteClosed(scene, c, at, level, observed, limit, from, until, column);
    else noteOpen(scene, c, at, level, observed, limit, until);
  }
  scene.detail = '';
  scene.began = 0;
  scene.again = true;
}

/** The severity that the evidence so far bears: critical only once it has lasted, and then what lies below. */
function borne(scene: Scene, c: number, at: number, level: Level, until: number): number {
  const { state, limits } = scene;
  const after = limits.critical_after[c] as number;
  if (level === 3 && (scene.again || after === 0) && until - (state.critical_since[at] as number) >= after) return 3;
  const most =
    Number.isFinite(limits.warning[c]) || Number.isNaN(limits.warning[c]) ? 2 : Number.isFinite(limits.info[c]) ? 1 : 0;
  const lasted = state.severity[at] !== 0 || until - (state.since[at] as number) >= (limits.open_after[c] as number);
  return lasted ? Math.min(level, most) : 0;
}

function noteClosed(
  scene: Scene,
  c: number,
  at: number,
  level: Level,
  observed: number,
  limit: number,
  from: number,
  until: number,
  column: number,
): void {
  const { state, gpu } = scene;
  const alive = state.alive[gpu] as number;
  if (level < 0) return;
  if (level === 0) {
    state.since[at] = 0;
    state.alive[gpu] = alive & ~(1 << c);
    return;
  }
  if (state.since[at] === 0) {
    state.since[at] = from;
    state.began[at] = scene.began || from;
    state.alive[gpu] = alive | (1 << c);
    state.worst[at] = observed;
    state.limit[at] = limit;
  }
  keepWorst(scene, c, at, observed, limit);
  const severity = borne(scene, c, at, level, until);
  if (severity === 0) return;
  state.severity[at] = severity;
  state.opened_at[at] = scene.ts;
  state.since[at] = 0;
  state.told_metric[at] = column + 1;
  scene.emit('anomalies', anomaly(scene, c, at, null), scene.row);
}

function noteOpen(
  scene: Scene,
  c: number,
  at: number,
  level: Level,
  observed: number,
  limit: number,
  until: number,
): void {
  const { state, limits, ts } = scene;
  if (level === 0 || (level !== 3 && state.severity[at] === 3)) {
    if (state.since[at] === 0) state.since[at] = ts;
    if (ts - (state.since[at] as number) >= (limits.close_after[c] as number)) close(scene, c, at, false);
    return;
  }
  state.since[at] = 0;
  if (level < 0) return;
  keepWorst(scene, c, at, observed, limit);
  const severity = borne(scene, c, at, level, until);
  if (severity <= (state.severity[at] as number)) return;
  state.severity[at] = severity;
  state.limit[at] = limit;
  scene.emit('anomalies', anomaly(scene, c, at, null), scene.row);
}

function close(scene: Scene, c: number, at: number, unseen: boolean): void {
  const { state, gpu, ts } = scene;
  scene.emit('anomalies', anomaly(scene, c, at, ts, unseen), scene.row);
  state.severity[at] = 0;
  state.since[at] = 0;
  state.critical_since[at] = 0;
  state.alive[gpu] = (state.alive[gpu] as number) & ~(1 << c);
}

/** An open condition needs no more than this calm from now on to close. */
export function calmFrom(scene: Scene, c: number, calm_ms: number): void {
  const { state, limits, gpu, ts } = scene;
  const at = gpu * CONDITION_COUNT + c;
  if (state.severity[at] === 0) return;
  const since = ts + calm_ms - (limits.close_after[c] as number);
  state.since[at] = state.since[at] === 0 ? since : Math.min(since, state.since[at] as number);
}

/** Closes what was told of metrics that nobody reports any more: no reading will ever end it. */
export function closeUnseen(scene: Scene, given_up: (metric: number) => boolean): void {
  const { state, gpu } = scene;
  for (let bits = state.alive[gpu] as number; bits !== 0; bits &= bits - 1) {
    const c = 31 - Math.clz32(bits & -bits);
    const at = gpu * CONDITION_COUNT + c;
    if (state.severity[at] !== 0 && given_up(metricOf(scene, c, at))) close(scene, c, at, true);
  }
}

/** Column of the metric that an open condition was told under; -1 where it is about several. */
function metricOf({ state }: Scene, c: number, at: number): number {
  const told = state.told_metric[at] as number;
  return told === 0 ? METRICS.findIndex(({ name }) => name === (CONDITIONS[c] as Condition).metric) : told - 1;
}

function keepWorst(scene: Scene, c: number, at: number, observed: number, limit: number): void {
  const { worst } = scene.state;
  const before = worst[at] as number;
  if ((CONDITIONS[c] as Condition).worse === 'high' ? observed <= before : observed >= before) return;
  worst[at] = observed;
  scene.state.limit[at] = limit;
}

/** After a silence: what was on its way to open, or to become critical, begins anew; the silence itself is no calm time. */
export function forgetEvidence(scene: Scene): void {
  const { state, gpu } = scene;
  const silence = scene.ts - scene.previous_ts;
  if (silence <= GAP_MS) return;
  for (let bits = state.alive[gpu] as number; bits !== 0; bits &= bits - 1) {
    const at = gpu * CONDITION_COUNT + 31 - Math.clz32(bits & -bits);
    state.critical_since[at] = 0;
    if (state.severity[at] === 0) state.since[at] = 0;
    else if (state.since[at] !== 0) state.since[at] = (state.since[at] as number) + silence;
  }
}

/** Limit of a level, for a detector whose limits are those of the table. */
export const tableLimit = (scene: Scene, c: number, level: Level): number => limitOf(scene.limits, c, level);

function anomaly(scene: Scene, c: number, at: number, closed_at: number | null, unseen = false): Anomaly {
  const { state, batch, gpu, row } = scene;
  const entry = CONDITIONS[c] as Condition;
  const identity = batch.registry.gpus[gpu] as GpuIdentity;
  const metric = METRICS[metricOf(scene, c, at)]?.name ?? entry.metric;
  const opened_at = state.opened_at[at] as number;
  const observed = state.worst[at] as number;
  const expected = state.limit[at] as number;
  return {
    ts: opened_at,
    gpu_uuid: identity.uuid,
    node: batch.registry.nodes[batch.node[row] as number] as string,
    instance: identity.instance,
    id: causeId(DETECTOR, identity.uuid, identity.instance, entry.type, metric, opened_at),
    type: entry.type,
    metric,
    severity: SEVERITIES[(state.severity[at] as number) - 1] as Severity,
    score: entry.worse === 'high' && expected > 0 ? observed / expected : 1 + Math.abs(observed - expected),
    observed,
    expected,
    window: entry.window,
    detector: DETECTOR,
    explanation: explainCondition(entry, {
      metric,
      observed,
      limit: expected,
      began: state.began[at] as number,
      now: scene.ts,
      closed: closed_at !== null,
      unseen,
      detail: scene.detail,
    }),
    state: closed_at === null ? 'open' : 'closed',
    opened_at,
    closed_at,
  };
}
