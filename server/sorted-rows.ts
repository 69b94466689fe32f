import type { Database } from '../pipeline/contract/database.ts';
import { VitalsError } from '../pipeline/contract/errors.ts';
import type { ColumnSpec, TableSpec } from '../pipeline/contract/table-spec.ts';
import { EPOCH_MS_MAX } from '../pipeline/contract/time.ts';
import { afterKeys, comparable, filtered, keysOf, type RowFilter, type TableRow } from '../sinks/questdb/list-rows.ts';
import type { Page, PageRequest } from '../sinks/questdb/page.ts';
import { type Conditions, columnList, conditions, fillTexts, quoted } from '../sinks/questdb/select-rows.ts';
import { BadRequest } from './problem.ts';
import { endOf, type Place, placeOf, type RowOrder } from './sorted-place.ts';

/** Every page looks at all of them, a tenth of a microsecond to one each: well within the time of a statement. */
const SORTED_MAX = 10_000_000;

/** Columns that a list can be sorted by: those that hold no list themselves. */
export const sortColumns = (spec: TableSpec): readonly string[] =>
  spec.columns.filter(({ type }) => type !== 'JSON').map(({ name }) => name);

/** `column`, or `-column` for descending. */
export const orderOf = (sort: string): RowOrder => ({ name: sort.replace(/^-/, ''), descending: sort.startsWith('-') });

export interface SortedRequest extends PageRequest {
  readonly order: RowOrder;
  /** As things stood then: the newest row of every key (all columns of the table's keys but `ts`). Every row when absent. */
  readonly at?: number | undefined;
}

/**
 * Rows of a table by a column, those without a value last, the newest first among equals, then by key; severities by how bad
 * they are. A cursor is the place of the last row, so that rows which come, change or go meanwhile move none of the others;
 * with `at` every page is of the newest instant that there was at the first. Cost: a look at every row that matches, and more
 * than `rows_max` are refused. Throws GV-API-001 for that and for a foreign cursor, GV-API-003 when the database is away.
 */
export async function sortedRows(
  database: Database,
  spec: TableSpec,
  filter: RowFilter,
  page: SortedRequest,
  rows_max = SORTED_MAX,
): Promise<Page<TableRow>> {
  const { order, limit } = page;
  const column = spec.columns.find(({ name }) => name === order.name) as ColumnSpec;
  const after = page.cursor === undefined ? null : placeOf(spec, column, page, page.cursor);
  const over = page.at === undefined ? 0 : (after?.over ?? (await newestInstant(database, spec, page.at)));
  const asking = (): Conditions => {
    const asked = filtered(filter);
    asked.add('ts', '<=', page.at === undefined ? undefined : new Date(over));
    return asked;
  };
  const from = (columns: string, asked: Conditions, texts: readonly string[]): string => {
    if (page.at === undefined) {
      for (const text of texts) asked.addText(text);
      return `${columns} FROM ${quoted(spec.name)}${asked.where()}`;
    }
    const keys = keysOf(spec).map(quoted).join(', ');
    const newest = `SELECT ${columnList(spec)} FROM ${quoted(spec.name)}${asked.where()} LATEST ON ts PARTITION BY ${keys}`;
    return `${columns} FROM (${newest})${texts.length === 0 ? '' : ` WHERE ${texts.join(' AND ')}`}`;
  };

  const all = asking();
  const count = `SELECT ${from('count() AS total', all, [])}`;
  const total = (await database.query<{ total: number }>(count, all.parameters))[0]?.total ?? 0;
  if (total > rows_max) {
    const detail = `There are ${total} rows, and at most ${rows_max} are sorted: narrow them by from and to, or by a filter`;
    throw new BadRequest([{ field: 'sort', detail }]);
  }

  const rank = rankOf(column);
  const ranked = [
    `${rank.sql} AS rank`,
    'ts AS rank_ts',
    ...keysOf(spec).map((key, i) => `${quoted(key)} AS rank_${i}`),
  ];
  const read = async (present: boolean, rows: number): Promise<Record<string, unknown>[]> => {
    const asked = asking();
    const texts = [present ? `NOT (${rank.missing})` : rank.missing];
    if (after !== null && after.present === present) {
      const value = present ? (after.value ?? (await valueAt(database, spec, column, after))) : null;
      texts.push(beyond(spec, rank, order, { ...after, value }, asked));
    }
    const chosen = from(`${columnList(spec)}, ${ranked.join(', ')}`, asked, texts);
    const by = [
      ...(present ? [`rank ${order.descending ? 'DESC' : 'ASC'}`] : []),
      ...['rank_ts DESC', ...keysOf(spec).map((_, i) => `rank_${i}`)],
    ];
    return database.query(
      // Each has a name of its own to be sorted by: of what is also told, QuestDB 9.3 takes one row's for another's.
      `SELECT ${columnList(spec)} FROM (SELECT ${chosen}) ORDER BY ${by.join(', ')} LIMIT ${asked.bind(rows)}`,
      asked.parameters,
    );
  };
  const rows = after === null || after.present ? await read(true, limit + 1) : [];
  const present = rows.length;
  const whole = after === null && present >= total;
  if (present <= limit && !whole) rows.push(...(await read(false, limit + 1 - present)));

  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const next =
    last === undefined || rows.length <= limit ? null : endOf(spec, column, order, last, limit <= present, over);
  fillTexts(spec, items);
  return { items: items as unknown as TableRow[], next, total };
}

