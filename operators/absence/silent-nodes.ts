import { ERRORS } from '../../pipeline/contract/error-catalogue.ts';
import type { Anomaly, HealthProfile, HealthScore, Severity } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import type { Emit, FleetOperator, State } from '../../pipeline/contract/operator.ts';
import { type DurationMs, formatDuration, seconds } from '../../pipeline/contract/time.ts';
import { elapsedWords } from '../core/elapsed-words.ts';
import { unseenScore } from '../health/unseen-score.ts';
import type { ScoredGpu } from '../health/verdict.ts';
import type { Heartbeat } from './absence.ts';
import type { Roster } from './roster.ts';
import { closedUnstable, noteCalm, noteReturn, type Unstable } from './unstable-node.ts';

export interface SilentNodesOptions {
  /** A node is silent after the longer of this and so many of its own cadences without a scrape. */
  readonly silent_after: DurationMs;
  readonly silent_scrapes: number;
  /** Silence from here on is a warning, longer than a planned reboot; and critical, longer than any reboot. */
  readonly warning_after: DurationMs;
  readonly critical_after: DurationMs;
  /** A node that has been away for so long is taken as removed. */
  readonly forget_after: DurationMs;
  /** The interval of the heartbeats. */
  readonly heartbeat: DurationMs;
  /** How far heartbeats of different groups may lie apart in the stream. */
  readonly delay: DurationMs;
  /** Of the scores of GPUs that nobody sees. */
  readonly profile: HealthProfile;
}

export interface SilentNodesPorts {
  readonly anomalies: Anomaly;
  readonly scores: HealthScore;
}

interface Heart {
  /** Newest heartbeat, and the fleet's own time at it. */
  readonly ts: number;
  readonly lived_ms: number;
  readonly cadence_ms: number;
  /** First heartbeat since the node was silent last. */
  readonly since: number;
  readonly open: Anomaly | null;
  /** Its GPUs when they were told last. */
  readonly gpus: Roster;
  /** Scrapes since the newest heartbeat that got an error for an answer, and the last one's. Left out while there is none. */
  readonly unanswered?: { readonly scrapes: number; readonly code: string };
  /** Left out for a node that has not been away lately. */
  readonly unstable?: Unstable;
}
interface Fleet {
  /** Event time that passed while heartbeats came: what all nodes lack together is nobody's silence. */
  lived_ms: number;
  newest: number;
  readonly hearts: Record<string, Heart>;
}

const STATE = { nodes: { scope: 'group', type: 'record', width: 1, initial: 0 } } as const;

/** Longest step between two heartbeats of the fleet that counts as time, in heartbeats' own cadences where that is more. */
const STEP_MAX_MS = 120_000;
const STEP_CADENCES = 1.5;
/** A target that does not answer is asked less and less often, up to so many of its intervals. */
const BACK_OFF_CADENCES = 5;
/** How often silence is looked for. */
const EVERY = seconds(20);

/**
 * Names nodes that stop answering: node_silent, one per node, worth knowing first, then a warning, critical when it lasts; and
 * those that do so again and again: node_unstable, a warning that stays until the node has.
 *
 * Input    heartbeats of `absence`, one per node and minute, and what it tells of scrapes without an answer.
 * Output   anomalies about nodes: gpu_uuid and instance are empty, and none about one whose GPUs have all been told of by
 *          another since: it has another name now, or they were moved; scores: with the warning, that nothing is known of the
 *          health of each of the node's GPUs, since what does not report is not healthy, but for those that another node has
 *          told of since. What they are worth when they are back, `health` tells.
 * Time     silence is measured in time in which nodes were heard or asked in vain, so a gap of the whole fleet (a stop, the border
 *          of a back-filled history) is nobody's silence; and a witness is needed: a node heard before and after, or the
 *          collector that asked and got no answer.
 * Limits   one node, or all at once, that stop to be asked are not told: event time stands still. The last scrape is known to
 *          one heartbeat, so silence is told up to that much later than `silent_after`.
 * State    one record of about 110 B per node and 43 B per GPU: 5.7 MB of JSON for 100,000 GPUs on 12,500 nodes.
 * Cost     O(1) per heartbeat; O(nodes) every 20 s of event time; O(GPUs of the fleet) when a silence becomes a warning.
 * Errors   none.
 */
