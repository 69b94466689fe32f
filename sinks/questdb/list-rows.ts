import type { Database } from '../../pipeline/contract/database.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { decodeCursor, decodePlace, encodeCursor, type Page, type PageRequest, withTotal } from './page.ts';
import { type Conditions, columnList, conditions, fillTexts, quoted } from './select-rows.ts';

export type TableRow = Readonly<Record<string, unknown>> & { readonly ts: number };

export interface RowFilter {
  /** Columns of the table that must have these values. */
  readonly equal: Readonly<Record<string, string | number | undefined>>;
  /** `ts` at or after, and before; epoch ms. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/**
 * Rows of a table that match, newest first unless the oldest are asked for. A cursor is the instant of the last row and how many rows of that instant were
 * given, so that a page costs no more than a scan from the newest end. Throws GV-API-001 on a foreign cursor, GV-API-003
 * when the database is away.
 */
export async function listRows(
  database: Database,
  spec: TableSpec,
  filter: RowFilter,
  page: PageRequest & { readonly oldest_first?: boolean },
): Promise<Page<TableRow>> {
  const [order, onwards] = page.oldest_first ? (['ASC', '>='] as const) : (['DESC', '<='] as const);
  const place = page.cursor === undefined ? null : decodePlace(page.cursor, 'number', order);
  const given = Number(place?.[1] ?? 0);
  const paged = filtered(filter);
  paged.add('ts', onwards, place?.[0]);
  const limits = `${paged.bind(given)}, ${paged.bind(given + page.limit + 1)}`;
  const rows = await database.query(
    `SELECT ${columnList(spec)} FROM ${quoted(spec.name)}${paged.where()} ORDER BY ts ${order} LIMIT ${limits}`,
    paged.parameters,
  );
  fillTexts(spec, rows);
  const items = rows.slice(0, page.limit) as unknown as TableRow[];
  const last = items.at(-1);
  let next: string | null = null;
  if (last !== undefined && rows.length > page.limit) {
    const same = items.filter(({ ts }) => ts === last.ts).length;
    next = encodeCursor(last.ts, last.ts === place?.[0].getTime() ? given + same : same, order);
  }
  return withTotal({ items, next }, page.cursor, () => {
    const matching = filtered(filter);
    return database.query<{ total: number }>(
      `SELECT count() AS total FROM ${quoted(spec.name)}${matching.where()}`,
      matching.parameters,
    );
  });
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
  const matching = filtered(filter);
  matching.add('ts', '<=', new Date(at));
  return latest(database, spec, matching, rows_max);
}

/**
 * The same a page at a time; `from` leaves out keys whose newest row is older, and keeps the statement from reading further
 * back. A cursor is the key of the last row, so keys that come or go meanwhile move none of the others. Throws GV-API-001 on
 * a foreign cursor, GV-API-003 when the database is away.
 */
export async function pageAt(
  database: Database,
  spec: TableSpec,
  filter: Pick<RowFilter, 'equal' | 'from'>,
  at: number,
  page: PageRequest,
): Promise<Page<TableRow>> {
  const keys = keysOf(spec);
  const matching = filtered(filter);
  matching.add('ts', '<=', new Date(at));
  if (page.cursor !== undefined) {
    const kinds = keys.map((name) => (isText(spec, name) ? 'string' : 'number'));
    matching.addText(afterKeys(spec, decodeCursor(page.cursor, kinds).map(matching.bind)));
  }
  const rows = await latest(database, spec, matching, page.limit + 1);
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  const more = last !== undefined && rows.length > page.limit;
  const next = more ? encodeCursor(...keys.map((name) => last[name] as string | number)) : null;
  return withTotal({ items, next }, page.cursor, () => countAt(database, spec, filter, at));
}

/** How many keys had a row by then. */
function countAt(
  database: Database,
  spec: TableSpec,
  filter: Pick<RowFilter, 'equal' | 'from'>,
  at: number,
): Promise<{ total: number }[]> {
  const all = filtered(filter);
  all.add('ts', '<=', new Date(at));
  return database.query<{ total: number }>(
    `SELECT count() AS total FROM (SELECT ts FROM ${quoted(spec.name)}${all.where()} ${latestOn(keysOf(spec))})`,
    all.parameters,
  );
}

/** What names a thing: the columns of the table's keys but `ts`. */
export const keysOf = (spec: TableSpec): string[] => spec.keys.filter((key) => key !== 'ts');
const latestOn = (keys: readonly string[]): string => `LATEST ON ts PARTITION BY ${keys.map(quoted).join(', ')}`;
export const isText = (spec: TableSpec, name: string): boolean =>
  ['SYMBOL', 'VARCHAR'].includes(spec.columns.find((one) => one.name === name)?.type ?? '');

/** A column of the keys as what it is told as: NULL texts are empty ones outside. */
export const comparable = (spec: TableSpec, name: string): string =>
  isText(spec, name) ? `coalesce(${quoted(name)}, '')` : quoted(name);

async function latest(
  database: Database,
  spec: TableSpec,
  matching: Conditions,
  rows_max: number,
): Promise<TableRow[]> {
  const keys = keysOf(spec);
  const limit = matching.bind(rows_max);
  const rows = await database.query(
    `SELECT ${columnList(spec)} FROM ${quoted(spec.name)}${matching.where()} ${latestOn(keys)} ORDER BY ${keys.map(quoted).join(', ')} LIMIT ${limit}`,
    matching.parameters,
  );
  fillTexts(spec, rows);
  return rows as unknown as TableRow[];
}

/** Keys beyond the given ones, in their order: the first differs, or it is the same and the second differs, and so on. */
export function afterKeys(spec: TableSpec, given: readonly string[]): string {
  const keys = keysOf(spec).map((name) => comparable(spec, name));
  const ways = keys.map((key, i) => {
    const same = keys.slice(0, i).map((one, j) => `${one} = ${given[j]}`);
    return [...same, `${key} > ${given[i]}`].join(' AND ');
  });
  return `(${ways.map((way) => `(${way})`).join(' OR ')})`;
}

/** The conditions of a filter, to be added to. */
export function filtered(filter: RowFilter): Conditions {
  const found = conditions();
  found.add('ts', '>=', filter.from === undefined ? undefined : new Date(filter.from));
  found.add('ts', '<', filter.to === undefined ? undefined : new Date(filter.to));
  for (const [name, value] of Object.entries(filter.equal)) found.add(name, '=', value);
  return found;
}
