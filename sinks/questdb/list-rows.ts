import type { Database } from '../../pipeline/contract/database.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { decodeCursor, encodeCursor, type Page, type PageRequest } from './page.ts';
import { type Conditions, columnList, conditions, fillTexts, quoted } from './select-rows.ts';

export type TableRow = Readonly<Record<string, unknown>> & { readonly ts: number };

export interface RowFilter {
  /** Columns of the table that must have these values. */
  readonly equal: Readonly<Record<string, string | undefined>>;
  /** `ts` at or after, and before; epoch ms. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/**
 * Rows of a table that match, newest first. A cursor is the instant of the last row and how many rows of that instant were
 * given, so that a page costs no more than a scan from the newest end. Throws GV-API-001 on a foreign cursor, GV-API-003
 * when the database is away.
 */
export async function listRows(
  database: Database,
  spec: TableSpec,
  filter: RowFilter,
  page: PageRequest,
): Promise<Page<TableRow>> {
  const matching = filtered(filter);
  const counted = await database.query<{ total: number }>(
    `SELECT count() AS total FROM ${quoted(spec.name)}${matching.where()}`,
    matching.parameters,
  );
  const [at, given] =
    page.cursor === undefined ? [null, 0] : (decodeCursor(page.cursor, ['number', 'number']) as [number, number]);
  const paged = filtered(filter);
  paged.add('ts', '<=', at === null ? undefined : new Date(at));
  const limits = `${paged.bind(given)}, ${paged.bind(given + page.limit + 1)}`;
  const rows = await database.query(
    `SELECT ${columnList(spec)} FROM ${quoted(spec.name)}${paged.where()} ORDER BY ts DESC LIMIT ${limits}`,
    paged.parameters,
  );
  fillTexts(spec, rows);
  const items = rows.slice(0, page.limit) as unknown as TableRow[];
  const last = items.at(-1);
  let next: string | null = null;
  if (last !== undefined && rows.length > page.limit) {
    const same = items.filter(({ ts }) => ts === last.ts).length;
    next = encodeCursor(last.ts, last.ts === at ? given + same : same);
  }
  return { items, next, total: counted[0]?.total ?? 0 };
}

/**
 * The newest row of every key (all columns of the table's keys but `ts`) as things stood at an instant: never a later one.
 * Ordered by key. Throws GV-API-003 when the database is away.
 */
export async function rowsAt(
  database: Database,
  spec: TableSpec,
  filter: Pick<RowFilter, 'equal'>,
  at: number,
  rows_max: number,
): Promise<TableRow[]> {
  const keys = spec.keys.filter((key) => key !== 'ts').map(quoted);
  const matching = filtered({ ...filter });
  matching.add('ts', '<=', new Date(at));
  const limit = matching.bind(rows_max);
  const rows = await database.query(
    `SELECT ${columnList(spec)} FROM ${quoted(spec.name)}${matching.where()} LATEST ON ts PARTITION BY ${keys.join(', ')} ORDER BY ${keys.join(', ')} LIMIT ${limit}`,
    matching.parameters,
  );
  fillTexts(spec, rows);
  return rows as unknown as TableRow[];
}

function filtered(filter: RowFilter): Conditions {
  const found = conditions();
  found.add('ts', '>=', filter.from === undefined ? undefined : new Date(filter.from));
  found.add('ts', '<', filter.to === undefined ? undefined : new Date(filter.to));
  for (const [name, value] of Object.entries(filter.equal)) found.add(name, '=', value);
  return found;
}
