import { describe, expect, it } from 'vitest';
import { cholesky, choleskyInverse, choleskySolve } from './cholesky.ts';
import { countUntil } from './count-until.ts';
import { twoSidedQuantile, twoSidedTail } from './normal-tail.ts';

describe('two-sided tail', () => {
  it.each([
    [0, 1],
    [0.5, 0.6170750774519738],
    [1.959963984540054, 0.05],
    [2.9999, 0.002700683],
    [3.0001, 0.002698909],
    [6, 1.973175290075396e-9],
    [-6, 1.973175290075396e-9],
    [20, 5.507248237212467e-89],
    [45, 0],
    [Number.NaN, Number.NaN],
  ])('of %d is %d', (z, p) => {
    const tail = twoSidedTail(z);
    if (p === 0 || Number.isNaN(p)) expect(tail).toBe(p);
    else expect(Math.abs(tail / p - 1)).toBeLessThan(1e-6);
  });

  it.each([0.9, 0.2, 0.05, 0.001, 1e-20])('of its quantile of %d is that', (p) => {
    expect(twoSidedTail(twoSidedQuantile(p)) / p).toBeCloseTo(1, 9);
  });
});

describe('cholesky', () => {
  const matrix = Float64Array.of(4, 2, -1, 2, 5, 3, -1, 3, 6);

  it('solves and inverts', () => {
    const factor = cholesky(matrix, 3);
    expect(factor.singular).toBe(-1);
    const x = choleskySolve(factor, Float64Array.of(1, -2, 3));
    const inverse = choleskyInverse(factor);
    [1, -2, 3].forEach((b, i) => {
      const row = [0, 1, 2].map((j) => matrix[i * 3 + j] as number);
      expect(row.reduce((sum, a, j) => sum + a * (x[j] as number), 0)).toBeCloseTo(b, 12);
      [0, 1, 2].forEach((k) => {
        const product = row.reduce((sum, a, j) => sum + a * (inverse[j * 3 + k] as number), 0);
        expect(product).toBeCloseTo(i === k ? 1 : 0, 12);
      });
    });
  });

  it.each([
    ['a column that repeats another', Float64Array.of(1, 2, 0, 2, 4, 0, 0, 0, 1), 1],
    ['a column of nothing', Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 0), 2],
    ['a number that is none', Float64Array.of(Number.NaN, 0, 0, 0, 1, 0, 0, 0, 1), 0],
  ])('names %s', (_what, singular, column) => {
    expect(cholesky(singular, 3).singular).toBe(column);
  });
});

it.each([
  [[], 1, 0],
  [[1, 2, 2, 5], 0, 0],
  [[1, 2, 2, 5], 2, 3],
  [[1, 2, 2, 5], 5, 4],
])('counts in %j until %d', (ascending, x, count) => {
  expect(countUntil(ascending, x)).toBe(count);
});
