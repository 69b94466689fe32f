import type { Anomaly, Episode, RecoveryAction, Severity, XidEvent } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import { xidEntry } from '../../pipeline/contract/xids.ts';
import { anomalyKind } from './anomaly-kind.ts';
import { awaitsReset } from './awaits-reset.ts';
import type { Verdict } from './fault-spread.ts';
import { actionText, containText, graver, instantText, spanText } from './in-words.ts';
import { primaryXid, unexplainedXids } from './primary-xid.ts';
import { type RecoveryFacts, recoveryAction } from './recovery-action.ts';

/** An episode while it may still change, with what its next change needs. Plain data. */
export interface Story {
  readonly id: string;
  readonly gpu_uuid: string;
  readonly instance: string;
  readonly started_at: number;
  node: string;
  job: string;
  ended_at: number | null;
  /** Quiet, and open for want of a reset only. */
  waits?: boolean;
  /** The newest XID or anomaly opening, and the newest of these and of closings. */
  last_event: number;
  last_seen: number;
  xids: number[];
  anomalies: string[];
  /** Ids of its anomalies that are open. */
  open: string[];
  count: number;
  /** Of its gravest anomaly. */
  anomaly_severity: Severity;
  anomaly_type: string;
  anomaly_metric: string;
  anomaly_text: string;
  /** The first reset behind it, whether that cured it, and how long the trouble stayed away. */
  reset_at: number | null;
  cured: boolean | null;
  back_after: number | null;
  /** How long after a reset that ended an earlier story of the same kind this one began. */
  returned_after: number | null;
  verdict: Verdict | null;
  fatal_bursts: number;
  /** Which other boards of the node show the same, where that acquits this one. */
  shared?: string;
  severity: Severity;
  category: string;
  action: RecoveryAction;
  /** What comes before the replacement that it asks for. */
  contain?: RecoveryAction | undefined;
  reason: string;
}

/** Where and when a story begins; `cause` tells stories of one instant apart. */
export function newStory(at: { gpu_uuid: string; instance: string; node: string; ts: number; cause: string }): Story {
  return {
    id: causeId('episode', at.gpu_uuid, at.instance || at.node, at.ts, at.cause),
    gpu_uuid: at.gpu_uuid,
    instance: at.instance,
    started_at: at.ts,
    node: at.node,
    job: '',
    ended_at: null,
    last_event: at.ts,
    last_seen: at.ts,
    xids: [],
    anomalies: [],
    open: [],
    count: 0,
    anomaly_severity: 'info',
    anomaly_type: '',
    anomaly_metric: '',
    anomaly_text: '',
    reset_at: null,
    cured: null,
    back_after: null,
    returned_after: null,
    verdict: null,
    fatal_bursts: 0,
    severity: 'info',
    category: 'unknown',
    action: 'none',
    reason: '',
  };
}

function noteEvent(story: Story, ts: number, count: number): void {
  story.ended_at = null;
  story.waits = false;
  story.last_event = Math.max(story.last_event, ts);
  story.last_seen = Math.max(story.last_seen, ts);
  story.count += count;
}

export function addXid(story: Story, event: XidEvent): void {
  noteEvent(story, event.ts, event.count);
  story.node = event.node;
  story.job ||= event.job;
  if (!story.xids.includes(event.xid)) story.xids.push(event.xid);
}

/** Takes an anomaly in, or its higher severity when it is in already. */
export function addAnomaly(
  story: Story,
  anomaly: Pick<Anomaly, 'id' | 'type' | 'metric' | 'severity' | 'explanation' | 'opened_at'>,
): void {
  if (!story.open.includes(anomaly.id)) {
    noteEvent(story, anomaly.opened_at, 1);
    story.open.push(anomaly.id);
  }
  if (!story.anomalies.includes(anomaly.type)) story.anomalies.push(anomaly.type);
  if (story.anomaly_type !== '' && graver(story.anomaly_severity, anomaly.severity) === story.anomaly_severity) return;
  story.anomaly_severity = anomaly.severity;
  story.anomaly_type = anomaly.type;
  story.anomaly_metric = anomaly.metric;
  story.anomaly_text = anomaly.explanation;
}

/** Whether a reset alone can end it. */
export const needsReset = (story: Story): boolean => awaitsReset({ ...story, primary_xid: primaryXid(story.xids) });

const aboutSensor = (type: string): boolean => anomalyKind(type, '').category === 'sensor';

/** What the state of the GPU adds to the judgement. */
export type BoardFacts = Pick<
  RecoveryFacts,
  'recovery_action' | 'remap_pending' | 'remap_failed' | 'fatal_bursts_max' | 'repeat_window_text'
>;

