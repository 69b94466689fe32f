import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { CARRIED_WIDTH, type FailureModel } from '../../pipeline/contract/failure-model.ts';
import { FEATURES, findFeature } from '../../pipeline/contract/features.ts';
import { FAILURE_TYPES, type PredictionContribution } from '../../pipeline/contract/predictions.ts';
import { createExplainer } from '../xgboost/shap.ts';
import { COMPONENTS, type LoadedBundle } from './bundle.ts';
import { combine, sigmoid } from './combiner.ts';
import { type ComponentScores, createComponents } from './components.ts';

const WIDTH = COMPONENTS.length;
const D30 = 1;
const REASONS_MAX = 5;
/** Nobody is surer: what the models have never seen can always happen. */
const SUREST = 0.95;
/** Isolation score from which on a GPU is like none that the models learned from, and at which they know nothing of it. */
const NOVEL_FROM = 0.6;
const NOVEL_TO = 0.85;

/** How reasons that are no features are called. */
const HISTORY = 'history_lstm';
const NOVELTY = 'novelty_score';

/**
 * The models of a bundle as one: a calibrated combination by horizon, made to rise with it (p7 <= p30 <= p90), with reasons.
 * A horizon without a model of its own has the hazard of the others. Contributions are log-odds of the 30-day probability:
 * SHAP values of the trees and terms of Cox, each weighted as the combination weighs them, the network and novelty as one
 * reason each. Confidence is 0.95 x (share of the importance that is known)^1/2 x novelty x agreement.
 * Cost     see createComponents, and the trees' SHAP.
 * Errors   GV-MDL-302 when it carries more per GPU than there is room for.
 */
export function createEnsemble(loaded: LoadedBundle, version: string): FailureModel {
  const components = createComponents(loaded);
  if (components.carried_width > CARRIED_WIDTH) {
    throw new VitalsError(
      'GV-MDL-302',
      `it carries ${components.carried_width} numbers a GPU, of ${CARRIED_WIDTH}`,
      version,
    );
  }
  const { bundle, combiners, cox } = loaded;
  const { scores } = components;
  const width = bundle.features.length;
  const explainers = [loaded.trees[D30], loaded.trees[0]].map((model) => (model ? createExplainer(model) : null));
  const shap = new Float64Array(width + 1);
  const main = combiners[D30] as NonNullable<(typeof combiners)[number]>;
  const importance = bundle.importance.reduce((sum, one) => sum + one, 0) || 1;

  const places = bundle.features.map(findFeature);
  const coxPlaces = (cox?.names ?? []).map(findFeature);

  /** Of each feature what the vector says, which is what people see elsewhere; inputs of models may be told otherwise. */
  const reasons = ({ values }: FeatureVector): PredictionContribution[] => {
    const found = new Map<string, PredictionContribution>();
    const add = (feature: string, value: number, contribution: number): void => {
      const before = found.get(feature)?.contribution ?? 0;
      const known = Number.isNaN(value) ? null : value;
      found.set(feature, { feature, value: known, contribution: before + contribution });
    };
    const [trees, imminent, hazard, history, novelty] = main.weights as [number, number, number, number, number];
    for (const [explainer, weight] of [
      [explainers[0], trees],
      [explainers[1], imminent],
    ] as const) {
      if (!explainer || weight === 0) continue;
      explainer.contributions(scores.row, 1, shap);
      for (let k = 0; k < width; k++) {
        if (shap[k] === 0) continue;
        add(bundle.features[k] as string, values[places[k] as number] as number, weight * (shap[k] as number));
      }
    }
    if (cox !== null) {
      const { coefficients, means, names } = cox;
      for (const [k, name] of names.entries()) {
        const off = (scores.cox_row[k] as number) - (means[k] as number);
        if (Number.isNaN(off)) continue;
        add(name, values[coxPlaces[k] as number] as number, hazard * (coefficients[k] as number) * off);
      }
    }
    const at = D30 * WIDTH;
    const offset = (k: number): number => (scores.inputs[at + k] as number) - (main.means[k] as number);
    if (!Number.isNaN(scores.lstm_probability))
      add(HISTORY, scores.lstm_probability, history * offset(COMPONENTS.indexOf('lstm')));
    if (!Number.isNaN(scores.novelty)) add(NOVELTY, scores.novelty, novelty * offset(COMPONENTS.indexOf('novelty')));
    return [...found.values()]
      .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution) || (a.feature < b.feature ? -1 : 1))
      .slice(0, REASONS_MAX);
  };

  return {
    name: bundle.name,
    version,
    carried_width: components.carried_width,
    follow: components.follow,
    judge(vector, carried, elapsed_ms) {
      components.judge(vector, carried, elapsed_ms);
      const [p7, p30, p90] = probabilities(loaded, scores);
      const contributions = reasons(vector);
      const type = mostLikely(scores.types);
      const known = bundle.importance.reduce(
        (sum, one, k) => (Number.isNaN(scores.row[k] as number) ? sum : sum + one),
        0,
      );
      const confidence =
        SUREST * Math.sqrt(known / importance) * familiarity(scores.novelty) * agreement(loaded, scores);
      return {
        p7,
        p30,
        p90,
        type,
        confidence,
        contributions,
        explanation: inWords(bundle.trained_on, p30, type, contributions),
      };
    },
  };
}

