import type { Alert } from '../../pipeline/contract/alerts.ts';
import type { Anomaly, Asset, Episode, FeatureVector, HealthScore } from '../../pipeline/contract/events.ts';
import { findMetric } from '../../pipeline/contract/metrics.ts';
import type { Emit, GroupView, ItemOperator, State } from '../../pipeline/contract/operator.ts';
import type { Prediction } from '../../pipeline/contract/predictions.ts';
import { type DurationMs, seconds } from '../../pipeline/contract/time.ts';
import { formerHome, homeOf } from '../core/home-of.ts';
import { isPlant } from '../episodes/incident-member.ts';
import { type AlertPlace, commonPlace, NOWHERE } from './alert-place.ts';
import type { AlertRule, AlertSource } from './alert-rule.ts';
import { type Finding, findingOfAnomaly, findingOfEpisode, findingOfPrediction, findingOfScore } from './finding.ts';
import { type AlertItems, ruleFor } from './rule-fields.ts';
import { holesOf } from './summary-text.ts';
import { noteReading, type Watch, watchOf } from './watch.ts';
import { type Desk, noteFinding, passTime } from './watches.ts';

export interface BoardAlertsOptions {
  readonly rules: readonly AlertRule[];
  /** How long a fault that is quiet waits for the reset that it needs, before it counts as gone. */
  readonly await_reset: DurationMs;
  /** Alerts of boards that nobody has heard of for so long close. */
  readonly forget_after: DurationMs;
}

export interface BoardAlertsInputs {
  readonly assets: Asset;
  readonly vectors: FeatureVector;
  readonly anomalies: Anomaly;
  readonly episodes: Episode;
  readonly scores: HealthScore;
  readonly predictions: Prediction;
}

export interface BoardAlertsPorts {
  readonly alerts: Alert;
  /** The same about what boards share with others of their node: told on by whoever sees the incidents of nodes. */
  readonly shared: Alert;
  /** Open alerts of boards that were lost: whoever sees the whole fleet looks after them from then on. */
  readonly handed: HandedAlert;
}

/** An alert and the loss that keeps it open. */
export interface HandedAlert {
  readonly alert: Alert;
  readonly finding: Finding;
}

/** Cluster, rack, owner, tenant. */
type Facts = readonly [cluster: string, rack: string, owner: string, tenant: string];

const STATE = {
  /** Watch[] of a board, at its home row, and of a node itself. */
  board: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
  host: { scope: 'node', type: 'record', width: 1, initial: 0 },
  /** When an alert of it was open last; 0 = never. */
  told_at: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  host_told_at: { scope: 'node', type: 'f64', width: 1, initial: 0 },
  /** 1: its node no longer reports it. */
  lost: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  /** Place in `facts`, plus one; 0 = unknown. */
  fact: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  /** Facts[], each once: a group has few. */
  facts: { scope: 'group', type: 'record', width: 1, initial: 0 },
  /** Cells with watches: those of boards, and those of nodes as -1 - cell. */
  busy: { scope: 'group', type: 'record', width: 1, initial: 0 },
  /** The group's event time as of the last timer: raised severities do not say when they were. */
  clock: { scope: 'group', type: 'f64', width: 1, initial: 0 },
} as const;
type BoardState = State<typeof STATE>;
type Tell = Emit<BoardAlertsPorts>;

const EVERY = seconds(30);
/** Fleet-wide knowledge tells these; see fleet-alerts.ts. */
const LOST = 'gpu_lost';

/**
 * Tells what people should know of single boards and nodes, by rules.
 *
 * Input    anomalies, episodes, scores and predictions of the group, which rules look at; assets, for where a board stands;
 *          vectors, for who uses it.
 * Output   alerts: when one opens, when its severity rises, when it closes, each once, under one id and ts; shared: those of
 *          boards about heat and power, for which their node may be to blame; handed: open ones of a board that was lost,
 *          which are not told of here again.
 * One each  an episode tells for its anomalies; what shares a rule, or an anomaly with what is told already, joins it; rules
 *          that ask to be alone (health, risk) keep silent about boards of which others have told.
 * Time     `for` and `keep` in event time, looked at every 30 s; `opened_at` is when the rule held for long enough, whenever
 *          that was noticed. A fault that needs a reset lasts until one was seen, `await_reset` at most.
 * State    13 B per GPU, 8 B per node, and about 1 kB per board with something to tell.
 * Cost     the rules of a table per item: under 1 us for what fits none; O(watched boards) every 30 s.
 * Errors   none; items of unknown GPUs and nodes are ignored.
 */
