import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averagePathLength } from './average-path-length.ts';
import { type Forest, pathContributions, pathLength, scoreRow } from './forest.ts';
import { forestData, readForest } from './forest-data.ts';
import { FOREST_DEFAULTS, fitForest, startForestFit } from './forest-fit.ts';
import { treeDraws } from './tree-draws.ts';

/** A cloud around 0 with the same spread in every direction. */
function cloud(rows: number, width: number, seed: number): number[][] {
  const draw = treeDraws(seed, 0);
  const bell = (): number => draw() + draw() + draw() + draw() - 2;
  return Array.from({ length: rows }, () => Array.from({ length: width }, bell));
}

/** Walks a path in the words of the paper, from the node's own arrays. */
function slowPathLength(forest: Forest, row: readonly number[]): number {
  const walk = (node: number, depth: number): number => {
    const f = forest.feature[node] as number;
    if (f < 0) return depth + averagePathLength(forest.size[node] as number);
    const value = Number.isFinite(row[f]) ? (row[f] as number) : (forest.medians[f] as number);
    const left = forest.child[node] as number;
    return walk(value <= (forest.value[node] as number) ? left : left + 1, depth + 1);
  };
  const lengths = Array.from(forest.roots, (root) => walk(root, 0));
  return lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
}

describe('c(n)', () => {
  it.each([
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 1.207_392_357_589_622],
    [256, 10.244_770_920_1],
  ])('of %d rows is %d', (rows, expected) => {
    expect(averagePathLength(rows)).toBeCloseTo(expected, 10);
  });

  it('is near the mean depth of random search trees', () => {
    const harmonic = Array.from({ length: 999 }, (_, i) => 1 / (i + 1)).reduce((sum, x) => sum + x, 0);
    expect(averagePathLength(1000)).toBeCloseTo(2 * harmonic - (2 * 999) / 1000, 2);
  });
});

