import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { FAILURE_TYPES, HORIZONS_DAYS } from '../../pipeline/contract/predictions.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { scoreRow } from '../isolation-forest/forest.ts';
import { createLstmStepper } from '../lstm/stepper.ts';
import { scoreCox } from '../survival/cox-document.ts';
import { inputReader } from '../training/model-features.ts';
import { createScorer } from '../xgboost/score.ts';
import { COMPONENTS, type LoadedBundle } from './bundle.ts';
import { logit } from './combiner.ts';

/** What the models of a bundle say of a vector, one by one. Filled anew by every call. */
export interface ComponentScores {
  /** Features of the bundle, NaN = unknown. */
  readonly row: Float32Array;
  /** By horizon, then by component: log-odds, and novelty as 10 x (score - 0.5); NaN = says nothing. */
  readonly inputs: Float64Array;
  /** Features of Cox, transformed. */
  readonly cox_row: Float64Array;
  /** Isolation score 0..1; NaN without a forest. */
  novelty: number;
  /** The recurrent network's probability within 30 days; NaN = says nothing. */
  lstm_probability: number;
  /** Probabilities of the failure types; NaN = nobody knows. */
  readonly types: Float64Array;
}

export interface Components {
  /** Numbers carried per GPU: the network's state, then what it last said, and the time since. */
  readonly carried_width: number;
  readonly scores: ComponentScores;
  /** Steps what is carried, and asks nobody: for vectors whose judgement nobody needs. */
  follow(vector: FeatureVector, carried: Float32Array, elapsed_ms: number): void;
  /** Steps what is carried, and fills `scores`. */
  judge(vector: FeatureVector, carried: Float32Array, elapsed_ms: number): void;
}

/** Time between two steps of the recurrent network. */
export const LSTM_STEP_MS = minutes(10);
/** After a silence of so long the network begins anew. */
const FORGETS_AFTER_STEPS = 6 * 24 * 14;
const NOVELTY_SCALE = 10;
const placeOf = (name: (typeof COMPONENTS)[number]): number => COMPONENTS.indexOf(name);
const TREES = placeOf('trees');
const IMMINENT = placeOf('imminent');
const COX = placeOf('cox');
const LSTM = placeOf('lstm');
const NOVELTY = placeOf('novelty');

/** Signed log1p: what Cox sees of a feature with a long tail. */
export const squeezed = (value: number): number => Math.sign(value) * Math.log1p(Math.abs(value));

/**
 * The parts of a bundle, asked one by one: trees by horizon, Cox, the recurrent network (stepped every 10 minutes, its state
 * carried per GPU), the isolation forest, and the trees that tell the type. Buffers are reused; about 60 us a vector for
 * three times 300 trees of depth 4, 40 us more where the network steps.
 */
export function createComponents(loaded: LoadedBundle): Components {
  const { bundle, trees, types, cox, lstm, novelty } = loaded;
  const readRow = inputReader(bundle.features, bundle.sample_counts);
  const readCox = inputReader(cox?.names ?? [], bundle.sample_counts);
  const width = COMPONENTS.length;
  const scorers = trees.map((model) => (model === null ? null : createScorer(model)));
  const typeScorer = types === null ? null : createScorer(types);
  const stepper = lstm === null ? null : createLstmStepper(lstm);
  const lstmNames = lstm === null ? [] : lstm.inputs.map(({ name }) => name);
  const readLstmInputs = inputReader(lstmNames);
  const lstmInputs = new Float32Array(lstmNames.length);
  const elapsed = new Float32Array(1);
  const margin = new Float64Array(1);
  const typeOut = new Float64Array(FAILURE_TYPES.length);
  const lstmOut = new Float32Array(stepper?.output_width ?? 0);
  const state_width = stepper?.state_width ?? 0;
  /** What the network last said, the time since its last step (ms), and whether it has stepped at all. */
  const waited_at = state_width + lstmOut.length;
  const stepped_at = waited_at + 1;
  const scores: ComponentScores = {
    row: new Float32Array(bundle.features.length),
    inputs: new Float64Array(HORIZONS_DAYS.length * width),
    cox_row: new Float64Array(cox?.names.length ?? 0),
    novelty: Number.NaN,
    lstm_probability: Number.NaN,
    types: new Float64Array(FAILURE_TYPES.length),
  };

  const step = (vector: FeatureVector, carried: Float32Array, elapsed_ms: number): void => {
    if (stepper === null) return;
    const waited = (carried[waited_at] as number) + elapsed_ms;
    const first = carried[stepped_at] === 0;
    if (!first && waited < LSTM_STEP_MS) {
      carried[waited_at] = waited;
      return;
    }
    readLstmInputs(vector.values, lstmInputs);
    const steps = waited / LSTM_STEP_MS;
    elapsed[0] = first || steps > FORGETS_AFTER_STEPS ? 0 : Math.max(1, Math.round(steps));
    stepper.step(1, lstmInputs, elapsed, carried.subarray(0, state_width), lstmOut);
    carried.set(lstmOut, state_width);
    carried[waited_at] = 0;
    carried[stepped_at] = 1;
  };

  return {
    carried_width: stepper === null ? 0 : stepped_at + 1,
    scores,
    follow: step,
    judge(vector, carried, elapsed_ms) {
      const { row, inputs, cox_row } = scores;
      readRow(vector.values, row);
      inputs.fill(Number.NaN);
      for (const [h, scorer] of scorers.entries()) {
        if (scorer === null) continue;
        scorer.margins(row, 1, margin);
        inputs[h * width + TREES] = margin[0] as number;
      }
      for (let h = 1; h < HORIZONS_DAYS.length; h++) inputs[h * width + IMMINENT] = inputs[TREES] as number;
      if (cox !== null) {
        readCox(vector.values, cox_row);
        for (let k = 0; k < cox_row.length; k++) cox_row[k] = squeezed(cox_row[k] as number);
        const { probability } = scoreCox(cox, cox_row, { age_days: 0 });
        for (const [h, days] of HORIZONS_DAYS.entries()) inputs[h * width + COX] = logit(probability(days));
      }
      scores.lstm_probability = Number.NaN;
      if (stepper !== null) {
        step(vector, carried, elapsed_ms);
        scores.lstm_probability = carried[state_width] as number;
        for (let h = 0; h < HORIZONS_DAYS.length; h++) inputs[h * width + LSTM] = logit(scores.lstm_probability);
      }
      if (novelty !== null) {
        scores.novelty = scoreRow(novelty, row);
        for (let h = 0; h < HORIZONS_DAYS.length; h++)
          inputs[h * width + NOVELTY] = NOVELTY_SCALE * (scores.novelty - 0.5);
      }
      judgeTypes(row, carried);
    },
  };

  /** The mean of what the trees and the network say. */
  function judgeTypes(row: Float32Array, carried: Float32Array): void {
    const { types: out } = scores;
    out.fill(Number.NaN);
    if (typeScorer !== null) {
      typeScorer.predictions(row, 1, typeOut);
      out.set(typeOut);
    }
    if (stepper === null) return;
    for (let k = 0; k < out.length; k++) {
      const told = carried[state_width + 1 + k] as number;
      out[k] = typeScorer === null ? told : ((out[k] as number) + told) / 2;
    }
  }
}
