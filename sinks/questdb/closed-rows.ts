import type { Database } from '../../pipeline/contract/database.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import type { TableRow } from './list-rows.ts';
import { columnList, conditions, fillTexts, quoted } from './select-rows.ts';

const IDS_MAX = 256;

/**
 * Of these conditions (anomalies, alerts), by id and opening, the rows of those that the table has as closed. Throws GV-API-003 when
 * the database is away. Cost: a statement for every 256, over what the table has since the oldest of them.
 */
export async function closedRows(
  database: Database,
  spec: TableSpec,
  open: readonly { readonly id: string; readonly ts: number }[],
): Promise<TableRow[]> {
  const closed: TableRow[] = [];
  for (let from = 0; from < open.length; from += IDS_MAX) {
    const some = open.slice(from, from + IDS_MAX);
    const matching = conditions();
    matching.add('ts', '>=', new Date(Math.min(...some.map(({ ts }) => ts))));
    matching.add('state', '=', 'closed');
    matching.addText(`id IN (${some.map(({ id }) => matching.bind(id)).join(', ')})`);
    const rows = await database.query(
      `SELECT ${columnList(spec)} FROM ${quoted(spec.name)}${matching.where()}`,
      matching.parameters,
    );
    fillTexts(spec, rows);
    closed.push(...(rows as TableRow[]));
  }
  return closed;
}
