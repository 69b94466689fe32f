import { auc, averagePrecision, brierScore } from '../../models/classification-metrics.ts';
import { createModelJudge } from '../../models/prediction/judge-model.ts';
import { outcome } from '../../models/prediction/landmarks.ts';
import type { FeatureVector } from '../contract/events.ts';
import type { FailureModel } from '../contract/failure-model.ts';
import { type FailureLabel, HORIZONS_DAYS, type HorizonDays } from '../contract/predictions.ts';

export interface HorizonFigures {
  readonly horizon_days: HorizonDays;
  /** Days of GPUs whose outcome is known, and on how many of them a failure followed. */
  readonly days: number;
  readonly followed_by_failure: number;
  readonly mean_probability: number | null;
  /** Null where nothing failed, or everything. */
  readonly auc: number | null;
  readonly average_precision: number | null;
  readonly brier: number | null;
}

/** Judges a model along a history as if it had been asked live, once a day and GPU, by what became of them. */
export async function judgeOnHistory(
  model: FailureModel,
  history: {
    vectors(): AsyncIterable<readonly FeatureVector[]>;
    readonly failures: readonly FailureLabel[];
    readonly until: number;
  },
): Promise<readonly HorizonFigures[]> {
  const judge = createModelJudge(model);
  for await (const vectors of history.vectors()) for (const vector of vectors) judge.take(vector);
  const { landmarks, said } = judge.finish(history.failures, history.until);
  return HORIZONS_DAYS.map((horizon_days, h) => {
    const labels: number[] = [];
    const told: number[] = [];
    for (let row = 0; row < landmarks.rows; row++) {
      const label = outcome(landmarks, row, horizon_days);
      const answer = said[landmarks.taken[row] as number];
      if (Number.isNaN(label) || answer === undefined) continue;
      labels.push(label);
      told.push([answer.p7, answer.p30, answer.p90][h] as number);
    }
    const days = labels.length;
    const followed_by_failure = labels.reduce((sum, label) => sum + label, 0);
    const both = followed_by_failure > 0 && followed_by_failure < days;
    return {
      horizon_days,
      days,
      followed_by_failure,
      mean_probability: days === 0 ? null : told.reduce((sum, p) => sum + p, 0) / days,
      auc: both ? auc(labels, told) : null,
      average_precision: both ? averagePrecision(labels, told) : null,
      brier: days === 0 ? null : brierScore(labels, told),
    };
  });
}
