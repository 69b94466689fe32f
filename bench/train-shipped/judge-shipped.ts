import { auc, averagePrecision, brierScore } from '../../models/classification-metrics.ts';
import { createModelJudge } from '../../models/prediction/judge-model.ts';
import { outcome } from '../../models/prediction/landmarks.ts';
import type { FailureModel } from '../../pipeline/contract/failure-model.ts';
import { HORIZONS_DAYS } from '../../pipeline/contract/predictions.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { simulateLives } from '../lives/run-lives.ts';

export interface JudgeFleet {
  readonly gpus: number;
  readonly days: number;
  readonly seed: number;
  readonly failure_rate_scale: number;
}

/** Figures of models on a simulated fleet that none of them has seen: `<model>_<figure>_<days>d`. */
export function judgeShipped(
  fleet: JudgeFleet,
  models: Readonly<Record<string, FailureModel>>,
): Readonly<Record<string, number>> {
  const lives = simulateLives({ ...fleet, every_ms: minutes(10) });
  const judges = Object.entries(models).map(([name, model]) => [name, createModelJudge(model)] as const);
  for (const vectors of lives.vectors()) {
    for (const vector of vectors) for (const [, judge] of judges) judge.take(vector);
  }
  const figures: Record<string, number> = {};
  for (const [name, judge] of judges) {
    const { landmarks, said } = judge.finish(lives.failures, lives.end_ms);
    for (const [h, days] of HORIZONS_DAYS.entries()) {
      const labels: number[] = [];
      const probabilities: number[] = [];
      for (let row = 0; row < landmarks.rows; row++) {
        const label = outcome(landmarks, row, days);
        const told = said[landmarks.taken[row] as number];
        if (Number.isNaN(label) || told === undefined) continue;
        labels.push(label);
        probabilities.push([told.p7, told.p30, told.p90][h] as number);
      }
      figures[`${name}_auc_${days}d`] = auc(labels, probabilities);
      figures[`${name}_average_precision_${days}d`] = averagePrecision(labels, probabilities);
      figures[`${name}_brier_${days}d`] = brierScore(labels, probabilities);
      figures[`failing_share_${days}d`] = labels.reduce((sum, label) => sum + label, 0) / Math.max(1, labels.length);
    }
  }
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
}