/** By horizon, rising; a horizon without a combination goes on at the hazard of the 30 days. */
function probabilities(
  loaded: LoadedBundle,
  scores: Pick<ComponentScores, 'inputs'>,
): readonly [number, number, number] {
  const { hazards, ratio } = loaded.bundle.background;
  const [p7, p30, p90] = combinedProbabilities(loaded.combiners, scores);
  const w7 = inOrdinaryFleets(p7, hazards[0], ratio);
  const w30 = Math.max(w7, inOrdinaryFleets(p30, hazards[1], ratio));
  return [w7, w30, Math.max(w30, inOrdinaryFleets(p90, hazards[2], ratio))];
}

/**
 * Hazards add up: what a GPU's readings say stays, the background that every GPU has becomes that of ordinary fleets. Order is
 * kept, and where the fleets of the training fail as often as others, so is everything.
 */
export const inOrdinaryFleets = (p: number, background: number, ratio: number): number => {
  const hazard = -Math.log1p(-Math.min(p, 1 - 1e-12));
  return -Math.expm1((1 - ratio) * Math.min(hazard, background) - hazard);
};

/** As combined where the models were trained. */
export function combinedProbabilities(
  combiners: LoadedBundle['combiners'],
  scores: Pick<ComponentScores, 'inputs'>,
): readonly [number, number, number] {
  const [week, month, quarter] = combiners;
  const p30 = month ? sigmoid(combine(month, scores.inputs, D30 * WIDTH)) : 0;
  const at = (days: number): number => -Math.expm1((days / 30) * Math.log1p(-Math.min(p30, 1 - 1e-12)));
  const p7 = Math.min(p30, week ? sigmoid(combine(week, scores.inputs, 0)) : at(7));
  const p90 = Math.max(p30, quarter ? sigmoid(combine(quarter, scores.inputs, 2 * WIDTH)) : at(90));
  return [p7, p30, p90];
}

function mostLikely(types: Float64Array): (typeof FAILURE_TYPES)[number] {
  let best = types.length - 1;
  for (let k = 0; k < types.length; k++) if ((types[k] as number) > (types[best] as number)) best = k;
  return FAILURE_TYPES[best] as (typeof FAILURE_TYPES)[number];
}

/** 1 for what looks like what was learned from, 0.5 for what looks like nothing of it. */
function familiarity(novelty: number): number {
  if (Number.isNaN(novelty)) return 1;
  return 1 - 0.5 * Math.min(1, Math.max(0, (novelty - NOVEL_FROM) / (NOVEL_TO - NOVEL_FROM)));
}

/**
 * 1 where the models say the same when asked one by one, less the standard deviation of what they say: in probabilities, for
 * one in a thousand and one in a hundred lead to the same act, and sure and very sure too.
 */
function agreement({ bundle }: LoadedBundle, scores: ComponentScores): number {
  const said: number[] = [];
  for (const [k, alone] of bundle.alone.entries()) {
    // Novelty foresees nothing by itself.
    if (alone === null || COMPONENTS[k] === 'novelty' || Number.isNaN(scores.inputs[D30 * WIDTH + k] as number))
      continue;
    said.push(sigmoid(combine(alone, scores.inputs, D30 * WIDTH)));
  }
  if (said.length < 2) return 1;
  const mean = said.reduce((sum, one) => sum + one, 0) / said.length;
  const variance = said.reduce((sum, one) => sum + (one - mean) ** 2, 0) / said.length;
  return 1 - Math.sqrt(variance);
}

const percent = (p: number): string => (p >= 0.995 ? 'over 99 %' : `${(100 * p).toFixed(p < 0.1 ? 1 : 0)} %`);

const shown = (value: number): string =>
  Math.abs(value) >= 1_000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));

function inWords(
  trained_on: string,
  p30: number,
  type: string,
  contributions: readonly PredictionContribution[],
): string {
  const reasons = contributions
    .filter(({ contribution }) => contribution > 0)
    .slice(0, 3)
    .map(({ feature, value }) => {
      if (feature === HISTORY) return 'the course of its last days';
      if (feature === NOVELTY) return 'readings unlike those of other GPUs';
      const unit = FEATURES[findFeature(feature)]?.unit ?? '';
      return value === null ? `${feature} is missing` : `${feature} is ${shown(value)} ${unit}`.trim();
    });
  const why = reasons.length === 0 ? 'nothing speaks for it' : `most of it because ${reasons.join(', ')}`;
  const origin =
    trained_on === 'real'
      ? ''
      : ` The model was trained on ${trained_on === 'simulated' ? 'simulated fleets only' : 'real and simulated fleets'}.`;
  return `${percent(p30)} within 30 days, most likely ${type}; ${why}.${origin}`;
}
