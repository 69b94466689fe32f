import { describe, expect, it } from 'vitest';
import { treeDraws } from '../isolation-forest/tree-draws.ts';
import { sortedOrder } from '../sorted-order.ts';
import { binMatrix } from './bin-matrix.ts';
import { columnSort } from './column-sort.ts';
import { buildHistogram, histogramSpace } from './histogram.ts';
import { quantileCuts } from './quantile-cuts.ts';
import { sampleColumns, sampleRows } from './sampling.ts';

/** Values of all sizes and both signs, ties among them, and as many missing as asked. */
function values(count: number, seed: number, missing: number): Float32Array {
  const draw = treeDraws(seed, 0);
  const pool = Float32Array.from(
    { length: Math.ceil(count / 2) },
    () => (draw() - 0.5) * 10 ** Math.floor(draw() * 12 - 6),
  );
  pool[0] = 0;
  pool[1] = -0;
  return Float32Array.from({ length: count }, () =>
    draw() < missing ? Number.NaN : (pool[Math.floor(draw() * pool.length)] as number),
  );
}

const SEEDS = [1, 2, 3, 4, 5];

describe('columns', () => {
  it.each(SEEDS)('are sorted, seed %i', (seed) => {
    const column = values(300, seed, 0.1);
    const known = [...column.keys()].filter((row) => !Number.isNaN(column[row]));
    const wanted = known.toSorted((a, b) => (column[a] as number) - (column[b] as number) || a - b);
    const sort = columnSort(300);
    sort.order(values(300, seed + 10, 0.5));
    expect([...sort.order(column)]).toEqual(wanted);
    expect([...sortedOrder(column, Uint32Array.from(known))]).toEqual(wanted);
    const doubles = Float64Array.from(known, (row) => Math.PI * (column[row] as number));
    expect([...sortedOrder(doubles)]).toEqual(
      [...doubles.keys()].toSorted((a, b) => (doubles[a] as number) - (doubles[b] as number) || a - b),
    );
  });

  it('are cut where their values part when those are few, and at equal ranks when they are many', () => {
    const few = Float32Array.of(1, 1, 2, 2, 2, 5);
    expect([...quantileCuts(few, undefined, 256).cuts.slice(0, 2)]).toEqual([2, 5]);
    expect(quantileCuts(few, undefined, 256).cuts[2]).toBeGreaterThan(5);
    expect(quantileCuts(few, undefined, 256).minimum).toBeLessThan(1);
    const many = Float32Array.from({ length: 10_000 }, (_, i) => i);
    const { cuts } = quantileCuts(many, undefined, 100);
    expect(cuts).toHaveLength(100);
    cuts.slice(0, -1).forEach((cut, i) => void expect(Math.abs(cut - 100 * (i + 1))).toBeLessThan(15));
    const heavy = quantileCuts(
      many,
      many.map((i) => (i < 5_000 ? 9 : 1)),
      100,
    ).cuts;
    expect(heavy.filter((cut) => cut < 5_000).length).toBeGreaterThan(85);
  });

  it.each([
    ['bytes', 40, 700, 11],
    ['bytes of two lines, in several tiles', 40, 5_000, 70],
    ['words', 700, 2_000, 11],
    ['words of two lines', 700, 2_000, 66],
  ])('summed by bins in %s are what a slow twin sums', (_, max_bin, rows, width) => {
    const cells = values(rows * width, 7, 0.2);
    const features = Array.from({ length: width }, (_, i) => `f${i}`);
    const matrix = binMatrix({ values: cells, rows, features, labels: new Float32Array(rows) }, max_bin);
    expect(matrix.bins instanceof Uint8Array).toBe(max_bin < 256);
    const pairs = values(2 * rows, 8, 0);
    const picked = sampleRows(rows, 0.5, 1, 1);
    const [from, until] = [10, picked.length - 10];
    const histogram = new Float64Array(2 * (matrix.offset[matrix.offset.length - 1] as number));
    const blocks = new Uint8Array(matrix.blocks).fill(1);
    buildHistogram({ matrix, space: histogramSpace(matrix), pairs, rows: picked, from, until, blocks }, histogram);
    for (let column = 0; column < width; column++) {
      const first = matrix.offset[column] as number;
      const count = matrix.count[column] as number;
      const cuts = [...matrix.cuts.subarray(first, first + count)];
      const wanted = new Float64Array(2 * ((matrix.offset[column + 1] as number) - first));
      for (const row of picked.subarray(from, until)) {
        const value = cells[row * width + column] as number;
        const bin = Number.isNaN(value) ? count : cuts.findIndex((cut) => value < cut);
        wanted[2 * bin] = (wanted[2 * bin] as number) + (pairs[2 * row] as number);
        wanted[2 * bin + 1] = (wanted[2 * bin + 1] as number) + (pairs[2 * row + 1] as number);
      }
      expect([...histogram.subarray(2 * first, 2 * first + wanted.length)]).toEqual([...wanted]);
    }
  });
});

describe('samples', () => {
  it('draw rows by their share, another part for each tree', () => {
    const first = sampleRows(10_000, 0.3, 5, 0);
    expect(Math.abs(first.length - 3_000)).toBeLessThan(200);
    expect([...first]).toEqual([...first.toSorted((a, b) => a - b)]);
    expect([...sampleRows(10_000, 0.3, 5, 1)]).not.toEqual([...first]);
    expect([...sampleRows(10_000, 0.3, 5, 0)]).toEqual([...first]);
  });

  it('draw columns of the tree, of them for the level, of those for the node', () => {
    const sample = sampleColumns(100, { colsample_bytree: 0.5, colsample_bylevel: 0.5, colsample_bynode: 0.2 }, 1, 2);
    expect(sample.tree).toHaveLength(50);
    const nodes = Array.from({ length: 400 }, (_, path) => sample.of(1, path));
    for (const columns of nodes) {
      expect(columns).toHaveLength(5);
      for (const column of columns) expect(sample.tree.includes(column)).toBe(true);
    }
    expect(new Set(nodes.flatMap((columns) => [...columns])).size).toBe(25);
    expect(new Set(Array.from({ length: 400 }, (_, path) => [...sample.of(2, path)]).flat())).not.toEqual(
      new Set(nodes.flatMap((columns) => [...columns])),
    );
  });
});