export function boardAlerts(
  options: BoardAlertsOptions,
): ItemOperator<BoardAlertsInputs, typeof STATE, BoardAlertsPorts> {
  const { rules } = options;

  function note<S extends AlertSource>(
    source: S,
    item: AlertItems[S] & { readonly gpu_uuid: string; readonly node: string; readonly instance: string },
    finding: () => Finding,
    group: GroupView,
    state: BoardState,
    emit: Tell,
  ): void {
    const cell = cellOf(item, group, state);
    if (cell === null || (cell >= 0 && state.lost[cell] !== 0)) return;
    const before = watchesAt(state, cell);
    const rule = ruleFor(rules, source, item);
    if (rule === null && before.length === 0) return;
    const found = finding();
    // What no longer fits its rule says at the end how it stands then.
    const by = rule ?? rules.find(({ name }) => name === watchOf(before, found.cause)?.rule);
    const holes = by === undefined ? {} : holesOf<S>(by, item);
    keepWatches(state, cell, noteFinding(before, found, rule, holes, deskOf(cell, group, state, emit, options)));
  }

  return {
    name: 'board_alerts',
    summary: 'what people should know of a board or node, by rules',
    state: STATE,
    ports: ['alerts', 'shared', 'handed'],
    on: {
      assets(asset, { registry }, state) {
        const cell = homeOf(registry, asset.gpu_uuid, '');
        if (cell < 0) return;
        const facts: Facts = [asset.cluster, asset.rack, asset.owner, asset.tenant];
        const known = (state.facts[0] ?? []) as Facts[];
        const text = facts.join('\u001f');
        let index = known.findIndex((one) => one.join('\u001f') === text);
        if (index < 0) index = known.push(facts) - 1;
        state.facts[0] = known;
        state.fact[cell] = index + 1;
      },
      vectors(vector, group, state) {
        const cell = homeOf(group.registry, vector.gpu_uuid, vector.instance);
        if (cell < 0) return;
        const node = group.registry.gpuNodes[cell] as number;
        if (state.board[cell] === null && state.host[node] === null) return;
        for (const watch of [...watchesAt(state, cell), ...watchesAt(state, -1 - node)]) {
          watch.heard_at = Math.max(watch.heard_at, vector.ts);
          if (watch.alert === null && watch.finding.gpu_uuid !== '' && watch.finding.job === '') {
            watch.finding = { ...watch.finding, job: vector.job };
          }
          noteReading(
            watch,
            vector.instance,
            vector.latest_ts,
            (metric) => vector.latest[findMetric(metric)] ?? Number.NaN,
          );
        }
      },
      anomalies(anomaly, group, state, emit) {
        const clock = state.clock[0] as number;
        if (anomaly.type === LOST) noteLost(anomaly, group, state, emit);
        else note('anomalies', anomaly, () => findingOfAnomaly(anomaly, clock), group, state, emit);
      },
      episodes(episode, group, state, emit) {
        const clock = state.clock[0] as number;
        note('xid_episodes', episode, () => findingOfEpisode(episode, clock, options.await_reset), group, state, emit);
      },
      scores(score, group, state, emit) {
        note('gpu_health_scores', score, () => findingOfScore(score), group, state, emit);
      },
      predictions(prediction, group, state, emit) {
        note('gpu_failure_predictions', prediction, () => findingOfPrediction(prediction), group, state, emit);
      },
    },
    timer: {
      every: EVERY,
      onTime(now, group, state, emit) {
        state.clock[0] = now;
        const busy = (state.busy[0] ?? []) as readonly number[];
        if (busy.length === 0) return;
        for (const cell of busy) {
          const desk = deskOf(cell, group, state, emit, options);
          keepWatches(state, cell, passTime(watchesAt(state, cell), now, desk));
        }
      },
    },
  };
}

