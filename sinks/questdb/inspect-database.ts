import type { Clock } from '../../pipeline/clock.ts';
import type { Database } from '../../pipeline/contract/database.ts';
import { ROLLUPS, TABLES } from '../../pipeline/contract/tables.ts';
import { quoted } from './select-rows.ts';
import { readTableStates } from './table-states.ts';

export interface TableFacts {
  readonly name: string;
  readonly suspended: boolean;
  /** The database's own words on why. */
  readonly error: string;
  /** Transactions taken and not yet readable. */
  readonly transactions_behind: number;
  /** 0 no, 1 less parallel, 2 with pauses. */
  readonly memory_pressure: number;
  readonly rows: number;
  readonly bytes: number;
  readonly partitions: number;
  readonly parquet_partitions: number;
  /** Of Parquet partitions. */
  readonly parquet_bytes: number;
  /** Event time of the newest row, epoch ms; null in an empty table. */
  readonly newest_at: number | null;
}

export interface RollupFacts {
  readonly name: string;
  readonly status: string;
  readonly reason: string;
  /** Transactions of the base that it does not have yet. */
  readonly transactions_behind: number;
  readonly refreshed_at: number | null;
  readonly every_ms: number;
}

export interface DatabaseFacts {
  readonly version: string;
  /** The database's clock less ours. */
  readonly ahead_ms: number;
  readonly answer_ms: number;
  /** Tables and rollups of ours that are there, and those that are not. */
  readonly tables: readonly TableFacts[];
  readonly rollups: readonly RollupFacts[];
  readonly missing: readonly string[];
}

const OURS = [...TABLES, ...ROLLUPS].map(({ name }) => name);
const MINUTE_MS = 60_000;

/** QuestDB as it is now, for people; changes nothing. Throws VitalsError GV-API-003 when it is away. */
export async function inspectDatabase(database: Database, clock: Clock): Promise<DatabaseFacts> {
  const started = clock.monotonic();
  const before = clock.now();
  const [told] = await database.query<{ build: string; now: number }>('SELECT build() AS build, now() AS now');
  const after = clock.now();
  const answer_ms = clock.monotonic() - started;
  const tables: TableFacts[] = [];
  for (const { name, suspended, error, transactions_behind, memory_pressure, rows } of await readTableStates(
    database,
  )) {
    const partitions = await partitionsOf(database, name);
    tables.push({ name, suspended, error, transactions_behind, memory_pressure, rows: rows ?? 0, ...partitions });
  }
  return {
    version: /QuestDB ([\w.-]+)/.exec(told?.build ?? '')?.[1] ?? '',
    ahead_ms: (told?.now ?? after) - (before + after) / 2,
    answer_ms,
    tables,
    rollups: await rollupsOf(database),
    missing: OURS.filter((name) => !tables.some((table) => table.name === name)),
  };
}

async function partitionsOf(
  database: Database,
  table: string,
): Promise<Pick<TableFacts, 'bytes' | 'partitions' | 'parquet_partitions' | 'parquet_bytes' | 'newest_at'>> {
  const partitions = await database.query<PartitionRow>(
    `SELECT diskSize AS bytes, maxTimestamp AS newest, isParquet AS parquet, parquetFileSize AS file FROM table_partitions('${quoted(table).slice(1, -1)}')`,
  );
  const parquet = partitions.filter((one) => one.parquet);
  const sum = (list: readonly number[]): number => list.reduce((total, n) => total + n, 0);
  const newest = partitions.map((one) => one.newest ?? 0).reduce((last, at) => Math.max(last, at), 0);
  return {
    bytes: sum(partitions.map((one) => one.bytes)),
    partitions: partitions.length,
    parquet_partitions: parquet.length,
    parquet_bytes: sum(parquet.map((one) => one.file)),
    newest_at: newest === 0 ? null : newest,
  };
}

async function rollupsOf(database: Database): Promise<RollupFacts[]> {
  const views = await database.query<ViewRow>(
    'SELECT view_name, view_status, invalidation_reason, refresh_base_table_txn, base_table_txn, last_refresh_finish_timestamp, timer_interval FROM materialized_views()',
  );
  return views
    .filter(({ view_name }) => OURS.includes(view_name))
    .map((view) => ({
      name: view.view_name,
      status: view.view_status,
      reason: view.invalidation_reason ?? '',
      transactions_behind: Math.max(0, view.base_table_txn - view.refresh_base_table_txn),
      refreshed_at: view.last_refresh_finish_timestamp,
      every_ms: view.timer_interval * MINUTE_MS,
    }))
    .sort((a, b) => a.every_ms - b.every_ms || (a.name < b.name ? -1 : 1));
}

interface PartitionRow extends Record<string, unknown> {
  readonly bytes: number;
  readonly newest: number | null;
  readonly parquet: boolean;
  readonly file: number;
}

interface ViewRow extends Record<string, unknown> {
  readonly view_name: string;
  readonly view_status: string;
  readonly invalidation_reason: string | null;
  readonly refresh_base_table_txn: number;
  readonly base_table_txn: number;
  readonly last_refresh_finish_timestamp: number | null;
  readonly timer_interval: number;
}
