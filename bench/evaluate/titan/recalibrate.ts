import { combine, fitCombiner, logit, sigmoid } from '../../../models/prediction/combiner.ts';
import type { Outcomes } from './landmark-block.ts';

/** What a model said at a landmark that is over, and what became of it. */
export interface SettledAnswers {
  readonly answers: Float32Array;
  readonly outcomes: Outcomes;
}

/** Failures below which answers stay as they are. */
const FAILURES_MIN = 100;

/**
 * Answers bent to what became of the earlier ones of the same model (Platt's scaling by the combiner of the product). The rows
 * that `picked` leaves out are those without a failure of which one in `one_in` stands for all.
 */
export function recalibrated(
  answers: Float32Array,
  settled: readonly (SettledAnswers & { readonly picked: Uint8Array })[],
  one_in: number,
): Float32Array {
  const inputs: number[] = [];
  const labels: number[] = [];
  const weights: number[] = [];
  let failures = 0;
  for (const { answers: said, outcomes, picked } of settled) {
    outcomes.labels.forEach((label, i) => {
      const weight = outcomes.weights[i] as number;
      if (weight === 0 || (label === 0 && picked[i] === 0)) return;
      inputs.push(logit(said[i] as number));
      labels.push(label);
      weights.push(label === 1 ? weight : weight * one_in);
      failures += label;
    });
  }
  if (failures < FAILURES_MIN) return answers;
  const combiner = fitCombiner({ inputs: Float64Array.from(inputs), width: 1, labels, weights });
  return answers.map((p) => sigmoid(combine(combiner, [logit(p)])));
}
