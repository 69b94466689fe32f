/** Points and weights on 0..1: `sum weights[q] * f(points[q])` is the integral of f, exactly for a polynomial up to 2 n - 1. */
export interface Quadrature {
  readonly points: Float64Array;
  readonly weights: Float64Array;
}

/** Gauss-Legendre quadrature of `n` points, from the roots of the Legendre polynomial by Newton's method. */
export function gaussLegendre(n: number): Quadrature {
  const points = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 0;
    for (let round = 0; round < 20; round++) {
      let before = 0;
      let value = 1;
      for (let k = 1; k <= n; k++) {
        const next = ((2 * k - 1) * x * value - (k - 1) * before) / k;
        before = value;
        value = next;
      }
      slope = (n * (x * value - before)) / (x * x - 1);
      const step = value / slope;
      x -= step;
      if (Math.abs(step) < 1e-16) break;
    }
    points[i] = (1 - x) / 2;
    weights[i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { points, weights };
}

const known: Quadrature[] = [];

/**
 * The quadrature that is exact for the Shapley value of `players`: with Owen's multilinear extension f, the value of player i is
 * the integral over 0..1 of df/dx_i along the diagonal, a polynomial of degree players - 1. Kept once computed.
 */
export function shapleyQuadrature(players: number): Quadrature {
  const n = Math.max((players + 1) >> 1, 1);
  const found = known[n] ?? gaussLegendre(n);
  known[n] = found;
  return found;
}
