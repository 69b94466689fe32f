import { type BinMatrix, BLOCK, firstBin, LINE, rowStride } from './bin-matrix.ts';

/** Rows whose bins are brought together before they are summed: as many as the second cache holds. */
const TILE = 2_048;

/** Room for one tile: bins of a line's blocks, block after block and in them row after row, and the rows' gradients. */
export interface HistogramSpace {
  readonly words: Int32Array;
  readonly bins: Uint8Array | Uint16Array;
  readonly pairs: Float32Array;
}

export function histogramSpace(matrix: BinMatrix): HistogramSpace {
  const narrow = matrix.bins instanceof Uint8Array;
  const buffer = new ArrayBuffer(TILE * LINE * (narrow ? 1 : 2));
  return {
    words: new Int32Array(buffer),
    bins: narrow ? new Uint8Array(buffer) : new Uint16Array(buffer),
    pairs: new Float32Array(2 * TILE),
  };
}

export interface HistogramOf {
  readonly matrix: BinMatrix;
  readonly space: HistogramSpace;
  /** Gradient and hessian of every row, side by side. */
  readonly pairs: Float32Array;
  /** The rows summed are `rows[from..until)`. */
  readonly rows: Uint32Array;
  readonly from: number;
  readonly until: number;
  /** 1 for each block of columns that is asked for. */
  readonly blocks: Uint8Array;
}

/**
 * Sums gradients and hessians of rows by the bins of all columns, into `histogram` (gradient and hessian side by side at
 * twice the bin's place), which must be zero there.
 * Cost     1.1 to 1.6 ns a row and column, however thinly the rows are spread: each line of their bins is fetched once and
 *          laid out block by block, and a block of eight columns' histograms stays in the first cache while its rows pass.
 */
export function buildHistogram(of: HistogramOf, histogram: Float64Array): void {
  const { matrix, space, blocks, until } = of;
  const { offset, bins } = matrix;
  const words = new Int32Array(bins.buffer);
  const per_word = bins instanceof Uint8Array ? 4 : 2;
  for (let from = of.from; from < until; from += TILE) {
    const count = Math.min(TILE, until - from);
    gatherPairs(of, from, count);
    for (let line = 0; line < matrix.blocks * BLOCK; line += LINE) {
      const width = rowStride(matrix, line);
      const first = firstBin(matrix, line) / per_word;
      if (width === LINE && per_word === 4) gatherLine(words, first, of.rows, from, count, space.words);
      else gatherBlocks(words, first, width / per_word, BLOCK / per_word, of.rows, from, count, space.words);
      for (let column = line; column < line + width; column += BLOCK) {
        if (blocks[column / BLOCK] === 0) continue;
        const at = (column - line) * TILE;
        if (space.bins instanceof Uint8Array) addNarrow(space.bins, at, count, offset, column, space.pairs, histogram);
        else addWide(space.bins, at, count, offset, column, space.pairs, histogram);
      }
    }
  }
}

function gatherPairs({ pairs, rows, space }: HistogramOf, from: number, count: number): void {
  const to = space.pairs;
  for (let i = 0; i < count; i++) {
    const row = rows[from + i] as number;
    to[2 * i] = pairs[2 * row] as number;
    to[2 * i + 1] = pairs[2 * row + 1] as number;
  }
}

/** A full line of bytes: sixteen words a row, two of each block. */
function gatherLine(
  words: Int32Array,
  first: number,
  rows: Uint32Array,
  from: number,
  count: number,
  to: Int32Array,
): void {
  for (let i = 0; i < count; i++) {
    const p = first + ((rows[from + i] as number) << 4);
    const q = i << 1;
    to[q] = words[p] as number;
    to[q + 1] = words[p + 1] as number;
    to[q + 1 * 2 * TILE] = words[p + 2] as number;
    to[q + 1 * 2 * TILE + 1] = words[p + 3] as number;
    to[q + 2 * 2 * TILE] = words[p + 4] as number;
    to[q + 2 * 2 * TILE + 1] = words[p + 5] as number;
    to[q + 3 * 2 * TILE] = words[p + 6] as number;
    to[q + 3 * 2 * TILE + 1] = words[p + 7] as number;
    to[q + 4 * 2 * TILE] = words[p + 8] as number;
    to[q + 4 * 2 * TILE + 1] = words[p + 9] as number;
    to[q + 5 * 2 * TILE] = words[p + 10] as number;
    to[q + 5 * 2 * TILE + 1] = words[p + 11] as number;
    to[q + 6 * 2 * TILE] = words[p + 12] as number;
    to[q + 6 * 2 * TILE + 1] = words[p + 13] as number;
    to[q + 7 * 2 * TILE] = words[p + 14] as number;
    to[q + 7 * 2 * TILE + 1] = words[p + 15] as number;
  }
}

/** Lines of any width and bins of any size. */
function gatherBlocks(
  words: Int32Array,
  first: number,
  row_words: number,
  block_words: number,
  rows: Uint32Array,
  from: number,
  count: number,
  to: Int32Array,
): void {
  for (let i = 0; i < count; i++) {
    let p = first + (rows[from + i] as number) * row_words;
    const end = p + row_words;
    for (let q = i * block_words; p < end; q += block_words * TILE) {
      for (let k = 0; k < block_words; k++) to[q + k] = words[p + k] as number;
      p += block_words;
    }
  }
}

// Two functions of one text: each must see one kind of array only to be compiled into straight code.

function addNarrow(
  bins: Uint8Array,
  first: number,
  count: number,
  offset: Uint32Array,
  column: number,
  pairs: Float32Array,
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
  let p = first;
  for (let i = 0; i < count; i++) {
    const g = pairs[i << 1] as number;
    const h = pairs[(i << 1) + 1] as number;
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
    p += BLOCK;
  }
}

function addWide(
  bins: Uint16Array,
  first: number,
  count: number,
  offset: Uint32Array,
  column: number,
  pairs: Float32Array,
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
  let p = first;
  for (let i = 0; i < count; i++) {
    const g = pairs[i << 1] as number;
    const h = pairs[(i << 1) + 1] as number;
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
    p += BLOCK;
  }
}
