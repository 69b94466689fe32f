/**
 * Pre-built bytes of ILP rows (InfluxDB line protocol with QuestDB's protocol version 2, where a double is `name==`, the
 * type byte 16 and eight bytes little-endian). A row is a prefix (table and symbols, one per GPU) and a body (fields and
 * timestamp, one per set of present metrics and shared by all GPUs), so that a GPU costs its names only and the bodies
 * stay in the processor's cache.
 */

/** Digits of the timestamp in ms: enough for the year 9999, zeros in front are read as such. */
export const TIMESTAMP_DIGITS = 15;
const DOUBLE = 0x10;
const ZERO = 0x30;

/** Fields and timestamp of a row, values and digits still zero. */
export interface RowBody {
  readonly bytes: Uint8Array;
  /** Column in the batch, and place of its f64 from the body's start, per present metric. */
  readonly metrics: Int32Array;
  readonly offsets: Int32Array;
  /** Place of the first digit of the timestamp. */
  readonly timestamp: number;
}

/** A symbol's value as ILP spells it: backslash before whatever would end it. Lone surrogates become U+FFFD when encoded. */
export const escapeSymbol = (text: string): string => text.replace(/[ ,=\n\r\\]/g, '\\$&');

/** `table,name=value,name=value` as bytes. An empty value is the empty text, not NULL. */
export const symbolPrefix = (table: string, symbols: readonly (readonly [name: string, value: string])[]): Uint8Array =>
  new TextEncoder().encode(table + symbols.map(([name, value]) => `,${name}=${escapeSymbol(value)}`).join(''));

/** The body for columns `metrics` of a batch, called `names`. */
export function rowBody(metrics: readonly number[], names: readonly string[]): RowBody {
  const encoder = new TextEncoder();
  const heads = names.map((name, i) => encoder.encode(`${i === 0 ? ' ' : ','}${name}==`));
  const size = heads.reduce((sum, head) => sum + head.length + 9, 0) + 1 + TIMESTAMP_DIGITS + 1;
  const bytes = new Uint8Array(size);
  const offsets = new Int32Array(metrics.length);
  let at = 0;
  heads.forEach((head, i) => {
    bytes.set(head, at);
    bytes[at + head.length] = DOUBLE;
    at += head.length + 1;
    offsets[i] = at;
    at += 8;
  });
  bytes[at] = 0x20;
  bytes.fill(ZERO, at + 1, at + 1 + TIMESTAMP_DIGITS);
  bytes[size - 1] = 0x0a;
  return { bytes, metrics: Int32Array.from(metrics), offsets, timestamp: at + 1 };
}
