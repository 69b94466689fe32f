import type { Anomaly, Dimension, Episode, RecoveryAction, Severity } from '../../pipeline/contract/events.ts';
import { findMetric, METRICS } from '../../pipeline/contract/metrics.ts';
import { days, hours } from '../../pipeline/contract/time.ts';
import { elapsedWords } from '../core/elapsed-words.ts';
import { awaitsReset, RESET_AWAITED } from '../episodes/awaits-reset.ts';
import { type AnomalyCost, anomalyCost, dimensionOf } from './anomaly-costs.ts';
import { ACTION_MAX, type Cap, CRITICAL_FAULT_MAX, isHardware, lowerCap } from './fault-cap.ts';
import type { Loss } from './loss.ts';

/** What health keeps of an open anomaly. */
export type OpenAnomaly = Pick<Anomaly, 'id' | 'type' | 'metric' | 'severity' | 'opened_at'> & {
  /** Null where it is no number. */
  readonly observed: number | null;
  readonly expected: number | null;
};

/** What health keeps of an episode. */
export type RecentEpisode = Pick<
  Episode,
  | 'id'
  | 'primary_xid'
  | 'anomalies'
  | 'severity'
  | 'category'
  | 'action'
  | 'started_at'
  | 'ended_at'
  | 'reset_at'
  | 'cured'
>;

/** An episode weighs half as much this long after its end; half as long, and less to begin with, when it was cured. */
const EPISODE_HALF_LIFE_MS = days(2);
const CURED_HALF_LIFE_MS = hours(24);
const CURED_WEIGHT = 0.4;
const EPISODE_POINTS: Readonly<Record<Severity, number>> = { info: 0, warning: 15, critical: 60 };

/** Where an episode costs. An application's own faults cost its GPU nothing; a sensor that lied says nothing of the board. */
const CATEGORY_DIMENSIONS: Readonly<Record<string, Dimension | null>> = {
  memory: 'memory',
  thermal: 'thermal',
  power: 'power',
  fabric: 'performance',
  application: null,
  sensor: null,
};
const categoryDimension = (category: string): Dimension | null =>
  Object.hasOwn(CATEGORY_DIMENSIONS, category) ? (CATEGORY_DIMENSIONS[category] as Dimension | null) : 'reliability';

const ACTION_WORDS: Readonly<Record<RecoveryAction, string>> = {
  none: 'watch for a repetition',
  restart_application: 'restart the application',
  reset_gpu: 'reset the GPU',
  reboot_node: 'reboot the node',
  drain_and_reset: 'drain the GPU and reset it',
  replace_gpu: 'take the GPU out and have it replaced',
};
const ACTION_RANK: readonly RecoveryAction[] = [
  'none',
  'restart_application',
  'reset_gpu',
  'drain_and_reset',
  'reboot_node',
  'replace_gpu',
];

/** Field 1523 by its value: what the driver itself asks for. */
const DRIVER_ACTIONS: readonly RecoveryAction[] = [
  'none',
  'reset_gpu',
  'reboot_node',
  'drain_and_reset',
  'drain_and_reset',
];
const driverAction = (code: number): RecoveryAction => DRIVER_ACTIONS[code] ?? 'none';

/** Whether an episode goes on, or is quiet but not over. */
const stands = (episode: RecentEpisode, t: number): boolean =>
  episode.ended_at === null || episode.ended_at > t || (awaitsReset(episode) && t - episode.ended_at < RESET_AWAITED);

/** Weight of an episode at `t`: 1 while it stands, then halving; less once it was cured. */
function episodeWeight(episode: RecentEpisode, t: number): number {
  const { ended_at, cured } = episode;
  if (ended_at === null || stands(episode, t)) return 1;
  const half_life = cured === true ? CURED_HALF_LIFE_MS : EPISODE_HALF_LIFE_MS;
  return (cured === true ? CURED_WEIGHT : 1) * 0.5 ** ((t - ended_at) / half_life);
}

/** Whether it still costs anything that can be printed. */
export const episodeMatters = (episode: RecentEpisode, t: number): boolean =>
  categoryDimension(episode.category) !== null && EPISODE_POINTS[episode.severity] * episodeWeight(episode, t) >= 0.5;

/**
 * What the driver asks for, else what the worst episode that stands asks for, else nothing. A GPU to replace stays one, whatever
 * the driver asks for until then.
 */
export function actionOf(recovery_action: number, episodes: readonly RecentEpisode[], t: number): RecoveryAction {
  const asked = driverAction(recovery_action);
  const worst = episodes
    // What a program did is mended with the program: it asks nothing of the board.
    .filter((episode) => stands(episode, t) && categoryDimension(episode.category) !== null)
    .reduce<RecoveryAction>(
      (gravest, { action }) => (ACTION_RANK.indexOf(action) > ACTION_RANK.indexOf(gravest) ? action : gravest),
      'none',
    );
  return asked === 'none' || worst === 'replace_gpu' ? worst : asked;
}

export interface Faults {
  readonly losses: readonly Loss[];
  /** Whether something stands that forbids giving the GPU work. */
  readonly stopped: boolean;
  /** Whether something critical is open that costs anything. */
  readonly critical: boolean;
  /** The most that the score can be; null while nothing forbids any. */
  readonly cap: Cap | null;
  /** What is left, 0..1, of the trust in a dimension's readings. */
  sight(dimension: Dimension): number;
}

