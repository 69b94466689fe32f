import { TIMESTAMP_DIGITS } from './row-template.ts';

/** Encoded rows on their way into one request: one transaction. Allocated once and used again and again. */
export interface RowChunk {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where each row starts and its event time, epoch ms; rows_max long. */
  readonly starts: Uint32Array;
  readonly ts: Float64Array;
  rows: number;
  length: number;
}

/** Memory that is not written to costs nothing but addresses, so that a quiet fleet does not pay for a loud one's size. */
export function createChunk(bytes_max: number, rows_max: number): RowChunk {
  const buffer = new ArrayBuffer(bytes_max);
  return {
    bytes: new Uint8Array(buffer),
    view: new DataView(buffer),
    starts: new Uint32Array(rows_max),
    ts: new Float64Array(rows_max),
    rows: 0,
    length: 0,
  };
}

export function clearChunk(chunk: RowChunk): void {
  chunk.rows = 0;
  chunk.length = 0;
}

const rowEnd = (chunk: RowChunk, row: number): number =>
  row + 1 < chunk.rows ? (chunk.starts[row + 1] as number) : chunk.length;

/** Bytes of rows [from, to), over the same memory. */
export const chunkSlice = (chunk: RowChunk, from: number, to: number): Uint8Array =>
  chunk.bytes.subarray(chunk.starts[from] as number, rowEnd(chunk, to - 1));

/**
 * Writes the rows of `chunk` into `into` by event time, rows of one instant in their order. Answers false, and writes
 * nothing, when they are in order already. Rows of one instant that stand together (a node's scrape) move together.
 */
export function sortChunk(chunk: RowChunk, into: RowChunk): boolean {
  const runs: number[] = [];
  let ordered = true;
  for (let row = 0; row < chunk.rows; row++) {
    const previous = row === 0 ? Number.NEGATIVE_INFINITY : (chunk.ts[row - 1] as number);
    const ts = chunk.ts[row] as number;
    if (ts !== previous) runs.push(row);
    if (ts < previous) ordered = false;
  }
  if (ordered) return false;
  const ends = new Uint32Array(chunk.rows);
  for (let i = 0; i < runs.length; i++) ends[runs[i] as number] = runs[i + 1] ?? chunk.rows;
  runs.sort((a, b) => (chunk.ts[a] as number) - (chunk.ts[b] as number) || a - b);
  clearChunk(into);
  for (const run of runs) {
    const end = ends[run] as number;
    const shift = into.length - (chunk.starts[run] as number);
    into.bytes.set(chunkSlice(chunk, run, end), into.length);
    for (let row = run; row < end; row++) {
      into.starts[into.rows] = (chunk.starts[row] as number) + shift;
      into.ts[into.rows++] = chunk.ts[row] as number;
    }
    into.length = rowEnd(chunk, end - 1) + shift;
  }
  return true;
}

/** The first row of the instant that row `at` belongs to, in a sorted chunk; the end when all rows are of one instant. */
export function instantStart(chunk: RowChunk, at: number): number {
  if (at >= chunk.rows) return chunk.rows;
  let row = at;
  while (row > 0 && chunk.ts[row - 1] === chunk.ts[at]) row--;
  return row === 0 ? chunk.rows : row;
}

/** Moves the rows from row `from` on to the end of `into`, which must have room for them. */
export function moveRows(chunk: RowChunk, from: number, into: RowChunk): void {
  if (from >= chunk.rows) return;
  const start = chunk.starts[from] as number;
  const shift = into.length - start;
  into.bytes.set(chunk.bytes.subarray(start, chunk.length), into.length);
  for (let row = from; row < chunk.rows; row++) {
    into.starts[into.rows] = (chunk.starts[row] as number) + shift;
    into.ts[into.rows++] = chunk.ts[row] as number;
  }
  into.length += chunk.length - start;
  chunk.rows = from;
  chunk.length = start;
}

/** Reads an encoded row back: for rows that the database refused. */
export function decodeRow(row: Uint8Array): Record<string, string | number> {
  const decoder = new TextDecoder();
  const found: Record<string, string | number> = {
    ts: Number(decoder.decode(row.subarray(row.length - 1 - TIMESTAMP_DIGITS, row.length - 1))),
  };
  let at = 0;
  const part = (ends: readonly number[]): string => {
    const start = at;
    while (!ends.includes(row[at] as number)) at += row[at] === 0x5c ? 2 : 1;
    return decoder.decode(row.subarray(start, at)).replace(/\\([\s\S])/g, '$1');
  };
  const [BLANK, COMMA, EQUALS] = [0x20, 0x2c, 0x3d];
  part([BLANK, COMMA]);
  while (row[at] === COMMA) {
    at++;
    const name = part([EQUALS]);
    at++;
    found[name] = part([BLANK, COMMA]);
  }
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
  while (at < row.length - TIMESTAMP_DIGITS - 2) {
    at++;
    const name = part([EQUALS]);
    // Two equals signs and the type byte stand before the value.
    found[name] = view.getFloat64(at + 3, true);
    at += 11;
  }
  return found;
}
