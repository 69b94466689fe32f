import type { Anomaly } from '../../pipeline/contract/events.ts';
import { type JobSummary, SUMMARY_WIDTH } from './job-summaries.ts';
import type { Work } from './stalled-work.ts';

/** A node's GPUs of one model in a job, as its last summary told them; written in place, lists by GPU. */
export interface NodeShare {
  readonly node: string;
  ts: number;
  /** Time between its last two summaries. */
  interval_ms: number;
  /** Instant of the summary that was judged last. */
  judged_ts: number;
  gpus: readonly string[];
  /** SUMMARY_WIDTH a GPU; -1 = missing. */
  readings: readonly number[];
  /** Places of those whose load is new. */
  unsettled?: readonly number[];
  /** Last five evaluations per comparison; null = nothing but calm ones. */
  votes: (readonly number[] | null)[];
  /** Open anomalies as they were told. */
  open: (Anomaly | null)[];
}

/** A pause of the work is no recovery. */
export interface Away {
  readonly since: number;
  readonly votes: readonly number[] | null;
  readonly open: Anomaly;
}

/** The GPUs of one model in one job. */
export interface Gang {
  readonly job: string;
  readonly model: string;
  /** Second of the interval in which it is judged. */
  readonly phase: number;
  /** Slow average of the spread per comparison; null = not known yet. */
  readonly spreads: (number | null)[];
  readonly nodes: Record<string, NodeShare>;
  /** What is open on GPUs that do not work at the moment, by UUID. */
  readonly away: Record<string, Away>;
  /** Whether it computes; left out until it was looked at. */
  work?: Work;
}

/**
 * A node whose last word is older than the longer of this and so many of its intervals is not at work: a word comes one
 * scrape after its instant, and waits for the fleet's order.
 */
const LEFT_MS = 120_000;
const LEFT_INTERVALS = 3.5;
/** Whoever has been away for so long has left the job. */
const AWAY_MAX_MS = 600_000;
const INTERVAL_MAX_MS = 240_000;
/** Taken until the second summary: the slowest cadence there is. */
const INTERVAL_UNKNOWN_MS = 120_000;

/** No name can pass for a property that objects have anyway. */
const keyOf = (name: string): string => `@${name}`;

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, i) => text === b[i]);

/** Takes a node's word into the gang. */
export function noteSummary(gang: Gang, { ts, node, gpus, readings, unsettled = [] }: JobSummary): void {
  const key = keyOf(node);
  const share = gang.nodes[key];
  if (share !== undefined && ts <= share.ts) return;
  if (share !== undefined && isSame(gpus, share.gpus)) {
    share.interval_ms = Math.min(ts - share.ts, INTERVAL_MAX_MS);
    share.ts = ts;
    share.readings = readings;
    share.unsettled = unsettled;
    return;
  }
  if (share !== undefined) leave(gang, share);
  const interval_ms = share === undefined ? INTERVAL_UNKNOWN_MS : Math.min(ts - share.ts, INTERVAL_MAX_MS);
  const back = gpus.map((uuid) => gang.away[keyOf(uuid)] ?? null);
  for (const uuid of gpus) delete gang.away[keyOf(uuid)];
  const votes = back.map((known, i) => known?.votes ?? share?.votes[share.gpus.indexOf(gpus[i] as string)] ?? null);
  const open = back.map((known) => known?.open ?? null);
  gang.nodes[key] = { node, ts, interval_ms, judged_ts: share?.judged_ts ?? 0, gpus, readings, unsettled, votes, open };
}

/** Keeps what is open on a node's GPUs until they are back. */
function leave(gang: Gang, share: NodeShare): void {
  share.open.forEach((open, i) => {
    if (open !== null) gang.away[keyOf(open.gpu_uuid)] = { since: share.ts, votes: share.votes[i] ?? null, open };
  });
}

/** Lets go of nodes that are not at work; returns what was open on GPUs that have left for good. */
export function dropAway(gang: Gang, now: number): Anomaly[] {
  for (const key in gang.nodes) {
    const share = gang.nodes[key] as NodeShare;
    if (now - share.ts <= Math.max(LEFT_MS, LEFT_INTERVALS * share.interval_ms)) continue;
    leave(gang, share);
    delete gang.nodes[key];
  }
  const gone = Object.entries(gang.away).filter(([, { since }]) => now - since > AWAY_MAX_MS);
  for (const [key] of gone) delete gang.away[key];
  return gone.map(([, { open }]) => open);
}

/** One GPU of a gang during an evaluation. */
export interface Member {
  readonly share: NodeShare;
  readonly i: number;
}

export const SUMMARY = { activity: 0, sm: 1, tensor: 2, clock: 3, power: 4, held: 5, dram: 6, nvlink: 7 } as const;

export const readingOf = ({ share, i }: Member, reading: number): number =>
  share.readings[i * SUMMARY_WIDTH + reading] as number;

/** Whether it has had its load for a while. */
export const isSettled = ({ share, i }: Member): boolean => share.unsettled?.includes(i) !== true;

/** At most such a share of what the others draw, and so close to their activity at least. */
const LESS_POWER_RATIO = 0.95;
const SAME_ACTIVITY_RATIO = 0.05;
/** Between bursts of requests clocks and power fall on their own; work that all wait for fills the time. */
export const BUSY_RATIO = 0.6;

/**
 * Whether a GPU draws less than the others (medians) although it is as busy. Boards that a power limit holds differ in clock by
 * nature and draw alike; who is slower and draws less too could run faster, so that their spread is no excuse.
 */
export const drawsLess = (member: Member, power: number, activity: number): boolean => {
  const own = readingOf(member, SUMMARY.power);
  const busy = readingOf(member, SUMMARY.activity) >= Math.max(BUSY_RATIO, activity - SAME_ACTIVITY_RATIO);
  return busy && own >= 0 && own < LESS_POWER_RATIO * power;
};

/** Takes what is open on a GPU out of the gang; empty when nothing is. */
export function forget(gang: Gang, uuid: string): Anomaly[] {
  const found: Anomaly[] = [];
  const away = gang.away[keyOf(uuid)];
  if (away !== undefined) {
    found.push(away.open);
    delete gang.away[keyOf(uuid)];
  }
  for (const key in gang.nodes) {
    const { gpus, open } = gang.nodes[key] as NodeShare;
    const i = gpus.indexOf(uuid);
    const anomaly = open[i] ?? null;
    if (anomaly === null) continue;
    open[i] = null;
    found.push(anomaly);
  }
  return found;
}