/** Trust that an anomaly about a reading leaves to the dimension of that reading. */
const HIDDEN_METRIC = 0.5;
/** A GPU that does no work shows neither its heat nor its draw. */
const UNSEEN_WITHOUT_WORK: readonly Dimension[] = ['thermal', 'power'];

/** What open anomalies, episodes and the driver's own request cost, and what they hide. */
export function faultsOf(
  anomalies: readonly OpenAnomaly[],
  episodes: readonly RecentEpisode[],
  recovery_action: number,
  t: number,
): Faults {
  const losses: Loss[] = [];
  const hidden = new Map<Dimension, number>();
  let blind = false;
  let stopped = false;
  let critical = false;
  let halted = false;
  let cap: Cap | null = null;
  const stop = (cause: Loss): void => {
    stopped = true;
    for (const dimension of ['performance', 'reliability'] as const) {
      losses.push({ ...cause, dimension, points: 100, cause: 'out_of_work', factor: 'out_of_work', proves: true });
    }
  };

  for (const anomaly of anomalies) {
    const cost = anomalyCost(anomaly.type);
    const loss = anomalyLoss(anomaly, cost, t);
    if (loss.points > 0) losses.push(loss);
    if (loss.points > 0 && anomaly.severity === 'critical') critical = true;
    if (loss.points > 0 && anomaly.severity === 'critical' && isHardware(anomaly.type)) {
      cap = lowerCap(cap, { limit: CRITICAL_FAULT_MAX, loss });
    }
    if (cost.hides === 'all') blind = true;
    if (cost.hides === 'metric') hidden.set(dimensionOf(anomaly.metric), HIDDEN_METRIC);
    if (!cost.stops || anomaly.severity !== 'critical') continue;
    stop(loss);
    if (loss.dimension === 'reliability') halted = true;
  }

  for (const episode of episodes) {
    const dimension = categoryDimension(episode.category);
    if (dimension === null) continue;
    const loss = episodeLoss(episode, dimension, t);
    if (stands(episode, t) && episode.action !== 'none') cap = lowerCap(cap, { limit: ACTION_MAX, loss });
    // A story of anomalies alone is told by these while it goes on.
    if (episode.ended_at === null && episode.primary_xid === null) continue;
    if (loss.points > 0) losses.push(loss);
    if (episode.severity !== 'critical') continue;
    if (stands(episode, t)) {
      cap = lowerCap(cap, { limit: CRITICAL_FAULT_MAX, loss });
      stop(loss);
      if (dimension === 'reliability') halted = true;
    } else if (dimension !== 'reliability') losses.push({ ...loss, dimension: 'reliability' });
  }

  const asked = driverAction(recovery_action);
  if (asked !== 'none') {
    const request: Loss = {
      dimension: 'reliability',
      points: 100,
      metric: 'recovery_action',
      value: recovery_action,
      limit: 0,
      unit: 'enum',
      window: 'now',
      action: `do what the driver asks for: ${ACTION_WORDS[asked]}`,
      cause: 'recovery',
      factor: 'recovery_requested',
      proves: true,
    };
    cap = lowerCap(cap, { limit: CRITICAL_FAULT_MAX, loss: request });
    stop(request);
    halted = true;
  }
  return {
    losses,
    stopped,
    critical: critical || stopped,
    cap,
    sight: (dimension) =>
      blind || (halted && UNSEEN_WITHOUT_WORK.includes(dimension)) ? 0 : (hidden.get(dimension) ?? 1),
  };
}

/** A counter's anomaly is about its pace, which each detector measures in its own way. */
function unitOf(name: string): string {
  const metric = METRICS[findMetric(name)];
  return metric?.kind === 'gauge' ? metric.unit : '';
}

function anomalyLoss(anomaly: OpenAnomaly, cost: AnomalyCost, t: number): Loss {
  return {
    dimension: cost.dimension ?? dimensionOf(anomaly.metric),
    points: anomaly.severity === 'info' ? 0 : cost[anomaly.severity],
    metric: anomaly.type,
    value: anomaly.observed,
    limit: anomaly.expected,
    unit: unitOf(anomaly.metric),
    window: `open for ${elapsedWords(Math.max(0, t - anomaly.opened_at))}`,
    action: cost.action,
    cause: cost.cause || `${anomaly.type}:${anomaly.metric}`,
    factor: anomaly.type,
    // Silence proves nothing about the GPU; that it is gone does.
    proves: cost.hides !== 'all' || cost.stops,
  };
}

function episodeLoss(episode: RecentEpisode, dimension: Dimension, t: number): Loss {
  const hours_ago = episode.ended_at === null ? 0 : Math.max(0, Math.round((t - episode.ended_at) / 3_600_000));
  return {
    dimension,
    points: EPISODE_POINTS[episode.severity] * episodeWeight(episode, t),
    metric: episode.primary_xid === null ? (episode.anomalies[0] ?? 'episode') : 'xid',
    value: episode.primary_xid,
    limit: null,
    unit: episode.primary_xid === null ? '' : 'XID',
    window:
      episode.ended_at === null
        ? `open for ${elapsedWords(Math.max(0, t - episode.started_at))}`
        : `ended ${hours_ago}h ago${episode.cured ? ', cured' : ''}`,
    action: ACTION_WORDS[episode.action],
    cause: `episode:${episode.id}`,
    factor: 'fault_history',
    proves: true,
  };
}
