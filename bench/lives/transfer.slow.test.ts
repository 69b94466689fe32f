import { describe, expect, it } from 'vitest';
import { boostingParams } from '../../models/boosting/boosting-params.ts';
import { trainBoosting } from '../../models/boosting/train.ts';
import { auc, averagePrecision } from '../../models/classification-metrics.ts';
import {
  createLandmarkBuilder,
  LANDMARK_DEFAULTS,
  type Landmarks,
  outcome,
} from '../../models/prediction/landmarks.ts';
import { MODEL_FEATURES } from '../../models/training/model-features.ts';
import { readXgboostModel } from '../../models/xgboost/read-model.ts';
import { createScorer } from '../../models/xgboost/score.ts';
import { heuristic } from '../../operators/prediction/heuristic.ts';
import type { FeatureVector } from '../../pipeline/contract/events.ts';
import type { FailureLabel } from '../../pipeline/contract/predictions.ts';
import { vectorsOfRows } from './feature-steps.ts';
import { otherWorld } from './other-world.ts';
import { simulateLives } from './run-lives.ts';

const DAY_MS = 86_400_000;
const HORIZON_DAYS = 7;

interface Judged {
  readonly values: Float32Array;
  readonly labels: Float32Array;
  /** p7 of the heuristic. */
  readonly rule: Float64Array;
}

/** One landmark a day, with what became of it; those of which nobody knows are left out. */
function judged(vectors: Iterable<readonly FeatureVector[]>, failures: readonly FailureLabel[], until: number): Judged {
  const builder = createLandmarkBuilder({ features: MODEL_FEATURES, ...LANDMARK_DEFAULTS });
  const rules: number[] = [];
  for (const instant of vectors) {
    for (const vector of instant) {
      if (builder.take(vector)) rules.push(heuristic.judge(vector, new Float32Array(0), 0).p7);
    }
  }
  const marks: Landmarks = builder.finish(failures, until);
  const width = MODEL_FEATURES.length;
  const rows = Array.from({ length: marks.rows }, (_, row) => row).filter(
    (row) => !Number.isNaN(outcome(marks, row, HORIZON_DAYS)),
  );
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, k) => {
    values.set(marks.values.subarray(row * width, (row + 1) * width), k * width);
  });
  return {
    values,
    labels: Float32Array.from(rows, (row) => outcome(marks, row, HORIZON_DAYS)),
    rule: Float64Array.from(rows, (row) => rules[marks.taken[row] as number] as number),
  };
}

describe('a model that has only seen simulated lives', () => {
  it('foresees failures of a world by other rules better than the heuristic', () => {
    const lives = simulateLives({
      gpus: 1_280,
      days: 32,
      seed: 21,
      interval_ms: 1_800_000,
      every_ms: DAY_MS,
      failure_rate_scale: 14,
    });
    const known = judged(lives.vectors(), lives.failures, lives.end_ms);
    const { document } = trainBoosting({
      data: { values: known.values, labels: known.labels, rows: known.labels.length, features: MODEL_FEATURES },
      params: boostingParams.parse({
        num_boost_round: 120,
        early_stopping_rounds: null,
        max_depth: 4,
        eta: 0.06,
        subsample: 0.7,
        colsample_bytree: 0.4,
        min_child_weight: 40,
        lambda: 10,
        scale_pos_weight: 1,
        seed: 3,
      }),
    });
    const world = otherWorld({ gpus: 300, days: 45, seed: 8, interval_ms: 1_800_000 });
    const there = judged(vectorsOfRows(world.rows(), world.assets, DAY_MS), world.failures, world.end_ms);
    const scores = new Float64Array(there.labels.length);
    createScorer(readXgboostModel(document, 'trained')).predictions(there.values, there.labels.length, scores);
    expect(auc(there.labels, scores)).toBeGreaterThan(auc(there.labels, there.rule) + 0.03);
    expect(averagePrecision(there.labels, scores)).toBeGreaterThan(averagePrecision(there.labels, there.rule));
  }, 600_000);
});
