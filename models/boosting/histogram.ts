import { type BinMatrix, BLOCK } from './bin-matrix.ts';

/**
 * Sums gradients and hessians of `rows[from..until)` by the bins of all columns of the blocks marked, into `histogram`
 * (gradient and hessian side by side at twice the bin's place), which must be zero there.
 * Cost     about 1 ns a row and column: rows are read block by block, so that eight columns' bins stay in the first cache,
 *          and a row's gradient is read once for the eight.
 */
export function buildHistogram(
  matrix: BinMatrix,
  pairs: Float32Array,
  rows: Uint32Array,
  from: number,
  until: number,
  blocks: Uint8Array,
  histogram: Float64Array,
): void {
  const { bins, offset } = matrix;
  for (let block = 0; block < matrix.blocks; block++) {
    if (blocks[block] === 0) continue;
    const first = block * matrix.rows * BLOCK;
    const column = block * BLOCK;
    if (bins instanceof Uint8Array) addNarrow(bins, first, offset, column, pairs, rows, from, until, histogram);
    else addWide(bins, first, offset, column, pairs, rows, from, until, histogram);
  }
}

// Two functions of one text: each must see one kind of array only to be compiled into straight code.

function addNarrow(
  bins: Uint8Array,
  first: number,
  offset: Uint32Array,
  column: number,
  pairs: Float32Array,
  rows: Uint32Array,
  from: number,
  until: number,
  histogram: Float64Array,
): void {
  const o0 = offset[column] as number;
  const o1 = offset[column + 1] as number;
  const o2 = offset[column + 2] as number;
  const o3 = offset[column + 3] as number;
  const o4 = offset[column + 4] as number;
  const o5 = offset[column + 5] as number;
  const o6 = offset[column + 6] as number;
  const o7 = offset[column + 7] as number;
  for (let i = from; i < until; i++) {
    const row = rows[i] as number;
    const g = pairs[row << 1] as number;
    const h = pairs[(row << 1) + 1] as number;
    const p = first + (row << 3);
    let k = (o0 + (bins[p] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
    k = (o1 + (bins[p + 1] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
    k = (o2 + (bins[p + 2] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
    k = (o3 + (bins[p + 3] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
    k = (o4 + (bins[p + 4] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
    k = (o5 + (bins[p + 5] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
    k = (o6 + (bins[p + 6] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
    k = (o7 + (bins[p + 7] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
  }
}

function addWide(
  bins: Uint16Array,
  first: number,
  offset: Uint32Array,
  column: number,
  pairs: Float32Array,
  rows: Uint32Array,
  from: number,
  until: number,
  histogram: Float64Array,
): void {
  const o0 = offset[column] as number;
  const o1 = offset[column + 1] as number;
  const o2 = offset[column + 2] as number;
  const o3 = offset[column + 3] as number;
  const o4 = offset[column + 4] as number;
  const o5 = offset[column + 5] as number;
  const o6 = offset[column + 6] as number;
  const o7 = offset[column + 7] as number;
  for (let i = from; i < until; i++) {
    const row = rows[i] as number;
    const g = pairs[row << 1] as number;
    const h = pairs[(row << 1) + 1] as number;
    const p = first + (row << 3);
    let k = (o0 + (bins[p] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
    k = (o1 + (bins[p + 1] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
    k = (o2 + (bins[p + 2] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
    k = (o3 + (bins[p + 3] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
    k = (o4 + (bins[p + 4] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
    k = (o5 + (bins[p + 5] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
    k = (o6 + (bins[p + 6] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
    k = (o7 + (bins[p + 7] as number)) << 1;
    histogram[k] = (histogram[k] as number) + g;
    histogram[k + 1] = (histogram[k + 1] as number) + h;
  }
}
