import type { Database } from '../../pipeline/contract/database.ts';
import { ROLLUPS, TABLES } from '../../pipeline/contract/tables.ts';
import { quoted } from './select-rows.ts';

/** Drops our tables and rollups with all their rows, from the coarsest rollup down. Throws VitalsError. */
export async function removeTables(database: Database): Promise<void> {
  for (const { name } of ROLLUPS.toReversed()) {
    await database.query(`DROP MATERIALIZED VIEW IF EXISTS ${quoted(name)}`);
  }
  for (const { name } of TABLES) await database.query(`DROP TABLE IF EXISTS ${quoted(name)}`);
}
