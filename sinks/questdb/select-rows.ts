import type { ColumnType, TableSpec } from '../../pipeline/contract/table-spec.ts';
import { EPOCH_MS_MAX } from '../../pipeline/contract/time.ts';

/** A name as an identifier. Names come from the catalogue and the table specifications, never from a request. */
export const quoted = (name: string): string => {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new TypeError(`not an identifier: ${name}`);
  return `"${name}"`;
};

/** The columns of a table, quoted, in order. */
export const columnList = (spec: TableSpec): string => spec.columns.map((column) => quoted(column.name)).join(', ');

/**
 * Turns what the database gave into what everybody else knows, in place: NULL texts are empty texts outside, and columns of
 * JSON are what their text means.
 */
export function fillTexts(spec: TableSpec, rows: readonly Record<string, unknown>[]): void {
  const named = (...types: readonly ColumnType[]): string[] =>
    spec.columns.filter(({ type }) => types.includes(type)).map(({ name }) => name);
  const texts = named('SYMBOL', 'VARCHAR');
  const values = named('JSON');
  const tristates = named('TRISTATE');
  for (const row of rows) {
    for (const name of texts) row[name] ??= '';
    for (const name of tristates) row[name] = row[name] === 'true' ? true : row[name] === 'false' ? false : null;
    for (const name of values) row[name] = typeof row[name] === 'string' ? JSON.parse(row[name]) : null;
  }
}

export type Parameter = string | number | boolean | Date;

/** Collects conditions and their parameters; every value is bound, none is spelled into the statement. */
export interface Conditions {
  /** Adds `column operator $n` unless the value is undefined. */
  add(column: string, operator: '=' | '<' | '<=' | '>' | '>=', value: Parameter | undefined): void;
  /** Binds a value and answers its placeholder. */
  bind(value: Parameter): string;
  /** Adds a condition made of columns and placeholders. */
  addText(condition: string): void;
  /** ` WHERE ...` or nothing. */
  where(): string;
  readonly parameters: Parameter[];
}

/**
 * The end of an instant's millisecond. Our instants are whole milliseconds, and QuestDB 9.3 loses rows of `ts <= a` where `a` is
 * the first instant of a partition and has several rows.
 */
const after = (instant: Date): Date => new Date(Math.min(EPOCH_MS_MAX, instant.getTime() + 1));

export function conditions(): Conditions {
  const list: string[] = [];
  const parameters: Parameter[] = [];
  const bind = (value: Parameter): string => `$${parameters.push(value)}`;
  return {
    add(column, operator, value) {
      if (value === undefined) return;
      const until = operator === '<=' && value instanceof Date;
      list.push(`${quoted(column)} ${until ? `< ${bind(after(value))}` : `${operator} ${bind(value)}`}`);
    },
    bind,
    addText(condition) {
      list.push(condition);
    },
    where: () => (list.length === 0 ? '' : ` WHERE ${list.join(' AND ')}`),
    parameters,
  };
}
