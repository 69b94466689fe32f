import type { Clock } from '../../pipeline/clock.ts';
import type { Database } from '../../pipeline/contract/database.ts';
import { ROLLUPS } from '../../pipeline/contract/tables.ts';
import { quoted } from './select-rows.ts';

interface ViewRow extends Record<string, unknown> {
  readonly taken: number;
  readonly stored: number;
}

const LOOK_MS = 250;
const WAIT_MS_MAX = 120_000;

/**
 * Brings the rollups up to what the raw table holds now, instead of at their next timer: after a past was filled in, which
 * would show in none of them for up to a quarter of an hour. The finest first, because the others are made of it. Gives up
 * a view after two minutes, and goes on with the next; stops early when the signal aborts.
 */
export async function refreshRollups(database: Database, clock: Clock, signal: AbortSignal): Promise<void> {
  const state = async (name: string): Promise<ViewRow | undefined> => {
    const [view] = await database.query<ViewRow>(
      'SELECT refresh_base_table_txn AS taken, base_table_txn AS stored FROM materialized_views() WHERE view_name = $1',
      [name],
    );
    return view;
  };
  for (const { name } of ROLLUPS) {
    const wanted = (await state(name))?.stored;
    if (wanted === undefined || signal.aborted) continue;
    await database.query(`REFRESH MATERIALIZED VIEW ${quoted(name)} INCREMENTAL`);
    const until = clock.monotonic() + WAIT_MS_MAX;
    while (!signal.aborted && clock.monotonic() < until && ((await state(name))?.taken ?? wanted) < wanted) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}
