import type { Clock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { readablePosition } from '../sinks/questdb/table-states.ts';

export interface TableChanges {
  /** Whether a reading that began at `at` (monotonic ms) would find the same now; false as well while nobody knows. */
  unchangedSince(at: number): boolean;
}

/** A change is seen so much later at most. */
const LOOK_EVERY_MS = 2_000;

/**
 * Whether a table has changed, by its transactions: one small statement every two seconds, while somebody asks, in place of
 * reading the same rows again. Where the last look is older than two of these, nothing is known.
 */
export function tableChanges(options: {
  readonly database: Database;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly table: string;
}): TableChanges {
  const { database, clock, table } = options;
  let looking = false;
  let asked = Number.NEGATIVE_INFINITY;
  /** What the last look found, and since when every look has. */
  let found: { readonly position: number; readonly since: number; readonly seen_at: number } | null = null;

  async function look(began: number): Promise<void> {
    looking = true;
    try {
      const position = await readablePosition(database, table);
      // What was read while this look was under way may be of before.
      const since = found !== null && found.position === position ? found.since : clock.monotonic();
      found = position === null ? null : { position, since, seen_at: began };
    } catch {
      found = null;
    }
    looking = false;
  }

  return {
    unchangedSince(at) {
      const now = clock.monotonic();
      if (!looking && now - asked >= LOOK_EVERY_MS) {
        asked = now;
        void look(now);
      }
      return found !== null && now - found.seen_at <= 2 * LOOK_EVERY_MS && at >= found.since;
    },
  };
}
