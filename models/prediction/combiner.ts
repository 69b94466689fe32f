/** A logistic model over the log-odds of several models: what each of them is worth beside the others, and calibrated by it. */
export interface Combiner {
  readonly bias: number;
  /** One per input, 0 or more: an input that would count against itself is left out. */
  readonly weights: readonly number[];
  /** Means of the inputs where it was fitted: what stands in for one that is missing. */
  readonly means: readonly number[];
}

export interface CombinerData {
  /** Row by row, `rows` x `inputs`; NaN = missing. */
  readonly inputs: Float64Array;
  readonly width: number;
  /** 0 or 1; one per row. */
  readonly labels: ArrayLike<number>;
  /** How many rows each row counts as. */
  readonly weights?: ArrayLike<number>;
}

/** Pull of the weights towards 0, in rows: keeps few failures from deciding much. */
const RIDGE = 1;
const ITERATIONS_MAX = 50;
const CLOSE_ENOUGH = 1e-9;
/** Further no log-odds are put right: beyond it lies what no probability tells apart. */
const BIAS_MAX = 1_000;
/** To a billionth of a billionth of that. */
const HALVINGS = 64;

export const logit = (p: number): number => Math.log(Math.max(1e-9, p) / Math.max(1e-9, 1 - p));
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * Fits by Newton's method with a ridge on the weights; an input of negative weight is left out and the rest fitted again
 * (stacking with non-negative weights: Breiman 1996). Inputs are log-odds, so a single one with weight 1 and bias 0 stays as
 * it is, and what is found otherwise is Platt's scaling. O(rows x inputs^2) an iteration.
 */
export function fitCombiner(data: CombinerData): Combiner {
  const { width } = data;
  const means = columnMeans(data);
  const active = Array.from({ length: width }, (_, k) => k).filter((k) => !Number.isNaN(means[k] as number));
  for (;;) {
    const fitted = newton(data, means, active);
    const worst = active.reduce((found, _, i) => {
      const weight = fitted[i + 1] as number;
      return weight < 0 && (found < 0 || weight < (fitted[found + 1] as number)) ? i : found;
    }, -1);
    if (worst >= 0) {
      active.splice(worst, 1);
      continue;
    }
    const weights = new Array<number>(width).fill(0);
    for (const [i, k] of active.entries()) weights[k] = fitted[i + 1] as number;
    return { bias: fitted[0] as number, weights, means: Array.from(means, (mean) => (Number.isNaN(mean) ? 0 : mean)) };
  }
}

/**
 * What log-odds lack so that their probabilities add up to `expected`: their order and distances stay. Where no bias can do
 * it, for there are too few rows, half a row less than all of them. Found by halving.
 */
export function fitBias(log_odds: ArrayLike<number>, expected: number): number {
  const wanted = Math.min(expected, log_odds.length - 0.5);
  let [low, high] = [-BIAS_MAX, BIAS_MAX];
  for (let i = 0; i < HALVINGS; i++) {
    const bias = (low + high) / 2;
    let sum = 0;
    for (let row = 0; row < log_odds.length; row++) sum += sigmoid(bias + (log_odds[row] as number));
    if (sum < wanted) low = bias;
    else high = bias;
  }
  return (low + high) / 2;
}

/** Log-odds of the combination; a missing input counts as its mean. */
export function combine(combiner: Combiner, inputs: ArrayLike<number>, from = 0): number {
  let sum = combiner.bias;
  for (let k = 0; k < combiner.weights.length; k++) {
    const value = inputs[from + k] as number;
    sum += (combiner.weights[k] as number) * (Number.isNaN(value) ? (combiner.means[k] as number) : value);
  }
  return sum;
}

function columnMeans({ inputs, width, labels, weights }: CombinerData): Float64Array {
  const sums = new Float64Array(width);
  const counts = new Float64Array(width);
  for (let row = 0; row < labels.length; row++) {
    const weight = weights?.[row] ?? 1;
    for (let k = 0; k < width; k++) {
      const value = inputs[row * width + k] as number;
      if (Number.isNaN(value)) continue;
      sums[k] = (sums[k] as number) + weight * value;
      counts[k] = (counts[k] as number) + weight;
    }
  }
  return sums.map((sum, k) => ((counts[k] as number) > 0 ? sum / (counts[k] as number) : Number.NaN));
}

/** Bias and one weight per active input. */
function newton(data: CombinerData, means: Float64Array, active: readonly number[]): Float64Array {
  const { inputs, width, labels, weights } = data;
  const n = active.length + 1;
  const beta = new Float64Array(n);
  const x = new Float64Array(n);
  x[0] = 1;
  for (let iteration = 0; iteration < ITERATIONS_MAX; iteration++) {
    const gradient = new Float64Array(n);
    const hessian = new Float64Array(n * n);
    for (let k = 1; k < n; k++) {
      gradient[k] = -RIDGE * (beta[k] as number);
      hessian[k * n + k] = RIDGE;
    }
    for (let row = 0; row < labels.length; row++) {
      let z = beta[0] as number;
      for (const [i, k] of active.entries()) {
        const value = inputs[row * width + k] as number;
        x[i + 1] = Number.isNaN(value) ? (means[k] as number) : value;
        z += (beta[i + 1] as number) * (x[i + 1] as number);
      }
      const p = sigmoid(z);
      const weight = weights?.[row] ?? 1;
      const off = weight * ((labels[row] as number) - p);
      const curve = Math.max(1e-12, weight * p * (1 - p));
      for (let a = 0; a < n; a++) {
        gradient[a] = (gradient[a] as number) + off * (x[a] as number);
        for (let b = 0; b <= a; b++) {
          hessian[a * n + b] = (hessian[a * n + b] as number) + curve * (x[a] as number) * (x[b] as number);
        }
      }
    }
    const step = solve(hessian, gradient, n);
    let largest = 0;
    for (let k = 0; k < n; k++) {
      // A far first guess must not overshoot into where every probability is 0 or 1.
      const move = Math.max(-4, Math.min(4, step[k] as number));
      beta[k] = (beta[k] as number) + move;
      largest = Math.max(largest, Math.abs(move));
    }
    if (largest < CLOSE_ENOUGH) break;
  }
  return beta;
}

/** Solves a symmetric positive definite system, given its lower triangle, by Cholesky's decomposition. */
function solve(lower: Float64Array, right: Float64Array, n: number): Float64Array {
  const l = Float64Array.from(lower);
  for (let a = 0; a < n; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = l[a * n + b] as number;
      for (let k = 0; k < b; k++) sum -= (l[a * n + k] as number) * (l[b * n + k] as number);
      l[a * n + b] = a === b ? Math.sqrt(Math.max(1e-12, sum)) : sum / (l[b * n + b] as number);
    }
  }
  const out = Float64Array.from(right);
  for (let a = 0; a < n; a++) {
    for (let k = 0; k < a; k++) out[a] = (out[a] as number) - (l[a * n + k] as number) * (out[k] as number);
    out[a] = (out[a] as number) / (l[a * n + a] as number);
  }
  for (let a = n - 1; a >= 0; a--) {
    for (let k = a + 1; k < n; k++) out[a] = (out[a] as number) - (l[k * n + a] as number) * (out[k] as number);
    out[a] = (out[a] as number) / (l[a * n + a] as number);
  }
  return out;
}
