import { createScorer } from '../models/xgboost/score.ts';
import { createExplainer } from '../models/xgboost/shap.ts';
import { randomRows, randomTrees } from './random-trees.ts';

/** What a boosted model costs on one core, in CPU time. */
export interface XgboostScoringFigures {
  readonly scored_per_s: number;
  readonly explained_per_s: number;
  /** One row that somebody asks for: score and contributions. */
  readonly single_ms: number;
  /** Flattening and keys, once a model. */
  readonly ready_ms: number;
}

interface XgboostScoringOptions {
  readonly seconds: number;
  readonly trees: number;
  readonly depth: number;
  readonly features: number;
  readonly rows: number;
}

/** As of the yardstick: 500 full trees of depth 6 over 200 features, a tenth of the cells missing. */
export const XGBOOST_SCORING_DEFAULTS: XgboostScoringOptions = {
  seconds: 3,
  trees: 500,
  depth: 6,
  features: 200,
  rows: 4_096,
};

/** CPU ms of one call, the mean of as many as `seconds` allow, after two that warm up. */
function cost(seconds: number, call: () => void): number {
  call();
  call();
  const start = process.cpuUsage();
  let calls = 0;
  let used_us = 0;
  while (used_us < seconds * 1e6) {
    call();
    calls += 1;
    const { user, system } = process.cpuUsage(start);
    used_us = user + system;
  }
  return used_us / calls / 1_000;
}

export function benchXgboostScoring(options: XgboostScoringOptions): XgboostScoringFigures {
  const { seconds, trees, depth, features, rows } = options;
  const model = randomTrees({ trees, depth, features, seed: 1 });
  const values = randomRows(rows, features, { seed: 2, missing: 0.1 });
  const scorer = createScorer(model);
  const explainer = createExplainer(model);
  const out = new Float64Array(rows);
  const shares = new Float64Array(rows * (features + 1));
  const score_ms = cost(seconds, () => scorer.predictions(values, rows, out));
  const explain_ms = cost(seconds, () => explainer.contributions(values, rows, shares));
  const single_ms = cost(seconds / 4, () => {
    scorer.predictions(values, 1, out);
    explainer.contributions(values, 1, shares);
  });
  const ready_ms = cost(seconds / 4, () => {
    createScorer(model);
    createExplainer(model);
  });
  if (!(out[0] as number) || !shares.some((share) => share !== 0)) throw new Error('nothing was scored');
  return {
    scored_per_s: Math.round((rows / score_ms) * 1_000),
    explained_per_s: Math.round((rows / explain_ms) * 1_000),
    single_ms: Math.round(single_ms * 1_000) / 1_000,
    ready_ms: Math.round(ready_ms * 10) / 10,
  };
}