describe('isolation forest', () => {
  it('scores what lies apart high and the crowd low', () => {
    const rows = cloud(500, 6, 7);
    const forest = fitForest(rows);
    const scores = rows.map((row) => scoreRow(forest, row)).sort((a, b) => a - b);
    expect(scores[250]).toBeLessThan(0.5);
    expect(scoreRow(forest, [5, 5, 5, 5, 5, 5])).toBeGreaterThan(0.7);
    expect(scoreRow(forest, [0, 0, 0, 0, 0, 0])).toBeLessThan(0.45);
  });

  it('grows trees of 256 rows, eight levels deep', () => {
    const forest = fitForest(cloud(1000, 4, 3));
    expect(forest.roots).toHaveLength(100);
    expect(forest.sample_size).toBe(256);
    for (const root of forest.roots) expect(forest.size[root]).toBe(256);
    for (let node = 0; node < forest.feature.length; node++) {
      if ((forest.feature[node] as number) < 0) {
        const depth = (forest.value[node] as number) - averagePathLength(forest.size[node] as number);
        expect(Math.round(depth * 1e9) / 1e9).toBeLessThanOrEqual(8);
        continue;
      }
      const left = forest.child[node] as number;
      expect(forest.size[left]).toBeGreaterThan(0);
      expect(forest.size[left + 1]).toBeGreaterThan(0);
      expect((forest.size[left] as number) + (forest.size[left + 1] as number)).toBe(forest.size[node]);
    }
  });

  it('walks as the paper says, and its contributions add up', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer(),
        (count, width, seed) => {
          const draw = treeDraws(seed, 1);
          const rows = Array.from({ length: count }, () =>
            Array.from({ length: width }, () => {
              const x = draw();
              return x < 0.1 ? Number.NaN : x < 0.5 ? Math.round(x * 10) : x * 1e6;
            }),
          );
          const forest = fitForest(rows, { trees: 5, sample_size: 32, seed });
          for (const row of rows) {
            const length = pathLength(forest, row);
            expect(length).toBeCloseTo(slowPathLength(forest, row), 10);
            const sum = pathContributions(forest, row).reduce((a, b) => a + b, 0);
            expect(sum).toBeCloseTo(averagePathLength(forest.sample_size) - length, 9);
          }
        },
      ),
      { numRuns: 60, seed: 14 },
    );
  });

  it('names the feature that isolates a row', () => {
    const forest = fitForest(cloud(400, 8, 11));
    const contributions = pathContributions(forest, [0, 0, 0, 9, 0, 0, 0, 0]);
    expect(contributions.indexOf(Math.max(...contributions))).toBe(3);
  });

  it('is the same for the same seed, in any slices, and another for another', () => {
    const rows = cloud(300, 5, 1);
    const whole = forestData(fitForest(rows));
    for (const slice of [1, 7, 33]) {
      const fit = startForestFit(rows, FOREST_DEFAULTS);
      let calls = 1;
      while (!fit.step(slice)) calls++;
      expect(calls).toBe(Math.ceil(100 / slice));
      expect(fit.built).toBe(100);
      expect(forestData(fit.forest())).toEqual(whole);
    }
    expect(forestData(fitForest(rows, { ...FOREST_DEFAULTS, seed: 43 })).value).not.toEqual(whole.value);
  });

  it('takes missing values for the median of the column', () => {
    const rows = cloud(200, 3, 5);
    rows.forEach((row, r) => {
      if (r % 4 === 0) row[1] = Number.NaN;
    });
    const known = rows.map((row) => row[1] as number).filter((x) => !Number.isNaN(x));
    known.sort((a, b) => a - b);
    const median = ((known[74] as number) + (known[75] as number)) / 2;
    const forest = fitForest(rows);
    expect(forest.medians[1]).toBe(median);
    const score = scoreRow(forest, [1, median, -1]);
    for (const missing of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(scoreRow(forest, [1, missing, -1])).toBe(score);
    }
  });

  it.each([
    ['a row without a single value', [[Number.NaN, Number.NaN]]],
    [
      'rows that are all alike',
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
    ],
    ['one row', [[3, 4]]],
  ])('finds nothing strange in %s', (_, rows) => {
    const forest = fitForest(rows);
    const scores = rows.map((row) => scoreRow(forest, row));
    for (const score of scores) expect(score).toBeCloseTo(0.5, 12);
  });

  it('splits ranges that no number can hold', () => {
    const forest = fitForest([[-1.7e308], [1.7e308], [0]], { trees: 10, sample_size: 3, seed: 1 });
    for (const root of forest.roots) expect(forest.size[root]).toBe(3);
    expect(scoreRow(forest, [0])).toBeGreaterThan(0);
  });

  it('comes back from JSON bit for bit', () => {
    const rows = cloud(300, 5, 2);
    const forest = fitForest(rows);
    const back = readForest(JSON.parse(JSON.stringify(forestData(forest))));
    expect(back).toEqual(forest);
    for (const row of rows) expect(scoreRow(back, row)).toBe(scoreRow(forest, row));
  });

  it('refuses what is no forest', () => {
    const data = forestData(fitForest(cloud(20, 2, 2), { trees: 2, sample_size: 16, seed: 1 }));
    const inner = data.feature.findIndex((feature) => feature >= 0);
    const at = (list: readonly number[], index: number, x: number): number[] =>
      list.map((y, i) => (i === index ? x : y));
    for (const bad of [
      {},
      { ...data, value: data.value.slice(1) },
      { ...data, features: 3 },
      { ...data, roots: [] },
      { ...data, sample_size: 0 },
      { ...data, child: at(data.child, inner, data.child.length) },
      { ...data, child: at(data.child, inner, inner) },
      { ...data, feature: at(data.feature, inner, 2) },
      { ...data, value: at(data.value, 0, 'x' as unknown as number) },
    ]) {
      expect(() => readForest(bad as typeof data)).toThrow(/no isolation forest/);
    }
  });
});
