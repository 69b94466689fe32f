import type { Anomaly } from '../../pipeline/contract/events.ts';
import { type JobSummary, SUMMARY_WIDTH } from './node-peers.ts';

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
  /** Last five evaluations per comparison; null = nothing but calm ones. */
  votes: (readonly number[] | null)[];
  /** Open anomalies as they were told. */
  open: (Anomaly | null)[];
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
  /** What was open on GPUs that have left, to be closed. */
  left: Anomaly[];
}

/** A node whose last word is older than the longer of this and so many of its intervals has left. */
const LEFT_MS = 60_000;
const LEFT_INTERVALS = 2.5;
const INTERVAL_MAX_MS = 240_000;
/** Taken until the second summary: the slowest cadence there is. */
const INTERVAL_UNKNOWN_MS = 120_000;

/** No name can pass for a property that objects have anyway. */
const nodeKey = (node: string): string => `@${node}`;

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, i) => text === b[i]);

/** Takes a node's word into the gang. */
export function noteSummary(gang: Gang, { ts, node, gpus, readings }: JobSummary): void {
  const key = nodeKey(node);
  const share = gang.nodes[key];
  if (share === undefined) {
    const none = gpus.map(() => null);
    gang.nodes[key] = {
      node,
      ts,
      interval_ms: INTERVAL_UNKNOWN_MS,
      judged_ts: 0,
      gpus,
      readings,
      votes: none,
      open: [...none],
    };
    return;
  }
  if (ts <= share.ts) return;
  share.interval_ms = Math.min(ts - share.ts, INTERVAL_MAX_MS);
  share.ts = ts;
  share.readings = readings;
  if (isSame(gpus, share.gpus)) return;
  gang.left.push(
    ...(share.open.filter((open, i) => open !== null && !gpus.includes(share.gpus[i] as string)) as Anomaly[]),
  );
  const before = gpus.map((uuid) => share.gpus.indexOf(uuid));
  share.votes = before.map((i) => share.votes[i] ?? null);
  share.open = before.map((i) => share.open[i] ?? null);
  share.gpus = gpus;
}

/** Drops nodes that have not told anything for long. */
export function dropLeft(gang: Gang, now: number): void {
  for (const key in gang.nodes) {
    const share = gang.nodes[key] as NodeShare;
    if (now - share.ts <= Math.max(LEFT_MS, LEFT_INTERVALS * share.interval_ms)) continue;
    for (const open of share.open) if (open !== null) gang.left.push(open);
    delete gang.nodes[key];
  }
}

/** One GPU of a gang during an evaluation. */
export interface Member {
  readonly share: NodeShare;
  readonly i: number;
}

export const SUMMARY = { activity: 0, sm: 1, tensor: 2, clock: 3, power: 4, held: 5 } as const;

export const readingOf = ({ share, i }: Member, reading: number): number =>
  share.readings[i * SUMMARY_WIDTH + reading] as number;
