import type {
  Anomaly,
  Episode,
  HealthScore,
  Incident,
  RecoveryAction,
  Severity,
} from '../../pipeline/contract/events.ts';
import type { Prediction } from '../../pipeline/contract/predictions.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { CONDITIONS } from '../conditions/condition-table.ts';
import { anomalyKind } from '../episodes/anomaly-kind.ts';
import { awaitsReset, RESET_AWAITED, RESETS } from '../episodes/awaits-reset.ts';
import { ACTION_TEXT, orderOf } from '../episodes/in-words.ts';
import { isPlant } from '../episodes/incident-member.ts';
import type { AlertSource } from './alert-rule.ts';
import { tellsByItself } from './newest-reading.ts';

/** A row reduced to what decides about an alert and what it says. Plain data. */
export interface Finding {
  readonly source: AlertSource;
  readonly source_id: string;
  /** What it is news of: the same text, the same condition. */
  readonly cause: string;
  /** Whether that goes on, and whether it is fresh enough to begin an alert. */
  readonly holds: boolean;
  readonly opens: boolean;
  /** When it is over if nobody says otherwise; null: it is over when somebody says so. */
  readonly until: number | null;
  /** Event time of the news, and since when there is something to tell. */
  readonly at: number;
  readonly since: number;
  readonly severity: Severity;
  readonly category: string;
  readonly action: RecoveryAction;
  readonly action_text: string;
  /** What was found, in a sentence. */
  readonly text: string;
  /** Of a metric whose newest reading says how it stands now. */
  readonly metric?: string;
  /** The text says that it is over, and when that was. */
  readonly tells_end?: true;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly job: string;
  /** Types of the anomalies that it stands for: they are told with it. */
  readonly kinds: readonly string[];
  /** An incident's. */
  readonly nodes?: readonly string[];
  readonly gpus?: readonly string[];
  /** What its scope is called. */
  readonly origin?: string;
}

/** Behind these a fault story is about money, not about a fault. */
const MONEY: readonly string[] = ['held_idle', 'framebuffer_stuck'];

/** Detectors whose closing sentence says how long it lasted. */
const TELL_END: readonly string[] = ['conditions', 'absence', 'silent_nodes', 'moved_gpus'];

/** `clock`: the event time that was reached, for news that do not say when they came. */
export function findingOfAnomaly(anomaly: Anomaly, clock: number): Finding {
  const { id, type, metric, severity, state, opened_at, closed_at, gpu_uuid, node, instance, detector, explanation } =
    anomaly;
  const { category, action } = anomalyKind(type, metric);
  const advice = CONDITIONS.find((condition) => condition.type === type && explanation.includes(condition.action));
  return {
    source: 'anomalies',
    source_id: id,
    cause: id,
    holds: state === 'open',
    opens: true,
    until: null,
    at: state === 'open' ? Math.max(opened_at, clock) : (closed_at ?? opened_at),
    since: opened_at,
    severity,
    category: MONEY.includes(type) ? 'money' : type === 'forecast_limit' ? 'prediction' : category,
    action: severity === 'critical' ? action : 'none',
    action_text: advice?.action ?? '',
    text: withoutAdvice(explanation, [type]),
    ...(gpu_uuid !== '' && tellsByItself(metric) ? { metric } : {}),
    ...(state === 'closed' && TELL_END.includes(detector) ? { tells_end: true as const } : {}),
    gpu_uuid,
    node,
    instance,
    job: '',
    kinds: [type],
  };
}

/**
 * `await_reset`: how long a fault of anomalies alone waits for the reset that it needs, once they are over; one of XIDs, which
 * may never come again, waits as long as its episode does.
 */
export function findingOfEpisode(episode: Episode, clock: number, await_reset: DurationMs): Finding {
  const { id, severity, category, action, started_at, ended_at, reset_at, explanation } = episode;
  const wait = awaitsReset(episode) ? RESET_AWAITED : await_reset;
  const until = ended_at !== null && RESETS.includes(action) && reset_at === null ? ended_at + wait : null;
  const holds = ended_at === null || (until !== null && clock < until);
  const order = orderOf(episode);
  const cut = explanation.indexOf(` ${order}: `);
  return {
    source: 'xid_episodes',
    source_id: id,
    cause: id,
    holds,
    opens: ended_at === null && reset_at === null,
    until,
    // Told over after it has been quiet for a while, it was over when that began, or with its reset.
    at: holds ? Math.max(started_at, clock) : (until ?? Math.max(ended_at ?? 0, reset_at ?? 0)),
    since: started_at,
    severity,
    category,
    action,
    action_text: cut < 0 ? `${order}.` : explanation.slice(cut + 1),
    text: withoutAdvice(cut < 0 ? explanation : explanation.slice(0, cut), episode.anomalies).replace(TYPE_FIRST, ''),
    gpu_uuid: episode.gpu_uuid,
    node: episode.node,
    instance: episode.instance,
    job: episode.job,
    kinds: [...episode.anomalies],
  };
}

