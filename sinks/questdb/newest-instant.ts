import type { Database } from '../../pipeline/contract/database.ts';
import { quoted } from './select-rows.ts';

/** Event time of a table's newest row, epoch ms; null when it has none. Throws GV-API-003 when the database is away. Cost: none that grows. */
export async function newestInstant(database: Database, table: { readonly name: string }): Promise<number | null> {
  const [row] = await database.query<{ newest: number | null }>(
    `SELECT max(ts) AS newest FROM ${quoted(table.name)}`,
    [],
  );
  return row?.newest ?? null;
}