/** Judges severity, category and action anew; true when any of them changed. */
export function judge(story: Story, board: BoardFacts): boolean {
  const before = [story.severity, story.category, story.action, story.reason].join();
  const primary = primaryXid(story.xids);
  const kind = story.anomaly_type === '' ? null : anomalyKind(story.anomaly_type, story.anomaly_metric);
  const critical = kind !== null && story.anomaly_severity === 'critical';
  let severity: Severity = story.anomaly_type === '' ? 'info' : story.anomaly_severity;
  for (const code of story.xids) {
    const entry = xidEntry(code);
    if (entry.follows !== 'any' || code === primary) severity = graver(severity, entry.severity);
  }
  if (story.verdict?.by === 'hardware') severity = graver(severity, 'warning');
  story.category = primary === null ? (kind?.category ?? 'unknown') : xidEntry(primary).category;
  // Whatever the engine that met it, a fault of the GPU is none of the program's any more.
  if (story.verdict?.by === 'hardware') story.category = 'unknown';
  if (story.verdict?.by === 'application') story.category = 'application';
  // The program is gone, the reading that it broke still lies.
  if (story.category === 'application' && story.anomalies.some(aboutSensor)) story.category = 'sensor';
  const recovery = recoveryAction({
    ...board,
    xids: story.xids,
    severity,
    category: story.category,
    verdict: story.verdict,
    anomaly: critical ? { action: kind.action, reason: kind.reason } : null,
    fatal_bursts: story.fatal_bursts,
    shared: story.shared ?? null,
    back_after_text: story.returned_after === null ? null : spanText(story.returned_after),
  });
  story.severity = story.fatal_bursts >= board.fatal_bursts_max ? 'critical' : severity;
  story.action = recovery.action;
  story.contain = recovery.contain;
  story.reason = recovery.reason;
  return before !== [story.severity, story.category, story.action, story.reason].join();
}

/** The row of a story as it stands. */
export function episodeOf(story: Story): Episode {
  return {
    ts: story.started_at,
    gpu_uuid: story.gpu_uuid,
    node: story.node,
    instance: story.instance,
    id: story.id,
    xids: [...story.xids],
    primary_xid: primaryXid(story.xids),
    anomalies: [...story.anomalies],
    severity: story.severity,
    category: story.category,
    action: story.action,
    explanation: explain(story),
    started_at: story.started_at,
    ended_at: story.ended_at,
    count: story.count,
    reset_at: story.reset_at,
    cured: story.cured,
    job: story.job,
  };
}

function explain(story: Story): string {
  const order = story.contain === undefined ? actionText(story.action, story.severity) : containText(story.contain);
  const sentences = [whatHappened(story), `${order}: ${story.reason}.`];
  if (story.reset_at === null && story.waits === true) {
    sentences.push(`Quiet since ${instantText(story.last_seen)}, but no reset was seen since: it waits for one.`);
  } else if (story.ended_at !== null && needsReset(story)) {
    sentences.push(`Quiet since ${instantText(story.last_seen)}; no reset was seen, and it is no longer waited for.`);
  }
  if (story.reset_at !== null) {
    const behind = spanText(Math.max(0, story.reset_at - story.last_seen));
    const reset = `A reset came ${behind} after the last sign of it, at ${instantText(story.reset_at)}`;
    if (story.cured === null) sentences.push(`${reset}.`);
    else if (story.cured) sentences.push(`${reset}, and it has not come back: cured.`);
    else if (story.back_after === null) sentences.push(`${reset}, but it went on: not cured.`);
    else sentences.push(`${reset}, and ${spanText(story.back_after)} later it was back: not cured.`);
  }
  return sentences.join(' ');
}

function whatHappened(story: Story): string {
  const primary = primaryXid(story.xids);
  if (primary === null) {
    const others = story.anomalies.filter((type) => type !== story.anomaly_type);
    const also = others.length > 0 ? ` With it: ${others.join(', ')}.` : '';
    return `${story.anomaly_type} since ${instantText(story.started_at)}: ${story.anomaly_text}${also}`;
  }
  const own = unexplainedXids(story.xids);
  const also = own.filter((code) => code !== primary);
  const follow = story.xids.filter((code) => !own.includes(code));
  const span = story.last_event - story.started_at;
  return [
    `XID ${primary} (${xidEntry(primary).name}) at ${instantText(story.started_at)}`,
    also.length > 0 ? `, also ${also.join(', ')}` : '',
    follow.length > 0 ? `, with ${follow.join(', ')} following from it` : '',
    story.anomalies.length > 0 ? `, together with ${story.anomalies.join(', ')}` : '',
    story.count > 1 ? `; ${story.count} events${span > 0 ? ` within ${spanText(span)}` : ' at once'}` : '',
    '.',
  ].join('');
}
