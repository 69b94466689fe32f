import type { Database } from '../../pipeline/contract/database.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { columnList, conditions, fillTexts, quoted } from './select-rows.ts';

/**
 * Some columns of the newest row of every board and MIG instance since an instant, in no order. Throws GV-API-003 when the
 * database is away. Cost: a backward scan until every GPU was met, over the span at most.
 */
export async function latestColumns(
  database: Database,
  table: TableSpec,
  options: {
    readonly columns: readonly string[];
    /** Epoch ms. */
    readonly since: number;
    readonly equal?: Readonly<Record<string, string>>;
  },
): Promise<Record<string, unknown>[]> {
  const { columns, since, equal = {} } = options;
  const spec = { ...table, columns: table.columns.filter(({ name }) => columns.includes(name)) };
  const matching = conditions();
  matching.add('ts', '>=', new Date(since));
  for (const [name, value] of Object.entries(equal)) matching.add(name, '=', value);
  const rows = await database.query(
    `SELECT ${columnList(spec)} FROM ${quoted(spec.name)}${matching.where()} LATEST ON ts PARTITION BY gpu_uuid, instance`,
    matching.parameters,
  );
  fillTexts(spec, rows);
  return rows;
}
