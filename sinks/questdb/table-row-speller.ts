import type { ColumnType, TableSpec } from '../../pipeline/contract/table-spec.ts';

const BYTES_MIN = 4_096;
/** A character of UTF-16 takes three bytes of UTF-8 at most, escaped one more. */
const BYTES_PER_CHAR_MAX = 4;
const DOUBLE = 0x10;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const END = 0x0a;

interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** `,name=` */
  readonly head: Uint8Array;
}

/**
 * Spells rows of a table as ILP v2 with timestamps in ms, else byte for byte as the client does, which writes names and
 * texts character by character. For tables with a row of every GPU every few minutes.
 *
 * Throws on a value that its column cannot take, and on a row without a usable `ts`.
 * State: one buffer as large as the largest row.
 */
export function tableRowSpeller<Row extends object>(spec: TableSpec): (row: Row) => Uint8Array {
  const table = Buffer.from(spec.name);
  const columnsOf = (wanted: (type: ColumnType) => boolean): Column[] =>
    spec.columns
      .filter(({ name, type }) => name !== 'ts' && wanted(type))
      .map(({ name, type }) => ({ name, type, head: Buffer.from(`,${name}=`) }));
  const isSymbol = (type: ColumnType): boolean => type === 'SYMBOL' || type === 'TRISTATE';
  const symbols = columnsOf(isSymbol);
  const fields = columnsOf((type) => !isSymbol(type));
  let bytes = Buffer.allocUnsafeSlow(BYTES_MIN);
  let at = 0;

  const room = (more: number): void => {
    if (at + more <= bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(2 * (at + more));
    grown.set(bytes.subarray(0, at));
    bytes = grown;
  };
  const put = (some: Uint8Array): void => {
    room(some.length);
    for (let i = 0; i < some.length; i++) bytes[at + i] = some[i] as number;
    at += some.length;
  };
  const text = (words: string): void => {
    room(words.length * BYTES_PER_CHAR_MAX);
    at += bytes.write(words, at);
  };
  const byte = (one: number): void => {
    room(1);
    bytes[at++] = one;
  };
  /** Names are separated by commas, the first field from the symbols by a blank. */
  let first = true;
  const head = (column: Column): void => {
    const from = at;
    put(column.head);
    if (first) bytes[from] = 0x20;
    first = false;
  };
  const quoted = (column: Column, words: string): void => {
    head(column);
    byte(QUOTE);
    text(QUOTED.test(words) ? words.replace(QUOTED_ALL, '\\$&') : words);
    byte(QUOTE);
  };

  return (row) => {
    const values = row as Readonly<Record<string, unknown>>;
    at = 0;
    first = true;
    put(table);
    for (const { name, head: start } of symbols) {
      put(start);
      const words = String(values[name] ?? '');
      text(PLAIN.test(words) ? words.replace(PLAIN_ALL, '\\$&') : words);
    }
    for (const column of fields) {
      const value = values[column.name];
      switch (column.type) {
        case 'VARCHAR':
          quoted(column, String(value ?? ''));
          break;
        case 'JSON':
          quoted(column, JSON.stringify(value ?? null));
          break;
        case 'DOUBLE':
        case 'FLOAT':
          if (value === null || value === undefined || Number.isNaN(value)) break;
          if (typeof value !== 'number') throw new TypeError(`${column.name} is no number: ${String(value)}`);
          head(column);
          room(10);
          bytes[at++] = EQUALS;
          bytes[at++] = DOUBLE;
          at = bytes.writeDoubleLE(value, at);
          break;
        case 'LONG':
          if (value === null || value === undefined) break;
          if (!Number.isInteger(value)) throw new TypeError(`${column.name} is no whole number: ${String(value)}`);
          head(column);
          text(`${String(value)}i`);
          break;
        case 'BOOLEAN':
          if (value === null || value === undefined) break;
          if (typeof value !== 'boolean') throw new TypeError(`${column.name} is no boolean: ${String(value)}`);
          head(column);
          text(value ? 't' : 'f');
          break;
        case 'TIMESTAMP':
          if (value === null || value === undefined) break;
          head(column);
          text(`${instant(column.name, value)}000t`);
          break;
        default:
          break;
      }
    }
    text(` ${instant('ts', values.ts)}`);
    byte(END);
    return Uint8Array.prototype.slice.call(bytes, 0, at);
  };
}

const PLAIN = /[ ,=\n\r\\]/;
const PLAIN_ALL = /[ ,=\n\r\\]/g;
const QUOTED = /["\n\r\\]/;
const QUOTED_ALL = /["\n\r\\]/g;

/** Whole ms as text, without the digits of what is finer. */
function instant(name: string, value: unknown): string {
  if (typeof value !== 'number' || !(value > 0)) throw new TypeError(`${name} is no instant: ${String(value)}`);
  return String(Math.trunc(value));
}
