import { sortedOrder } from '../sorted-order.ts';
import type { BoostingData } from './boosting-data.ts';
import { quantileCuts } from './quantile-cuts.ts';

/** Columns whose bins lie side by side, so that one read of a row's gradient serves all of them. */
export const BLOCK = 8;

/**
 * Rows as bins of their columns. Columns come in blocks of eight: the bin of `row` and `column` is
 * `bins[((column >> 3) * rows + row) * 8 + (column & 7)]`. Missing is one more bin behind a column's last, where the column
 * has missing values; a bin that the column does not have stands where the last block is not full.
 */
export interface BinMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly blocks: number;
  readonly bins: Uint8Array | Uint16Array;
  /** Where each column's bins begin in a histogram; one entry more than blocks x 8. */
  readonly offset: Uint32Array;
  /** Bins with values, of each column. */
  readonly count: Uint32Array;
  /** 1 for a column with missing values. */
  readonly has_missing: Uint8Array;
  /** Upper bounds of all bins, at `offset[column] + bin`. */
  readonly cuts: Float32Array;
  /** Below all values of each column. */
  readonly minimum: Float32Array;
}

/**
 * Cuts every column at its quantiles and bins all rows, once for a whole training.
 * Cost     a sort a column; memory a byte a cell, two where a column has more than 256 bins with the one for missing.
 */
export function binMatrix(data: BoostingData, max_bin: number): BinMatrix {
  const { rows, values } = data;
  const columns = data.features.length;
  const blocks = Math.ceil(columns / BLOCK);
  const offset = new Uint32Array(blocks * BLOCK + 1);
  const count = new Uint32Array(columns);
  const has_missing = new Uint8Array(columns);
  const minimum = new Float32Array(columns);
  const cuts_of: Float32Array[] = [];
  const column_values = new Float32Array(rows);
  for (let column = 0; column < columns; column++) {
    const cuts = cutColumn(data, column, max_bin, column_values);
    cuts_of.push(cuts.cuts);
    minimum[column] = cuts.minimum;
    count[column] = cuts.cuts.length;
    has_missing[column] = cuts.known < rows ? 1 : 0;
  }
  let widest = 0;
  for (let column = 0; column < blocks * BLOCK; column++) {
    const width = column < columns ? (count[column] as number) + (has_missing[column] as number) : 1;
    offset[column + 1] = (offset[column] as number) + width;
    widest = Math.max(widest, width);
  }
  const cuts = new Float32Array(offset[blocks * BLOCK] as number);
  const cells = blocks * BLOCK * rows;
  const bins = widest <= 256 ? new Uint8Array(cells) : new Uint16Array(cells);
  for (let column = 0; column < columns; column++) {
    const own = cuts_of[column] as Float32Array;
    cuts.set(own, offset[column] as number);
    const first = (column >> 3) * rows * BLOCK + (column & 7);
    for (let row = 0; row < rows; row++) {
      const value = values[row * columns + column] as number;
      bins[first + row * BLOCK] = !Number.isNaN(value) ? binOf(own, value) : own.length;
    }
  }
  return { rows, columns, blocks, bins, offset, count, has_missing, cuts, minimum };
}

function cutColumn(data: BoostingData, column: number, max_bin: number, scratch: Float32Array) {
  const { rows, values, weights } = data;
  const columns = data.features.length;
  let known = 0;
  if (weights === undefined) {
    for (let row = 0; row < rows; row++) {
      const value = values[row * columns + column] as number;
      // Zeros of both signs are one value.
      if (!Number.isNaN(value)) scratch[known++] = value + 0;
    }
    return { ...quantileCuts(scratch.subarray(0, known).sort(), undefined, max_bin), known };
  }
  const with_value = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    const value = values[row * columns + column] as number;
    scratch[row] = value;
    if (!Number.isNaN(value)) with_value[known++] = row;
  }
  const order = sortedOrder(scratch, with_value.subarray(0, known));
  const sorted = Float32Array.from(order, (row) => (scratch[row] as number) + 0);
  const sorted_weights = Float32Array.from(order, (row) => weights[row] as number);
  return { ...quantileCuts(sorted, sorted_weights, max_bin), known };
}

/** The first bin whose upper bound is above the value. */
function binOf(cuts: Float32Array, value: number): number {
  let low = 0;
  let high = cuts.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value < (cuts[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
