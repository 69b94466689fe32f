import type { Anomaly } from '../../pipeline/contract/events.ts';
import { type JobSummary, SUMMARY_WIDTH } from './node-peers.ts';

/** A GPU of a job, as its last summary told it. */
export interface Member {
  readonly node: string;
  readonly ts: number;
  /** Time between its last two summaries. */
  readonly interval_ms: number;
  /** By SUMMARY; -1 = missing. */
  readonly readings: readonly number[];
  /** Instant of the summary that was judged last. */
  readonly judged_ts: number;
  /** Last five evaluations per comparison; null = nothing but calm ones. */
  readonly votes: readonly number[] | null;
  /** The open anomaly as it was told. */
  readonly open: Anomaly | null;
}

/** The GPUs of one model in one job. */
export interface Gang {
  readonly job: string;
  readonly model: string;
  /** Second of the interval in which it is judged. */
  readonly phase: number;
  /** Slow average of the spread per comparison; null = not known yet. */
  spreads: readonly (number | null)[];
  readonly members: Record<string, Member>;
}

export const SUMMARY = { activity: 0, sm: 1, tensor: 2, clock: 3, power: 4, capped: 5 } as const;

/** A member whose last word is older than the longer of this and so many of its intervals has left. */
const LEFT_MS = 60_000;
const LEFT_INTERVALS = 2.5;
const INTERVAL_MAX_MS = 240_000;
/** Taken until the second summary: the slowest cadence there is. */
const INTERVAL_UNKNOWN_MS = 120_000;

/** No UUID can pass for a property that objects have anyway. */
export const memberKey = (gpu_uuid: string): string => `@${gpu_uuid}`;

/** Takes a node's word into the gang. */
export function noteSummary(gang: Gang, { ts, node, gpus, readings }: JobSummary): void {
  for (const [i, uuid] of gpus.entries()) {
    const key = memberKey(uuid);
    const known = gang.members[key];
    if (known !== undefined && ts <= known.ts) continue;
    gang.members[key] = {
      node,
      ts,
      interval_ms: known === undefined ? INTERVAL_UNKNOWN_MS : Math.min(ts - known.ts, INTERVAL_MAX_MS),
      readings: readings.slice(i * SUMMARY_WIDTH, (i + 1) * SUMMARY_WIDTH),
      judged_ts: known?.judged_ts ?? 0,
      votes: known?.votes ?? null,
      open: known?.open ?? null,
    };
  }
}

export const hasLeft = (member: Member, now: number): boolean =>
  now - member.ts > Math.max(LEFT_MS, LEFT_INTERVALS * member.interval_ms);
