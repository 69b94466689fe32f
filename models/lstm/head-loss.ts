import { HEAD_WIDTH } from './lstm-model.ts';

/** Of a step whose type nobody knows. */
export const NO_TYPE = 255;

export interface LossWeights {
  /** Of a step before a failure; one before none weighs 1. */
  readonly positive: number;
  /** Of the type's cross entropy beside the failure's. */
  readonly type: number;
}

/** What one step costs: the sums of the heads, whether a failure comes (NaN = unknown) and of which type. */
export function headLoss(
  sums: ArrayLike<number>,
  at: number,
  failure: number,
  type: number,
  weights: LossWeights,
  /** Takes the derivative by each sum, at `at`. */
  slopes: Float32Array | null = null,
): number {
  slopes?.fill(0, at, at + HEAD_WIDTH);
  if (Number.isNaN(failure)) return 0;
  const x = sums[at] as number;
  const weight = failure === 1 ? weights.positive : 1;
  // ln(1 + e^-|x|) keeps what is left of 1 where e^x would not.
  const missed = Math.max(x, 0) - x * failure + Math.log1p(Math.exp(-Math.abs(x)));
  if (slopes) slopes[at] = weight * (1 / (1 + Math.exp(-x)) - failure);
  if (failure !== 1 || type > 3) return weight * missed;
  let highest = Number.NEGATIVE_INFINITY;
  for (let k = 1; k < HEAD_WIDTH; k++) highest = Math.max(highest, sums[at + k] as number);
  let total = 0;
  for (let k = 1; k < HEAD_WIDTH; k++) total += Math.exp((sums[at + k] as number) - highest);
  const scale = weight * weights.type;
  if (slopes) {
    for (let k = 1; k < HEAD_WIDTH; k++) {
      const share = Math.exp((sums[at + k] as number) - highest) / total;
      slopes[at + k] = scale * (share - (k === type + 1 ? 1 : 0));
    }
  }
  return weight * missed + scale * (Math.log(total) + highest - (sums[at + 1 + type] as number));
}
