import type { Clock } from '../../pipeline/clock.ts';
import type { Database } from '../../pipeline/contract/database.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { GPU_METRICS } from '../../pipeline/contract/tables.ts';
import { quoted } from './select-rows.ts';

export interface ConvertOptions {
  /** Partitions whose newest row is older than this are converted. */
  readonly older_than_days: number;
  readonly clock: Clock;
  readonly table?: TableSpec;
}

export interface ConvertReport {
  readonly table: string;
  readonly partitions: number;
  readonly rows: number;
  /** Bytes on disk of these partitions; 0 when there were none. */
  readonly bytes_before: number;
  readonly bytes_after: number;
}

interface Partition extends Record<string, unknown> {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly newest: number;
  readonly parquet: boolean;
  readonly active: boolean;
}

/**
 * Converts cold partitions to Parquet, oldest first, one at a time. Reads, late rows and dedup go on as before; a late row
 * rewrites its partition. The partition that is written to stays as it is. The conversion itself is a transaction of the
 * table: when it is not applied within a minute the report tells the sizes as they are then.
 */
export async function convertColdPartitions(database: Database, options: ConvertOptions): Promise<ConvertReport> {
  const table = (options.table ?? GPU_METRICS).name;
  const cutoff = options.clock.now() - options.older_than_days * 86_400_000;
  const cold = (await partitionsOf(database, table)).filter(
    (one) => !one.parquet && !one.active && one.newest < cutoff,
  );
  const report = { partitions: 0, rows: 0, bytes_before: 0, bytes_after: 0 };
  for (const partition of cold) {
    const name = partitionLiteral(partition.name);
    if (name === null) continue;
    await database.query(`ALTER TABLE ${quoted(table)} CONVERT PARTITION TO PARQUET LIST ${name}`);
    const after = await converted(database, table, partition.name, options.clock);
    report.partitions++;
    report.rows += partition.rows;
    report.bytes_before += partition.bytes;
    report.bytes_after += after?.bytes ?? partition.bytes;
  }
  return { table, ...report };
}

/** The name is the server's own; it is checked all the same, since LIST takes no parameters. Null: it is none. */
const partitionLiteral = (name: string): string | null => (/^[\dTW:.-]+$/.test(name) ? `'${name}'` : null);

const partitionsOf = (database: Database, table: string): Promise<Partition[]> =>
  database.query<Partition>(
    `SELECT name, numRows AS rows, diskSize AS bytes, maxTimestamp AS newest, isParquet AS parquet, active FROM table_partitions('${quoted(table).slice(1, -1)}')`,
  );

async function converted(
  database: Database,
  table: string,
  name: string,
  clock: Clock,
): Promise<Partition | undefined> {
  const until = clock.monotonic() + 60_000;
  for (;;) {
    const found = (await partitionsOf(database, table)).find((one) => one.name === name);
    if (found === undefined || found.parquet || clock.monotonic() > until) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
