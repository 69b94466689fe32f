import type { Episode, Incident, Severity } from '../../pipeline/contract/events.ts';

/** When something was first told, and first as warning or critical, in event time of the stream; null = never. */
export interface ToldTimes {
  readonly told_at: number;
  warned_at: number | null;
  critical_at: number | null;
  /** The highest severity that it had. */
  severity: Severity;
}

/** An anomaly over its life. */
export interface Alarm extends ToldTimes {
  readonly id: string;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly type: string;
  readonly detector: string;
  readonly metric: string;
  readonly opened_at: number;
  closed_at: number | null;
  explanation: string;
}

/** An episode over its life; `row` is how it was last told. */
export interface ToldEpisode extends ToldTimes {
  row: Episode;
}

/** An incident over its life, and since when each of its GPUs and nodes belongs to it. */
export interface ToldIncident extends ToldTimes {
  row: Incident;
  readonly gpus: Map<string, number>;
  readonly nodes: Map<string, number>;
}

/** A value that was refused; those that the collector refuses name their node only. */
export interface RefusedValue {
  readonly gpu_uuid: string;
  readonly node: string;
  readonly reason: string;
  readonly at_ms: number;
}

const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

export const firstTold = (severity: Severity, now: number): ToldTimes => ({
  told_at: now,
  warned_at: null,
  critical_at: null,
  severity,
});

/** Notes that it is told now, as severe as it is. */
export function tellAgain(told: ToldTimes, severity: Severity, now: number): void {
  if (RANK[severity] > RANK[told.severity]) told.severity = severity;
  if (severity !== 'info') told.warned_at ??= now;
  if (severity === 'critical') told.critical_at ??= now;
}

/** When it became as severe as it ever was: the moment that it is judged by where nothing is wrong. */
export const peakedAt = (told: ToldTimes): number => told.critical_at ?? told.warned_at ?? told.told_at;
