import type { TableSpec } from '../../pipeline/contract/tables.ts';

/** A name as an identifier. Names come from the catalogue and the table specifications, never from a request. */
export const quoted = (name: string): string => {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new TypeError(`not an identifier: ${name}`);
  return `"${name}"`;
};

/** The columns of a table, quoted, in order. */
export const columnList = (spec: TableSpec): string => spec.columns.map((column) => quoted(column.name)).join(', ');

/** Turns NULL texts into the empty text, which is how unknown texts are spelled outside the database; in place. */
export function fillTexts(spec: TableSpec, rows: readonly Record<string, unknown>[]): void {
  const texts = spec.columns.filter((c) => c.type === 'SYMBOL' || c.type === 'VARCHAR').map((c) => c.name);
  for (const row of rows) for (const name of texts) row[name] ??= '';
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

export function conditions(): Conditions {
  const list: string[] = [];
  const parameters: Parameter[] = [];
  const bind = (value: Parameter): string => `$${parameters.push(value)}`;
  return {
    add(column, operator, value) {
      if (value !== undefined) list.push(`${quoted(column)} ${operator} ${bind(value)}`);
    },
    bind,
    addText(condition) {
      list.push(condition);
    },
    where: () => (list.length === 0 ? '' : ` WHERE ${list.join(' AND ')}`),
    parameters,
  };
}
