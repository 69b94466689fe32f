/**
 * P(|Z| > |z|) of a standard normal Z, to 14 digits also far out (0 beyond 38 standard deviations, where doubles end).
 * Source   Abramowitz and Stegun 26.2.11 (series) and 26.2.14 (continued fraction).
 */
export function twoSidedTail(z: number): number {
  const x = Math.abs(z);
  if (Number.isNaN(x)) return Number.NaN;
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
      term *= (x * x) / k;
      sum += term;
    }
    return Math.max(0, 1 - 2 * density * sum);
  }
  let fraction = x;
  for (let k = 200; k >= 1; k--) fraction = x + k / fraction;
  return (2 * density) / fraction;
}

/** z with P(|Z| > z) = `p`, for an interval of confidence 1 - p; 0 < p < 1. By bisection, to 12 digits. */
export function twoSidedQuantile(p: number): number {
  let low = 0;
  let high = 40;
  for (let i = 0; i < 100 && high - low > 1e-13 * high; i++) {
    const middle = (low + high) / 2;
    if (twoSidedTail(middle) > p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