export const silentNodes = (
  options: SilentNodesOptions,
): FleetOperator<{ heartbeats: Heartbeat }, typeof STATE, SilentNodesPorts> => {
  const limitOf = (heart: Heart): number =>
    Math.max(options.silent_after, options.silent_scrapes * heart.cadence_ms) + options.heartbeat;
  const severityOf = (sure_ms: number): Severity =>
    sure_ms > options.critical_after ? 'critical' : sure_ms > options.warning_after ? 'warning' : 'info';
  return {
    name: 'silent_nodes',
    summary: 'nodes that stop answering',
    state: STATE,
    ports: ['anomalies', 'scores'],
    delay: options.delay,
    on: {
      heartbeats: {
        pick: (heartbeat) => heartbeat,
        take({ ts, node, cadence_ms, gpus: told, unanswered }: Heartbeat, state, emit) {
          const fleet = fleetOf(state);
          const heart = fleet.hearts[keyOf(node)];
          if (fleet.newest > 0 && ts > fleet.newest) {
            const usual_ms = unanswered === undefined ? cadence_ms : BACK_OFF_CADENCES * (heart?.cadence_ms ?? 0);
            fleet.lived_ms += Math.min(ts - fleet.newest, Math.max(STEP_MAX_MS, STEP_CADENCES * usual_ms));
          }
          fleet.newest = Math.max(fleet.newest, ts);
          if (heart !== undefined && ts <= heart.ts) return;
          if (unanswered !== undefined) {
            const scrapes = (heart?.unanswered?.scrapes ?? 0) + 1;
            if (heart) fleet.hearts[keyOf(node)] = { ...heart, unanswered: { scrapes, code: unanswered } };
            return;
          }
          if (heart?.open) {
            const away = elapsedWords(ts - heart.ts);
            const explanation = `${node} scrapes again after ${away} without a word.`;
            // Another node's clock may be ahead of this one's, and with it the instant of the opening.
            const closed_at = Math.max(ts, heart.open.opened_at);
            emit('anomalies', { ...heart.open, state: 'closed', closed_at, explanation });
          }
          const unstable = heart?.open
            ? noteReturn(heart.unstable ?? null, node, heart.ts, ts, (anomaly) => emit('anomalies', anomaly))
            : heart?.unstable;
          const goesOn = heart !== undefined && ts - heart.ts <= limitOf(heart);
          const since = goesOn ? heart.since : ts;
          const gpus = told ?? heart?.gpus ?? [];
          const next = { ts, lived_ms: fleet.lived_ms, cadence_ms, since, open: null, gpus };
          fleet.hearts[keyOf(node)] = unstable === undefined ? next : { ...next, unstable };
        },
      },
    },
    timer: {
      every: EVERY,
      onTime(now, state, emit) {
        const fleet = fleetOf(state);
        const silent: string[] = [];
        let witness = Number.POSITIVE_INFINITY;
        let heard = 0;
        let seen: ReadonlyMap<string, Seen> | null = null;
        for (const key in fleet.hearts) {
          const heart = fleet.hearts[key] as Heart;
          if (fleet.lived_ms - heart.lived_ms > limitOf(heart)) silent.push(key);
          else {
            if (heart.unstable) settle(fleet, key, heart, now, emit);
            heard++;
            if (heart.since < witness) witness = heart.since;
          }
        }
        for (const key of silent) {
          const node = key.slice(1);
          const heart = fleet.hearts[key] as Heart;
          const silence_ms = fleet.lived_ms - heart.lived_ms;
          const limit_ms = limitOf(heart);
          if (silence_ms > options.forget_after) {
            const away = elapsedWords(options.forget_after);
            leave(fleet, key, now, `Nothing from ${node} for ${away}: taken as removed.`, emit);
            continue;
          }
          if (witness > heart.ts && heart.unanswered === undefined) continue;
          const severity = severityOf(silence_ms - options.heartbeat);
          const before = heart.open?.severity;
          if (before === severity) continue;
          seen ??= lastSeen(fleet);
          const elsewhere = nodeOfAll(heart, seen);
          if (elsewhere !== null) {
            leave(fleet, key, now, `All GPUs of ${node} report from ${elsewhere} since.`, emit);
            continue;
          }
          const opened_at = heart.open?.opened_at ?? now;
          const usual = heart.cadence_ms > 0 ? `, where it scrapes every ${elapsedWords(heart.cadence_ms)}` : '';
          const open: Anomaly = {
            ts: opened_at,
            gpu_uuid: '',
            node,
            instance: '',
            id: causeId('silent_nodes', node, '', 'node_silent', '', opened_at),
            type: 'node_silent',
            metric: '',
            severity,
            score: silence_ms / limit_ms,
            observed: Math.round(silence_ms / 1_000),
            expected: Math.round(heart.cadence_ms / 1_000),
            window: elapsedWords(limit_ms),
            detector: 'silent_nodes',
            explanation:
              `Nothing from ${node} since ${new Date(heart.ts).toISOString()} or within ` +
              `${formatDuration(options.heartbeat)} after${usual}; ${evidenceOf(heart, heard, silent.length)}.`,
            state: 'open',
            opened_at,
            closed_at: null,
          };
          fleet.hearts[key] = { ...heart, open };
          emit('anomalies', open);
          if (severity === 'info' || (before !== undefined && before !== 'info')) continue;
          const since = `${new Date(heart.ts).toISOString()} or within ${formatDuration(options.heartbeat)} after`;
          for (const told of heart.gpus) {
            const gpu = gpuOf(told, node);
            // A board that another node has told of since was moved.
            if ((seen.get(gpu.gpu_uuid) as Seen).ts > heart.ts) continue;
            emit('scores', unseenScore(gpu, now, since, options.profile));
          }
        }
      },
    },
  };
};

