import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database } from '../../pipeline/contract/database.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import type { TableRow } from './list-rows.ts';
import { type Conditions, columnList, conditions, fillTexts, quoted } from './select-rows.ts';

type RowsByGpu = Map<string, TableRow[]>;

/** Rows whose JSON is read between two turns of the loop: a prediction's is some 10 kB, and a thousand of them are a tenth of a second. */
const ROWS_A_TURN = 32;

/**
 * Of each GPU the newest row of every key (all columns of the table's keys but `ts`), ordered by key. Rows since `since` (epoch
 * ms) are looked at first, so that only who has none costs a scan of what is older; null: all at once. GPUs without rows are missing in the answer. Throws
 * GV-API-003 when the database is away.
 */
export async function newestOfGpus(
  database: Database,
  spec: TableSpec,
  gpu_uuids: readonly string[],
  since: number | null,
): Promise<RowsByGpu> {
  const found = await newest(database, spec, gpu_uuids, since);
  if (since === null) return found;
  const others = gpu_uuids.filter((uuid) => !found.has(uuid));
  if (others.length > 0) for (const [uuid, rows] of await newest(database, spec, others, null)) found.set(uuid, rows);
  return found;
}

async function newest(
  database: Database,
  spec: TableSpec,
  gpu_uuids: readonly string[],
  since: number | null,
): Promise<RowsByGpu> {
  const keys = spec.keys.filter((key) => key !== 'ts').map(quoted);
  const matching = ofGpus(gpu_uuids);
  matching.add('ts', '>=', since === null ? undefined : new Date(since));
  const rows = await database.query(
    `SELECT ${columnList(spec)} FROM ${quoted(spec.name)}${matching.where()} LATEST ON ts PARTITION BY ${keys.join(', ')} ORDER BY ${keys.join(', ')}`,
    matching.parameters,
  );
  return await byGpu(spec, rows);
}

/** Of each GPU its newest rows, newest first, at most `rows_max`. Cost: a scan of the table's two columns of identity and time. */
export async function lastOfGpus(
  database: Database,
  spec: TableSpec,
  gpu_uuids: readonly string[],
  rows_max: number,
): Promise<RowsByGpu> {
  const matching = ofGpus(gpu_uuids);
  const columns = columnList(spec);
  const numbered = `SELECT ${columns}, row_number() OVER (PARTITION BY "gpu_uuid" ORDER BY ts DESC) AS place FROM ${quoted(spec.name)}${matching.where()}`;
  const limit = matching.bind(rows_max);
  const rows = await database.query(
    `SELECT ${columns} FROM (${numbered}) WHERE place <= ${limit} ORDER BY ts DESC`,
    matching.parameters,
  );
  return await byGpu(spec, rows);
}

/** As many values as the next power of two: few statements, which the server keeps prepared. */
function ofGpus(gpu_uuids: readonly string[]): Conditions {
  const matching = conditions();
  const size = 2 ** Math.ceil(Math.log2(Math.max(1, gpu_uuids.length)));
  const last = gpu_uuids.at(-1) ?? '';
  const places = Array.from({ length: size }, (_, i) => matching.bind(gpu_uuids[i] ?? last));
  matching.addText(`gpu_uuid IN (${places.join(', ')})`);
  return matching;
}

async function byGpu(spec: TableSpec, rows: Record<string, unknown>[]): Promise<RowsByGpu> {
  const found: RowsByGpu = new Map();
  for (let from = 0; from < rows.length; from += ROWS_A_TURN) {
    if (from > 0) await nextTurn();
    const some = rows.slice(from, from + ROWS_A_TURN);
    fillTexts(spec, some);
    for (const row of some) {
      const uuid = row.gpu_uuid as string;
      const known = found.get(uuid);
      if (known === undefined) found.set(uuid, [row as unknown as TableRow]);
      else known.push(row as unknown as TableRow);
    }
  }
  return found;
}