/** A story without XIDs begins with the type of its gravest anomaly, whose sentence says the same in words. */
const TYPE_FIRST = /^[a-z0-9_]+ since [0-9-]+ [0-9:]+ UTC: /;

/** A condition's sentence without what to do, which an alert says in a place of its own. */
const withoutAdvice = (text: string, types: readonly string[]): string =>
  CONDITIONS.filter(({ type }) => types.includes(type)).reduce(
    (cut, { action }) => cut.replace(` ${action}`, ''),
    text,
  );

/** Anomalies of nodes and GPUs that an incident of this scope explains. */
const EXPLAINED: Readonly<Record<Incident['scope'], readonly string[]>> = {
  gpu: [],
  node: ['node_silent', 'gpu_lost'],
  nvlink_domain: [],
  rack: ['node_silent', 'gpu_lost'],
  job: [],
};

/** What an incident of the heat or power of a node explains: alerts of its boards about the same. */
export const boardsKind = (category: string): string => `${category} of its boards`;

export function findingOfIncident(incident: Incident, clock: number): Finding {
  const { id, scope, severity, category, action, state, opened_at, closed_at, summary, gpu_uuid, node } = incident;
  return {
    source: 'incidents',
    source_id: id,
    cause: id,
    holds: state === 'open',
    opens: true,
    until: null,
    at: state === 'open' ? Math.max(opened_at, clock) : (closed_at ?? opened_at),
    since: opened_at,
    severity,
    category,
    action,
    action_text: adviceOf(summary) || `${ACTION_TEXT[action]}.`,
    text: adviceOf(summary) === '' ? summary : summary.slice(0, -adviceOf(summary).length).trimEnd(),
    // A domain's incident may name the GPU that broke it; the alert is about the domain.
    gpu_uuid: scope === 'gpu' ? gpu_uuid : '',
    node,
    instance: '',
    job: scope === 'job' ? incident.origin : '',
    kinds: scope === 'node' && isPlant(category) ? [boardsKind(category)] : EXPLAINED[scope],
    nodes: [...incident.nodes],
    gpus: [...incident.gpus],
    origin: incident.origin,
  };
}

/** The last sentence of an incident's summary says what to do. */
function adviceOf(summary: string): string {
  const cut = summary.lastIndexOf('. ');
  return cut < 0 ? '' : summary.slice(cut + 2);
}

/** By the dimension that costs most; what is slow or unreliable may be anything. */
const DIMENSION_CATEGORIES: Readonly<Record<string, string>> = {
  memory: 'memory',
  thermal: 'thermal',
  power: 'power',
  performance: 'unknown',
  reliability: 'unknown',
};

/** Health and risk have no rows with an id: a row is known by its GPU and its instant. */
const rowId = (ts: number): string => new Date(ts).toISOString();

export function findingOfScore(score: HealthScore): Finding {
  const { ts, gpu_uuid, node, instance, health_grade, contributions, explanation, action } = score;
  // What holds the whole down costs a dimension too, which says what it is.
  const worst = contributions.reduce<(typeof contributions)[number] | null>(
    (most, one) => (most === null || (one.dimension !== 'overall' && one.points > most.points) ? one : most),
    null,
  );
  return {
    source: 'gpu_health_scores',
    source_id: rowId(ts),
    cause: `health ${instance}`,
    holds: true,
    opens: true,
    until: null,
    at: ts,
    since: ts,
    severity: health_grade === 'critical' ? 'critical' : health_grade === 'poor' ? 'warning' : 'info',
    category: DIMENSION_CATEGORIES[worst?.dimension ?? ''] ?? 'unknown',
    action,
    action_text: sentence(worst?.action ?? ''),
    text: explanation,
    gpu_uuid,
    node,
    instance,
    job: '',
    kinds: [],
  };
}

export function findingOfPrediction(prediction: Prediction): Finding {
  const { ts, gpu_uuid, node, instance, explanation } = prediction;
  return {
    source: 'gpu_failure_predictions',
    source_id: rowId(ts),
    cause: `risk ${instance}`,
    holds: true,
    opens: true,
    until: null,
    at: ts,
    since: ts,
    severity: 'warning',
    category: 'prediction',
    action: 'none',
    action_text: '',
    text: explanation,
    gpu_uuid,
    node,
    instance,
    job: '',
    kinds: [],
  };
}

const sentence = (text: string): string =>
  text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
