import type { Database } from '../../pipeline/contract/database.ts';
import { GPU_FAILURE_LABELS } from '../../pipeline/contract/prediction-tables.ts';
import type { FailureLabel } from '../../pipeline/contract/predictions.ts';
import { columnList, quoted } from './select-rows.ts';

const ROWS_AT_ONCE = 500;
const NAMES = GPU_FAILURE_LABELS.columns.map(({ name }) => name);

/**
 * Stores labels; one of the same GPU and instant replaces what was there. Resolves when they can be read. Throws GV-API-003
 * when the database is away: rows before the one that failed may be stored then, and may be given again.
 */
export async function writeLabels(database: Database, labels: readonly FailureLabel[]): Promise<void> {
  const table = quoted(GPU_FAILURE_LABELS.name);
  for (let at = 0; at < labels.length; at += ROWS_AT_ONCE) {
    const rows = labels.slice(at, at + ROWS_AT_ONCE);
    const parameters = rows.flatMap((label) =>
      NAMES.map((name) => {
        const value = label[name as keyof FailureLabel];
        return typeof value === 'number' ? new Date(value) : value;
      }),
    );
    const places = rows.map((_, row) => `(${NAMES.map((_, i) => `$${row * NAMES.length + i + 1}`).join(', ')})`);
    await database.query(
      `INSERT INTO ${table} (${columnList(GPU_FAILURE_LABELS)}) VALUES ${places.join(', ')}`,
      parameters,
    );
  }
  if (labels.length > 0) await database.query(`SELECT wait_wal_table('${table.slice(1, -1)}')`);
}
