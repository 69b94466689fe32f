import { VitalsError } from '../pipeline/contract/errors.ts';
import type { ColumnSpec, TableSpec } from '../pipeline/contract/table-spec.ts';
import { EPOCH_MS_MAX } from '../pipeline/contract/time.ts';
import { isText, keysOf } from '../sinks/questdb/list-rows.ts';
import { decodeCursor, encodeCursor } from '../sinks/questdb/page.ts';

/** By which column rows are ordered; those that are equal by their key. */
export interface RowOrder {
  readonly name: string;
  readonly descending: boolean;
}

/** Where a page of a sorted list ended. */
export interface Place {
  /** Among the rows that have a value. */
  readonly present: boolean;
  /** Null also where it is a text too long for a cursor. */
  readonly value: number | string | null;
  readonly ts: number;
  /** Of the row, but `ts`. */
  readonly keys: readonly (string | number)[];
  /** The instant that all pages are of; 0: none. */
  readonly over: number;
}

/** Of what a cursor says of a value, as JSON. */
const VALUE_BYTES_MAX = 600;

const wayOf = ({ name, descending }: RowOrder): string => `${descending ? '-' : ''}${name}`;

/** The cursor that stands at a row. */
export function endOf(
  spec: TableSpec,
  { name }: ColumnSpec,
  order: RowOrder,
  row: Readonly<Record<string, unknown>>,
  present: boolean,
  over: number,
): string {
  const value = JSON.stringify(row[name] ?? null);
  const keys = keysOf(spec).map((key) => (row[key] ?? '') as string | number);
  return encodeCursor(
    wayOf(order),
    Number(present),
    Buffer.byteLength(value) > VALUE_BYTES_MAX ? 'null' : value,
    row.ts as number,
    over,
    ...keys,
  );
}

/** `at`: the list is of an instant. Throws GV-API-001 on a cursor of another list or order. */
export function placeOf(
  spec: TableSpec,
  column: ColumnSpec,
  { order, at }: { readonly order: RowOrder; readonly at?: number | undefined },
  cursor: string,
): Place {
  const kinds = keysOf(spec).map((key) => (isText(spec, key) ? 'string' : 'number'));
  const [way, present, text, ts, over, ...keys] = decodeCursor(cursor, [
    ...(['string', 'number', 'string', 'number', 'number'] as const),
    ...kinds,
  ]);
  if (way !== wayOf(order)) throw new VitalsError('GV-API-001', 'The cursor belongs to another order', 'cursor');
  const value = told(String(text), column);
  if (value === undefined || (over === 0) !== (at === undefined) || Math.max(Number(ts), Number(over)) > EPOCH_MS_MAX) {
    throw new VitalsError('GV-API-001', 'The cursor is not one that this list gave', 'cursor');
  }
  return { present: present !== 0, value, ts: Number(ts), over: Number(over), keys };
}

/** Undefined: it cannot be of this column. */
function told(text: string, { type }: ColumnSpec): Place['value'] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (value === null) return null;
  if (type === 'SYMBOL' || type === 'VARCHAR' || type === 'TRISTATE')
    return typeof value === 'string' ? value : undefined;
  if (typeof value !== 'number' || Math.abs(value) > 1e100) return undefined;
  if (type === 'TIMESTAMP' && (!Number.isInteger(value) || Math.abs(value) > EPOCH_MS_MAX)) return undefined;
  return value;
}
