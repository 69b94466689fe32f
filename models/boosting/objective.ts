import type { BoostingData } from './boosting-data.ts';
import { type BoostingParams, isLogistic } from './boosting-params.ts';

/** What is minimised: gradients from margins, and predictions from them. Single precision, as XGBoost has it. */
export interface Objective {
  /** Trees a round: one, or one a class. */
  readonly outputs: number;
  /** As models are saved with it, in the space of predictions. */
  readonly base_score: number;
  readonly base_margin: number;
  readonly scale_pos_weight: number;
  /** Gradient and hessian of every row side by side, output after output: `pairs[2 * (output * rows + row)]`. */
  gradients(margins: Float32Array, pairs: Float32Array): void;
  /** Predictions of margins that lie row by row, in place; probabilities where there are classes. */
  transform(margins: Float32Array): void;
}

const HESSIAN_MIN = Math.fround(1e-16);
const f = Math.fround;

const sigmoid = (margin: number): number => f(1 / f(f(Math.exp(-Math.max(margin, -88))) + 1));

export function objectiveOf(params: BoostingParams, data: BoostingData): Objective {
  const { labels, rows, weights } = data;
  const weightOf = (row: number): number => (weights === undefined ? 1 : (weights[row] as number));
  if (params.objective === 'multi:softprob') return softprob(params, data, weightOf);

  const logistic = isLogistic(params.objective);
  let scale_pos_weight = 1;
  if (logistic) {
    let positives = 0;
    let negatives = 0;
    for (let row = 0; row < rows; row++) {
      if (labels[row] === 1) positives += weightOf(row);
      else negatives += weightOf(row);
    }
    const balance = positives > 0 && negatives > 0 ? negatives / positives : 1;
    scale_pos_weight = f(params.scale_pos_weight === 'auto' ? balance : params.scale_pos_weight);
  }

  const gradients = (margins: Float32Array, pairs: Float32Array): void => {
    for (let row = 0; row < rows; row++) {
      const label = labels[row] as number;
      let weight = weightOf(row);
      if (logistic) {
        if (label === 1) weight = f(weight * scale_pos_weight);
        const p = sigmoid(margins[row] as number);
        pairs[2 * row] = f(p - label) * weight;
        pairs[2 * row + 1] = Math.max(f(p * f(1 - p)), HESSIAN_MIN) * weight;
      } else {
        pairs[2 * row] = f((margins[row] as number) - label) * weight;
        pairs[2 * row + 1] = weight;
      }
    }
  };

  let base_score = params.base_score === 'auto' ? Number.NaN : f(params.base_score);
  if (Number.isNaN(base_score)) {
    const pairs = new Float32Array(2 * rows);
    gradients(new Float32Array(rows), pairs);
    let gradient = 0;
    let hessian = 0;
    for (let row = 0; row < rows; row++) {
      gradient += pairs[2 * row] as number;
      hessian += pairs[2 * row + 1] as number;
    }
    const step = f(-gradient / Math.max(hessian, 1e-6));
    base_score = logistic ? sigmoid(step) : step;
  }
  return {
    outputs: 1,
    base_score,
    base_margin: logistic ? f(-Math.log(f(f(1 / base_score) - 1))) : base_score,
    scale_pos_weight,
    gradients,
    transform(margins) {
      if (!logistic) return;
      for (let row = 0; row < margins.length; row++) margins[row] = sigmoid(margins[row] as number);
    },
  };
}

function softprob(params: BoostingParams, data: BoostingData, weightOf: (row: number) => number): Objective {
  const { rows, labels } = data;
  const outputs = params.num_class;
  const row_probabilities = new Float32Array(outputs);
  const softmax = (margins: Float32Array, row: number, out: Float32Array, at: number): void => {
    let max = -Infinity;
    for (let k = 0; k < outputs; k++) max = Math.max(max, margins[row * outputs + k] as number);
    let sum = 0;
    for (let k = 0; k < outputs; k++) {
      const e = f(Math.exp(f((margins[row * outputs + k] as number) - max)));
      out[at + k] = e;
      sum += e;
    }
    for (let k = 0; k < outputs; k++) out[at + k] = f((out[at + k] as number) / f(sum));
  };
  const base_score = params.base_score === 'auto' ? 0.5 : f(params.base_score);
  return {
    outputs,
    base_score,
    base_margin: base_score,
    scale_pos_weight: 1,
    gradients(margins, pairs) {
      for (let row = 0; row < rows; row++) {
        softmax(margins, row, row_probabilities, 0);
        const weight = weightOf(row);
        for (let k = 0; k < outputs; k++) {
          const p = row_probabilities[k] as number;
          const at = 2 * (k * rows + row);
          pairs[at] = f(labels[row] === k ? f(p - 1) : p) * weight;
          pairs[at + 1] = Math.max(f(f(2 * p) * f(1 - p)) * weight, HESSIAN_MIN);
        }
      }
    },
    transform(margins) {
      for (let row = 0; row < margins.length / outputs; row++) softmax(margins, row, margins, row * outputs);
    },
  };
}
