/** Below this share of its own diagonal a pivot is rounding, and the column a combination of those before it. */
const PIVOT_SHARE_MIN = 1e-11;

/** A positive definite matrix as L L'; `singular` is the first column that depends on those before it, else -1. */
export interface Cholesky {
  /** L in the lower triangle, row by row. */
  readonly lower: Float64Array;
  readonly size: number;
  readonly singular: number;
}

/** Factors a symmetric matrix (row by row, lower triangle read). Cost size^3 / 6 multiplications. */
export function cholesky(matrix: Float64Array, size: number): Cholesky {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j] as number;
      for (let k = 0; k < j; k++) sum -= (lower[i * size + k] as number) * (lower[j * size + k] as number);
      if (j < i) lower[i * size + j] = sum / (lower[j * size + j] as number);
      else if (sum > (matrix[i * size + i] as number) * PIVOT_SHARE_MIN) lower[i * size + i] = Math.sqrt(sum);
      else return { lower, size, singular: i };
    }
  }
  return { lower, size, singular: -1 };
}

/** x of A x = b for a factored A. */
export function choleskySolve({ lower, size }: Cholesky, b: Float64Array): Float64Array {
  const x = Float64Array.from(b);
  for (let i = 0; i < size; i++) {
    let sum = x[i] as number;
    for (let k = 0; k < i; k++) sum -= (lower[i * size + k] as number) * (x[k] as number);
    x[i] = sum / (lower[i * size + i] as number);
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = x[i] as number;
    for (let k = i + 1; k < size; k++) sum -= (lower[k * size + i] as number) * (x[k] as number);
    x[i] = sum / (lower[i * size + i] as number);
  }
  return x;
}

/** Inverse of a factored matrix, row by row. */
export function choleskyInverse(factor: Cholesky): Float64Array {
  const { size } = factor;
  const inverse = new Float64Array(size * size);
  for (let j = 0; j < size; j++) {
    const unit = new Float64Array(size);
    unit[j] = 1;
    inverse.set(choleskySolve(factor, unit), j * size);
  }
  return inverse;
}
