import type { FailureLabel } from '../contract/predictions.ts';

/** Who tells of a failure: hand, csv, rma and episode are ours, others may have words of their own. */
export const LABEL_SOURCE_CHARACTERS_MAX = 64;
export const LABEL_STATES = ['confirmed', 'suggested', 'rejected'] as const satisfies readonly FailureLabel['status'][];
export const NOTE_CHARACTERS_MAX = 4_096;

/** What somebody tells of a failure; the rest of the row is looked up. */
export type LabelFacts = Omit<FailureLabel, 'ts' | 'node'>;

/** Before GPUs computed anything: an earlier year is a slip of the pen. */
const EARLIEST = Date.UTC(2006, 0, 1);
/** Clocks differ. */
const AHEAD_MAX_MS = 60_000;

/** What is wrong with the instant of a failure, in words; null when nothing is. `now` is the later of wall and event time. */
export function failedAtProblem(failed_at: number, now: number): string | null {
  if (failed_at > now + AHEAD_MAX_MS) return `lies in the future of ${new Date(now).toISOString()}`;
  return failed_at < EARLIEST ? `lies before ${new Date(EARLIEST).toISOString()}` : null;
}

/** The row of a label: its key is the GPU and the instant of the failure, so that telling it again changes it. */
export const labelRow = (facts: LabelFacts, node: string): FailureLabel => ({ ts: facts.failed_at, node, ...facts });
