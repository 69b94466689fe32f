import { Pool } from 'undici';
import type { Database } from '../../pipeline/contract/database.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { shownAddress } from '../../pipeline/contract/shown-address.ts';
import { quoted } from './select-rows.ts';

export interface StoredColumn {
  readonly name: string;
  readonly type: string;
}

/** A span of a table, [from, to) in epoch ms, with the rows that it had when it was looked at. */
export interface TableSlice {
  readonly partition: string;
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

const ANSWER_MS = 120_000;

/** Columns of a table in its order; none when there is no such table. Throws GV-API-003 when the database is away. */
export const columnsOf = (database: Database, table: string): Promise<StoredColumn[]> =>
  tableExists(database, table).then((exists) =>
    exists
      ? database.query<StoredColumn & Record<string, unknown>>(
          `SELECT "column" AS name, type FROM table_columns('${quoted(table).slice(1, -1)}')`,
        )
      : [],
  );

async function tableExists(database: Database, table: string): Promise<boolean> {
  return (await database.query('SELECT table_name FROM tables() WHERE table_name = $1', [table])).length > 0;
}

/** A table's partitions, cut so that a slice has about `rows_max` rows; waits until all that was taken can be read. */
export async function slicesOf(database: Database, table: string, rows_max: number): Promise<TableSlice[]> {
  await database.query(`SELECT wait_wal_table('${quoted(table).slice(1, -1)}')`);
  const partitions = await database.query<{ name: string; rows: number; oldest: number; newest: number }>(
    `SELECT name, numRows AS rows, minTimestamp AS oldest, maxTimestamp AS newest FROM table_partitions('${quoted(table).slice(1, -1)}') WHERE numRows > 0 ORDER BY minTimestamp`,
  );
  return partitions.flatMap(({ name, rows, oldest, newest }) => {
    const count = Math.max(1, Math.ceil(rows / rows_max));
    // The newest instant has a fraction that its milliseconds do not tell.
    const end = newest + 1;
    const step = Math.max(1, Math.ceil((end - oldest) / count));
    const slices: TableSlice[] = [];
    for (let from = oldest; from < end; from += step) {
      slices.push({ partition: name, from, to: Math.min(end, from + step), rows: count === 1 ? rows : 0 });
    }
    return slices;
  });
}

export interface RowExport {
  /** A slice as CSV with a header (QuestDB's `/exp`), row order that of time. Throws GV-API-003 or GV-API-004. */
  csv(table: string, columns: readonly StoredColumn[], slice: TableSlice): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

/** `url` is `http://host:9000`; a user and password in it are sent as Basic. */
export function rowExport(url: string): RowExport {
  const { origin, username, password } = new URL(url);
  const pool = new Pool(origin, { connections: 1, headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS });
  const pair = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const headers = username === '' ? {} : { authorization: `Basic ${pair}` };
  const where = `QuestDB at ${shownAddress(url)}`;
  return {
    async csv(table, columns, { from, to }) {
      const sql =
        `SELECT ${columns.map(({ name }) => quoted(name)).join(', ')} FROM ${quoted(table)} ` +
        `WHERE ts >= '${new Date(from).toISOString()}' AND ts < '${new Date(to).toISOString()}' ORDER BY ts`;
      const answer = await pool
        .request({ path: `/exp?query=${encodeURIComponent(sql)}`, method: 'GET', headers })
        .catch((cause: unknown) => {
          throw new VitalsError('GV-API-003', `The database does not answer: ${String(cause)}`, where, { cause });
        });
      if (answer.statusCode !== 200) {
        const detail = (await answer.body.text()).slice(0, 500);
        throw new VitalsError('GV-API-004', `The database refuses the export: ${detail}`, where);
      }
      return answer.body;
    },
    close: () => pool.close(),
  };
}
