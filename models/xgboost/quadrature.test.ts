import { describe, expect, it } from 'vitest';
import { gaussLegendre, shapleyQuadrature } from './quadrature.ts';

describe('Gauss-Legendre on 0..1', () => {
  it.each([1, 2, 3, 5, 8, 16, 64, 512])('%i points integrate every power up to 2 n - 1', (n) => {
    const { points, weights } = gaussLegendre(n);
    for (const power of [0, 1, n, 2 * n - 1]) {
      const sum = points.reduce((total, y, q) => total + (weights[q] as number) * y ** power, 0);
      expect(sum).toBeCloseTo(1 / (power + 1), 12);
    }
    expect(points.every((y) => y > 0 && y < 1)).toBe(true);
  });

  it.each([1, 2, 3, 4, 7, 10])('gives %i players the weights of the Shapley value', (players) => {
    const { points, weights } = shapleyQuadrature(players);
    const factorial = (k: number): number => (k <= 1 ? 1 : k * factorial(k - 1));
    for (let before = 0; before < players; before++) {
      const after = players - 1 - before;
      const sum = points.reduce((total, y, q) => total + (weights[q] as number) * y ** before * (1 - y) ** after, 0);
      expect(sum).toBeCloseTo((factorial(before) * factorial(after)) / factorial(players), 14);
    }
  });
});
