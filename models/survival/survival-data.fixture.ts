import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { CoxData } from './cox-rows.ts';

const DATA = join(import.meta.dirname, '../../../shared/data');

/** Whether a folder of the check data is there. */
export const isThere = (folder: string): boolean => existsSync(join(DATA, folder));

export interface Table {
  readonly rows: number;
  /** Cells of a column as text; empty = missing. */
  readonly text: (column: string) => string[];
  readonly numbers: (column: string) => Float64Array;
}

/** A CSV (gzipped or not) of the check data. */
export function readTable(path: string): Table {
  const raw = readFileSync(join(DATA, path));
  const lines = (path.endsWith('.gz') ? gunzipSync(raw) : raw).toString().trim().split('\n');
  const [header = [], ...cells] = lines.map((line) => line.split(',').map((cell) => cell.replaceAll('"', '')));
  const text = (column: string): string[] => {
    const at = header.indexOf(column);
    if (at < 0) throw new Error(`${path} has no column ${column}`);
    return cells.map((row) => row[at] ?? '');
  };
  return {
    rows: cells.length,
    text,
    numbers: (column) => Float64Array.from(text(column), (cell) => (cell === '' ? Number.NaN : Number(cell))),
  };
}

/** Columns side by side, row by row. */
export const rowMajor = (columns: readonly ArrayLike<number>[]): Float64Array => {
  const rows = columns[0]?.length ?? 0;
  return Float64Array.from({ length: rows * columns.length }, (_, at) => {
    const column = columns[at % columns.length] as ArrayLike<number>;
    return column[Math.floor(at / columns.length)] as number;
  });
};

/** mulberry32: 0 <= x < 1. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface MadeOptions {
  readonly rows: number;
  readonly seed: number;
  /** Log hazard ratios of numbers that are spread evenly over -1..1. */
  readonly truth: readonly number[];
  /** Times are rounded up to multiples of this, so that there are ties. */
  readonly grain: number;
}

/** Rows of known truth, with a start, a stratum and a weight each; a third is censored. */
export function madeRows({ rows, seed, truth, grain }: MadeOptions): Required<CoxData> {
  const next = randomOf(seed);
  const columns = truth.length;
  const made = {
    stop: new Float64Array(rows),
    start: new Float64Array(rows),
    events: new Uint8Array(rows),
    covariates: new Float64Array(rows * columns),
    names: truth.map((_, j) => `x${j}`),
    strata: new Int32Array(rows),
    weights: new Float64Array(rows),
  };
  for (let i = 0; i < rows; i++) {
    let eta = 0;
    for (let j = 0; j < columns; j++) {
      const x = 2 * next() - 1;
      made.covariates[i * columns + j] = x;
      eta += x * (truth[j] as number);
    }
    const start = next() < 0.5 ? 0 : next();
    const failing = start - Math.log(1 - next()) / Math.exp(eta);
    const censored = start - 2 * Math.log(1 - next());
    made.start[i] = Math.floor(start / grain) * grain;
    made.stop[i] = (Math.floor(Math.min(failing, censored) / grain) + 1) * grain;
    made.events[i] = failing <= censored ? 1 : 0;
    made.strata[i] = Math.floor(next() * 3);
    made.weights[i] = 1 + Math.floor(next() * 3);
  }
  return made;
}
