import type { Transform } from './tree-model.ts';

export interface Objective {
  readonly transform: Transform;
  /** What XGBoost makes of `base_score` before it adds the trees, in f32. */
  readonly toMargin: (base_score: number) => number;
}

/** XGBoost keeps a logistic base score this far from 0 and 1. */
const EPSILON = Math.fround(1e-6);

const same = (score: number): number => Math.fround(score);
const log = (score: number): number => Math.fround(Math.log(Math.fround(score)));
const logit = (score: number): number => {
  const bounded = Math.fround(Math.min(Math.max(Math.fround(score), EPSILON), 1 - EPSILON));
  return Math.fround(-Math.log(Math.fround(Math.fround(1 / bounded) - 1)));
};

const LINEAR: Objective = { transform: 'identity', toMargin: same };
const LOGISTIC: Objective = { transform: 'sigmoid', toMargin: logit };
const EXPONENTIAL: Objective = { transform: 'exp', toMargin: log };

/**
 * Objectives of XGBoost 1.x to 3.x by name: link of the base score and transform of the margin, as in XGBoost's source.
 * `reg:linear` is the name that reg:squarederror had before 1.0; `binary:logitraw` takes its base score as a margin, as XGBoost
 * 1.7 does too, whatever version wrote the model.
 */
export const OBJECTIVES: ReadonlyMap<string, Objective> = new Map([
  ['binary:logistic', LOGISTIC],
  ['reg:logistic', LOGISTIC],
  ['binary:logitraw', LINEAR],
  ['binary:hinge', { transform: 'hinge', toMargin: same }],
  ['multi:softprob', { transform: 'softmax', toMargin: same }],
  ['multi:softmax', { transform: 'class', toMargin: same }],
  ['reg:squarederror', LINEAR],
  ['reg:linear', LINEAR],
  ['reg:squaredlogerror', LINEAR],
  ['reg:pseudohubererror', LINEAR],
  ['reg:absoluteerror', LINEAR],
  ['reg:quantileerror', LINEAR],
  ['reg:gamma', EXPONENTIAL],
  ['reg:tweedie', EXPONENTIAL],
  ['count:poisson', EXPONENTIAL],
  ['survival:cox', EXPONENTIAL],
  ['survival:aft', EXPONENTIAL],
  ['rank:pairwise', LINEAR],
  ['rank:ndcg', LINEAR],
  ['rank:map', LINEAR],
]);
