import type { BoostingData } from './boosting-data.ts';
import { columnSort } from './column-sort.ts';
import { type Cuts, quantileCuts } from './quantile-cuts.ts';

/** Columns whose histograms are made together, small enough for the first cache. */
export const BLOCK = 8;

/** Columns whose bins of a row lie side by side: a line of the cache, so that nothing is fetched in vain. */
export const LINE = 64;

/** What a byte can tell apart. */
const NARROW = 256;
/** Rows up to which a column has every bin asked for, whatever the room it takes. */
const SHORT = 4_096;

/**
 * Rows as bins of their columns: the bin of `row` and `column` is `bins[firstBin(matrix, column) + row * rowStride(matrix,
 * column)]`. Columns come in blocks of 8, and blocks in lines of 64 columns, row after row; the last line is as wide as
 * its blocks. Missing is one more bin behind a column's last, where the column has missing values; columns that fill the
 * last block have one bin that nothing asks for.
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

type Shape = Pick<BinMatrix, 'rows' | 'blocks'>;

export const rowStride = ({ blocks }: Shape, column: number): number =>
  Math.min(LINE, blocks * BLOCK - Math.floor(column / LINE) * LINE);

export const firstBin = ({ rows }: Shape, column: number): number =>
  Math.floor(column / LINE) * LINE * rows + (column % LINE);

/**
 * Cuts every column at its quantiles and bins all rows, once for a whole training. The bin of the missing counts among 256
 * where there are many rows, so that a byte holds it.
 * Cost     a sort a column; memory a byte a cell, two where a column has more than 256 bins with the one for missing.
 */
export function binMatrix(data: BoostingData, max_bin: number): BinMatrix {
  const { rows } = data;
  const columns = data.features.length;
  const blocks = Math.ceil(columns / BLOCK);
  const offset = new Uint32Array(blocks * BLOCK + 1);
  const count = new Uint32Array(columns);
  const has_missing = new Uint8Array(columns);
  const minimum = new Float32Array(columns);
  const cuts_of: Float32Array[] = [];
  const sort = columnSort(rows);
  const column_values = Array.from({ length: BLOCK }, () => new Float32Array(rows));
  let bins: Uint8Array | Uint16Array = new Uint8Array(blocks * BLOCK * rows);
  for (let column = 0; column < blocks * BLOCK; column++) {
    if (column >= columns) {
      offset[column + 1] = (offset[column] as number) + 1;
      continue;
    }
    if (column % BLOCK === 0) readColumns(data, column, column_values);
    const values = column_values[column % BLOCK] as Float32Array;
    const order = sort.order(values);
    const missing = order.length < rows ? 1 : 0;
    const limit = max_bin === NARROW && missing === 1 && rows > SHORT ? max_bin - 1 : max_bin;
    const { cuts, minimum: below } = cutsOf(values, order, data.weights, limit);
    cuts_of.push(cuts);
    minimum[column] = below;
    count[column] = cuts.length;
    has_missing[column] = missing;
    offset[column + 1] = (offset[column] as number) + cuts.length + missing;
    if (cuts.length + missing > NARROW && bins instanceof Uint8Array) bins = Uint16Array.from(bins);
    const first = firstBin({ rows, blocks }, column);
    const stride = rowStride({ rows, blocks }, column);
    if (missing === 1) for (let row = 0; row < rows; row++) bins[first + row * stride] = cuts.length;
    let bin = 0;
    for (let i = 0; i < order.length; i++) {
      const row = order[i] as number;
      while (bin < cuts.length - 1 && (values[row] as number) >= (cuts[bin] as number)) bin++;
      bins[first + row * stride] = bin;
    }
  }
  const cuts = new Float32Array(offset[blocks * BLOCK] as number);
  cuts_of.forEach((own, column) => void cuts.set(own, offset[column] as number));
  return { rows, columns, blocks, bins, offset, count, has_missing, cuts, minimum };
}

/** A block of columns at once: rows are read where they lie. */
function readColumns(data: BoostingData, first: number, into: readonly Float32Array[]): void {
  const columns = data.features.length;
  const count = Math.min(BLOCK, columns - first);
  for (let row = 0; row < data.rows; row++) {
    for (let i = 0; i < count; i++) {
      (into[i] as Float32Array)[row] = data.values[row * columns + first + i] as number;
    }
  }
}

function cutsOf(values: Float32Array, order: Uint32Array, weights: Float32Array | undefined, max_bin: number): Cuts {
  const sorted = new Float32Array(order.length);
  // Zeros of both signs are one value.
  for (let i = 0; i < order.length; i++) sorted[i] = (values[order[i] as number] as number) + 0;
  if (weights === undefined) return quantileCuts(sorted, undefined, max_bin);
  const sorted_weights = new Float32Array(order.length);
  for (let i = 0; i < order.length; i++) sorted_weights[i] = weights[order[i] as number] as number;
  return quantileCuts(sorted, sorted_weights, max_bin);
}