/** The home row of a board; for a node itself -1 - its index; null for what the group does not know. */
function cellOf(
  item: { readonly gpu_uuid: string; readonly node: string; readonly instance: string },
  { registry }: GroupView,
  state: BoardState,
): number | null {
  if (item.gpu_uuid !== '') {
    const cell = homeOf(registry, item.gpu_uuid, item.instance);
    if (cell < 0) return null;
    const former = formerHome(registry, item.gpu_uuid, cell, state.board);
    if (former >= 0) moveHome(state, former, cell);
    return cell;
  }
  const node = registry.nodes.indexOf(item.node);
  return node < 0 ? null : -1 - node;
}

const watchesAt = (state: BoardState, cell: number): Watch[] =>
  ((cell >= 0 ? state.board[cell] : state.host[-1 - cell]) ?? []) as Watch[];

function keepWatches(state: BoardState, cell: number, watches: readonly Watch[]): void {
  const kept = watches.length === 0 ? null : watches;
  if (cell >= 0) state.board[cell] = kept;
  else state.host[-1 - cell] = kept;
  const busy = (state.busy[0] ?? []) as readonly number[];
  if (busy.includes(cell) === (kept !== null)) return;
  const left = kept === null ? busy.filter((other) => other !== cell) : [...busy, cell];
  state.busy[0] = left.length === 0 ? null : left;
}

/** The own row of a board whose instances told so far has come. */
function moveHome(state: BoardState, from: number, to: number): void {
  const watches = watchesAt(state, from);
  keepWatches(state, from, []);
  keepWatches(state, to, watches);
  state.told_at[to] = Math.max(state.told_at[to] as number, state.told_at[from] as number);
}

/** A lost board tells nothing more here, and its group may never hear of it again. */
function noteLost(anomaly: Anomaly, group: GroupView, state: BoardState, emit: Tell): void {
  const cell = cellOf(anomaly, group, state);
  if (cell === null || cell < 0) return;
  state.lost[cell] = anomaly.state === 'open' ? 1 : 0;
  if (anomaly.state === 'closed') return;
  for (const { alert } of watchesAt(state, cell)) {
    if (alert === null) continue;
    state.told_at[cell] = anomaly.opened_at;
    emit('handed', { alert, finding: findingOfAnomaly(anomaly, anomaly.opened_at) });
  }
  keepWatches(state, cell, []);
}

function deskOf(
  cell: number,
  { registry }: GroupView,
  state: BoardState,
  emit: Tell,
  options: BoardAlertsOptions,
): Desk {
  const column = cell >= 0 ? state.told_at : state.host_told_at;
  const index = cell >= 0 ? cell : -1 - cell;
  return {
    rules: options.rules,
    forget_after: options.forget_after,
    told_at: () => column[index] as number,
    noteTold(at) {
      column[index] = at;
    },
    openElsewhere: () => false,
    place(): AlertPlace {
      if (cell >= 0) {
        const { model = '', slot = '' } = registry.gpus[cell] ?? {};
        return { ...placeOf(state, cell), model, slot };
      }
      const gpus = registry.gpuNodes.flatMap((node, gpu) => (node === index && state.fact[gpu] !== 0 ? [gpu] : []));
      return commonPlace(gpus.map((gpu) => placeOf(state, gpu)));
    },
    tell: (alert) => emit(alert.gpu_uuid !== '' && isPlant(alert.category) ? 'shared' : 'alerts', alert),
  };
}

function placeOf(state: BoardState, gpu: number): AlertPlace {
  const facts = ((state.facts[0] ?? []) as readonly Facts[])[(state.fact[gpu] as number) - 1];
  if (facts === undefined) return NOWHERE;
  const [cluster, rack, owner, tenant] = facts;
  return { ...NOWHERE, cluster, rack, owner, tenant };
}
