import type { Clock } from '../pipeline/clock.ts';

/** One line of a log, with its fields. */
export type NoteLine = (fields: Readonly<Record<string, unknown>>, text: string) => void;

const QUIET_MS = 60_000;
const REASONS_MAX = 64;

/**
 * Tells refusals without letting strangers fill the log: the first of a reason at once, what follows within a minute as one
 * line with their number, at the next of them after it.
 */
export function refusalTeller(note: NoteLine, clock: Clock): (reason: string, detail: string) => void {
  const last = new Map<string, { at: number; more: number }>();
  return (reason, detail) => {
    const now = clock.monotonic();
    const known = last.get(reason);
    if (known !== undefined && now - known.at < QUIET_MS) {
      known.more++;
      return;
    }
    if (known === undefined && last.size >= REASONS_MAX) return;
    const more = known?.more ?? 0;
    last.set(reason, { at: now, more: 0 });
    note({ reason, ...(more > 0 ? { more_before: more } : {}) }, `refused: ${detail}`);
  };
}