/** What a column is compared by. */
interface Rank {
  readonly sql: string;
  /** Of a value, as it is bound. */
  readonly of: (value: string | number) => string | number | Date;
  readonly missing: string;
}

const SEVERITIES = ['info', 'warning', 'critical'];
/** QuestDB takes numbers for equal that are less than 1e-10 apart; scaled, none are. */
const SCALE = 2.582249878086909e120;

function rankOf({ name, type }: ColumnSpec): Rank {
  const column = quoted(name);
  const missing = `${column} IS NULL`;
  if (name === 'severity') {
    const words = SEVERITIES.map((word, i) => `WHEN '${word}' THEN ${i}`).join(' ');
    return { sql: `CASE ${column} ${words} ELSE -1 END`, of: (word) => SEVERITIES.indexOf(String(word)), missing };
  }
  switch (type) {
    case 'TIMESTAMP':
      return { sql: column, of: (instant) => new Date(instant), missing };
    case 'DOUBLE':
    case 'FLOAT': {
      const stored = type === 'FLOAT' ? Math.fround : Number;
      return {
        sql: `${column} * ${String(SCALE).replace('+', '')}`,
        of: (value) => stored(Number(value)) * SCALE,
        missing,
      };
    }
    case 'SYMBOL':
    case 'VARCHAR':
    case 'TRISTATE':
      // NULL texts are empty ones outside.
      return { sql: column, of: (text) => text, missing: `coalesce(${column}, '') = ''` };
    default:
      return { sql: column, of: (value) => value, missing };
  }
}

/** Holds of rows that come after a place, among those that have a value, or have none. */
function beyond(spec: TableSpec, { sql, of }: Rank, order: RowOrder, place: Place, asked: Conditions): string {
  const at = asked.bind(new Date(place.ts));
  const given = place.keys.map(asked.bind);
  const later = `(ts < ${at} OR (ts = ${at} AND ${afterKeys(spec, given)}))`;
  if (place.value === null) return later;
  const value = asked.bind(of(place.value));
  return `(${sql} ${order.descending ? '<' : '>'} ${value} OR (${sql} = ${value} AND ${later}))`;
}

/** A text that is too long for a cursor is looked up where the row is. */
async function valueAt(database: Database, spec: TableSpec, { name }: ColumnSpec, place: Place): Promise<string> {
  const asked = conditions();
  asked.add('ts', '>=', new Date(place.ts));
  asked.add('ts', '<=', new Date(place.ts));
  for (const [i, key] of keysOf(spec).entries()) {
    asked.addText(`${comparable(spec, key)} = ${asked.bind(place.keys[i] as string | number)}`);
  }
  const [row] = await database.query<{ told: unknown }>(
    `SELECT ${quoted(name)} AS told FROM ${quoted(spec.name)}${asked.where()}`,
    asked.parameters,
  );
  if (typeof row?.told === 'string' && row.told !== '') return row.told;
  throw new VitalsError('GV-API-001', 'The row that the cursor stands at is gone: begin anew', 'cursor');
}

/** Of all rows until then; the instant itself where there are none. */
async function newestInstant(database: Database, spec: TableSpec, until: number): Promise<number> {
  const asked = conditions();
  asked.add('ts', '<=', new Date(until));
  const [newest] = await database.query<{ ts: number }>(
    `SELECT ts FROM ${quoted(spec.name)}${asked.where()} ORDER BY ts DESC LIMIT ${asked.bind(1)}`,
    asked.parameters,
  );
  return newest?.ts ?? Math.min(until, EPOCH_MS_MAX);
}
