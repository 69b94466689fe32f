import { boostingParams } from '../../../models/boosting/boosting-params.ts';
import { trainBoosting } from '../../../models/boosting/train.ts';
import { fitCox } from '../../../models/survival/cox.ts';
import { coxDocument, scoreCox } from '../../../models/survival/cox-document.ts';
import { readXgboostModel } from '../../../models/xgboost/read-model.ts';
import { createScorer } from '../../../models/xgboost/score.ts';
import { COX_NAMES, columnOf, coxCovariates } from './cox-covariates.ts';
import { TITAN_FEATURES } from './titan-memory.ts';

/** P(DBE or OTB within so many days) of rows in the order of TITAN_FEATURES. */
export type RiskModel = (values: Float32Array, horizon: number) => Float64Array;

/** Rows to learn from: of those without a failure only some, which stand for the others. */
export interface RiskRows {
  readonly values: Float32Array;
  /** 1 = failed within the horizon. */
  readonly labels: Float32Array;
  readonly weights: Float32Array;
}

/** Rows to learn a course from: days until the event, or watched. */
export interface CourseRows {
  readonly values: Float32Array;
  readonly days: Float64Array;
  readonly events: Uint8Array;
  readonly weights: Float64Array;
}

const WIDTH = TITAN_FEATURES.length;

/** The share of failures is stated and not learned, so that few rounds do. */
const PARAMS = {
  num_boost_round: 80,
  eta: 0.12,
  max_depth: 4,
  min_child_weight: 5,
  lambda: 5,
  max_bin: 64,
  scale_pos_weight: 1,
  early_stopping_rounds: null,
  eval_metric: 'logloss',
} as const;

/** Gradient-boosted trees for one horizon; `horizon` of a question is that of the rows. */
export function boostedRisk({ values, labels, weights }: RiskRows, seed: number): RiskModel {
  let failing = 0;
  let all = 0;
  labels.forEach((label, i) => {
    failing += label * (weights[i] as number);
    all += weights[i] as number;
  });
  const { document } = trainBoosting({
    data: { values, rows: labels.length, features: [...TITAN_FEATURES], labels, weights },
    params: boostingParams.parse({ ...PARAMS, base_score: failing / all, seed }),
  });
  const scorer = createScorer(readXgboostModel(document, 'titan'));
  return (rows) => {
    const count = rows.length / WIDTH;
    const risk = new Float64Array(count);
    scorer.predictions(rows, count, risk);
    return risk;
  };
}

/** Draws coefficients of the first months, with some dozen failures, towards 0. */
const RIDGE = 3;

/** Cox over the days from a landmark on, of all horizons in one. */
export function coxRisk({ values, days, events, weights }: CourseRows): RiskModel {
  const rows = days.length;
  const columns = COX_NAMES.length;
  const covariates = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) coxCovariates(values, i, covariates, i * columns);
  fillMissing(covariates, columns);
  const model = fitCox({ stop: days, events, covariates, names: COX_NAMES, weights }, { ridge: RIDGE });
  const document = coxDocument(model);
  const row = new Float64Array(columns);
  return (given, horizon) =>
    Float64Array.from({ length: given.length / WIDTH }, (_, i) => {
      coxCovariates(given, i, row, 0);
      return scoreCox(document, row, { age_days: 0 }).probability(horizon);
    });
}

/** Missing values become the mean of their column, as they do when a row is scored. */
function fillMissing(covariates: Float64Array, columns: number): void {
  for (let j = 0; j < columns; j++) {
    let sum = 0;
    let known = 0;
    for (let at = j; at < covariates.length; at += columns) {
      if (Number.isNaN(covariates[at])) continue;
      sum += covariates[at] as number;
      known++;
    }
    for (let at = j; at < covariates.length; at += columns) {
      if (Number.isNaN(covariates[at])) covariates[at] = known === 0 ? 0 : sum / known;
    }
  }
}

/** What needs no model: the failures of late at the same cage and node of a blade, all over the machine, going on as they are. */
export const positionRisk: RiskModel = (values, horizon) => {
  const column = columnOf('position_rate');
  return Float64Array.from({ length: values.length / WIDTH }, (_, i) => {
    const rate = values[i * WIDTH + column] as number;
    return Number.isNaN(rate) ? 0 : -Math.expm1(-rate * horizon);
  });
};