/** Who says so: the collector, which got errors, and other nodes, which it reaches. */
function evidenceOf({ unanswered }: Heart, heard: number, silent: number): string {
  const others = `${heard} other node${heard === 1 ? '' : 's'} went on`;
  if (unanswered === undefined) return others;
  const { scrapes, code } = unanswered;
  const meaning = (ERRORS as Readonly<Record<string, { meaning: string }>>)[code]?.meaning ?? '';
  const errors = `${scrapes} scrape${scrapes === 1 ? '' : 's'} failed (${`${code} ${meaning}`.replace(/[.\s]+$/, '')})`;
  if (heard > 0) return `${errors}; ${others}`;
  return silent === 1
    ? errors
    : `${errors}; none of ${silent} nodes is heard, so look at the collector's own network first`;
}

const gpuOf = (gpu: Roster[number], node: string): ScoredGpu =>
  typeof gpu === 'string' ? { gpu_uuid: gpu, node, instance: '' } : { gpu_uuid: gpu[0], node, instance: gpu[1] };

interface Seen {
  readonly node: string;
  readonly ts: number;
}

const uuidOf = (gpu: Roster[number]): string => (typeof gpu === 'string' ? gpu : gpu[0]);

/** Which node told of each board last, and when. */
function lastSeen({ hearts }: Fleet): ReadonlyMap<string, Seen> {
  const seen = new Map<string, Seen>();
  for (const key in hearts) {
    const { ts, gpus } = hearts[key] as Heart;
    for (const gpu of gpus) {
      const uuid = uuidOf(gpu);
      if ((seen.get(uuid)?.ts ?? Number.NEGATIVE_INFINITY) < ts) seen.set(uuid, { node: key.slice(1), ts });
    }
  }
  return seen;
}

/** The node, or one of several, that has told of all GPUs of a silent one since; null where one is missing, or none is known. */
function nodeOfAll({ ts, gpus }: Heart, seen: ReadonlyMap<string, Seen>): string | null {
  let elsewhere: string | null = null;
  for (const gpu of gpus) {
    const last = seen.get(uuidOf(gpu)) as Seen;
    if (last.ts <= ts) return null;
    elsewhere ??= last.node;
  }
  return elsewhere;
}

/** No name can pass for a property that objects have anyway, nor for a number, which would change the order. */
const keyOf = (node: string): string => `@${node}`;

function fleetOf(state: State<typeof STATE>): Fleet {
  const fleet = (state.nodes[0] ?? { lived_ms: 0, newest: 0, hearts: {} }) as Fleet;
  state.nodes[0] = fleet;
  return fleet;
}

/** A node that is heard: what was said of its coming and going ends when it stays. */
function settle(fleet: Fleet, key: string, heart: Heart, now: number, emit: Emit<SilentNodesPorts>): void {
  const { unstable: was, ...rest } = heart;
  if (was === undefined) return;
  const unstable = noteCalm(was, heart.since, now, (anomaly) => emit('anomalies', anomaly));
  if (unstable === null) fleet.hearts[key] = rest;
}

/** What is open of a node that is there no more is closed. */
function leave(fleet: Fleet, key: string, now: number, explanation: string, emit: Emit<SilentNodesPorts>): void {
  const { open, unstable } = fleet.hearts[key] as Heart;
  if (open) emit('anomalies', { ...open, state: 'closed', closed_at: Math.max(now, open.opened_at), explanation });
  if (unstable?.open) emit('anomalies', closedUnstable(unstable, now, 'is taken as removed'));
  delete fleet.hearts[key];
}
