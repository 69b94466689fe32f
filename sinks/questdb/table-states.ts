import type { Database } from '../../pipeline/contract/database.ts';
import { ROLLUPS, TABLES } from '../../pipeline/contract/tables.ts';

/** State of one of our tables or rollups. */
export interface TableState {
  readonly name: string;
  readonly suspended: boolean;
  /** Transactions taken but not yet readable. */
  readonly transactions_behind: number;
  /** QuestDB slows itself down: 0 no, 1 less parallel, 2 with pauses. */
  readonly memory_pressure: number;
  readonly error: string;
  readonly rows: number | null;
  readonly disk_bytes: number;
}

interface WalRow extends Record<string, unknown> {
  readonly name: string;
  readonly suspended: boolean;
  readonly writerTxn: number;
  readonly sequencerTxn: number;
  readonly errorTag: string | null;
  readonly errorMessage: string | null;
  readonly memoryPressure: number;
}

const OURS = [...TABLES, ...ROLLUPS].map((spec) => spec.name);

/** Those of our tables and rollups that exist, in the order of the catalogue. Cost: two small statements. */
export async function readTableStates(database: Database): Promise<TableState[]> {
  const wal = await database.query<WalRow>(
    'SELECT name, suspended, writerTxn, sequencerTxn, errorTag, errorMessage, memoryPressure FROM wal_tables()',
  );
  const storage = await database.query<{ name: string; rows: number | null; bytes: number }>(
    'SELECT tableName AS name, rowCount AS rows, diskSize AS bytes FROM table_storage()',
  );
  const states = new Map(wal.map((row) => [row.name, row]));
  const sizes = new Map(storage.map((row) => [row.name, row]));
  return OURS.flatMap((name) => {
    const row = states.get(name);
    if (row === undefined) return [];
    return {
      name,
      suspended: row.suspended,
      transactions_behind: Math.max(0, row.sequencerTxn - row.writerTxn),
      memory_pressure: row.memoryPressure,
      error: [row.errorTag, row.errorMessage].filter((text) => text).join(': '),
      rows: sizes.get(name)?.rows ?? null,
      disk_bytes: sizes.get(name)?.bytes ?? 0,
    };
  });
}

/**
 * The transaction up to which a table's rows can be read; null while some wait to be applied, or where there is no such table.
 * Cost: a small statement.
 */
export async function readablePosition(database: Database, table: string): Promise<number | null> {
  const [row] = await database.query<Partial<WalRow>>(
    'SELECT writerTxn, sequencerTxn FROM wal_tables() WHERE name = $1',
    [table],
  );
  return row?.writerTxn !== undefined && row.writerTxn === row.sequencerTxn ? row.writerTxn : null;
}
