import { describe, expect, it } from 'vitest';
import { auc, averagePrecision, brierScore, errorRate, logLoss } from './classification-metrics.ts';
import { treeDraws } from './isolation-forest/tree-draws.ts';

const LABELS = [0, 0, 1, 1, 0, 1, 0, 1];
const SCORES = [0.1, 0.4, 0.35, 0.8, 0.4, 0.4, 0.05, 0.9];
const WEIGHTS = [1, 2, 1, 0.5, 1, 3, 2, 1];

/** Every pair of a positive and a negative. */
function aucByPairs(labels: readonly number[], scores: readonly number[], weights: readonly number[]): number {
  let won = 0;
  let all = 0;
  labels.forEach((positive, i) => {
    labels.forEach((other, j) => {
      if (positive !== 1 || other !== 0) return;
      const weight = (weights[i] as number) * (weights[j] as number);
      const difference = (scores[i] as number) - (scores[j] as number);
      won += weight * (difference > 0 ? 1 : difference === 0 ? 0.5 : 0);
      all += weight;
    });
  });
  return won / all;
}

/** Precision and recall anew at every threshold. */
function precisionByThresholds(
  labels: readonly number[],
  scores: readonly number[],
  weights: readonly number[],
): number {
  const positives = labels.reduce((sum, label, i) => sum + label * (weights[i] as number), 0);
  let recall_before = 0;
  let sum = 0;
  for (const threshold of [...new Set(scores)].toSorted((a, b) => b - a)) {
    const above = [...labels.keys()].filter((i) => (scores[i] as number) >= threshold);
    const all = above.reduce((total, i) => total + (weights[i] as number), 0);
    const hits = above.reduce((total, i) => total + (labels[i] as number) * (weights[i] as number), 0);
    sum += (hits / positives - recall_before) * (hits / all);
    recall_before = hits / positives;
  }
  return sum;
}

describe('figures of a classifier', () => {
  // Figures of scikit-learn 1.9.1 for these rows: roc_auc_score, average_precision_score, log_loss, brier_score_loss.
  it('are those of scikit-learn', () => {
    expect(auc(LABELS, SCORES)).toBeCloseTo(0.8125, 12);
    expect(auc(LABELS, SCORES, WEIGHTS)).toBeCloseTo(0.7727272727272727, 12);
    expect(averagePrecision(LABELS, SCORES)).toBeCloseTo(0.8166666666666667, 12);
    expect(averagePrecision(LABELS, SCORES, WEIGHTS)).toBeCloseTo(0.7176470588235295, 12);
    expect(logLoss(LABELS, SCORES)).toBeCloseTo(0.4341152476152784, 12);
    expect(logLoss(LABELS, SCORES, WEIGHTS)).toBeCloseTo(0.5005261380145195, 12);
    expect(brierScore(LABELS, SCORES)).toBeCloseTo(0.145625, 12);
    expect(brierScore(LABELS, SCORES, WEIGHTS)).toBeCloseTo(0.17630434782608698, 12);
    expect(errorRate(LABELS, SCORES)).toBe(2 / 8);
    expect(errorRate(LABELS, SCORES, WEIGHTS)).toBeCloseTo(4 / 11.5, 12);
  });

  it.each([1, 2, 3, 4, 5, 6])('are those of slow twins, seed %i', (seed) => {
    const draw = treeDraws(seed, 0);
    const size = 20 + Math.floor(draw() * 100);
    const labels = Array.from({ length: size }, (_, i) => (i < 2 ? i : draw() < 0.3 ? 1 : 0));
    const scores = Array.from({ length: size }, () => Math.floor((draw() - 0.5) * 20) / 7);
    const weights = Array.from({ length: size }, () => 0.1 + draw());
    expect(auc(labels, scores, weights)).toBeCloseTo(aucByPairs(labels, scores, weights), 12);
    expect(averagePrecision(labels, scores, weights)).toBeCloseTo(precisionByThresholds(labels, scores, weights), 12);
    const ones = weights.map(() => 1);
    expect(auc(labels, scores)).toBeCloseTo(aucByPairs(labels, scores, ones), 12);
    expect(averagePrecision(labels, scores)).toBeCloseTo(precisionByThresholds(labels, scores, ones), 12);
  });

  it('are NaN where they do not exist, and finite for certain mistakes', () => {
    expect(auc([1, 1], [0.2, 0.3])).toBeNaN();
    expect(averagePrecision([0, 0], [0.2, 0.3])).toBeNaN();
    expect(logLoss([], [])).toBeNaN();
    expect(logLoss([1], [0])).toBeCloseTo(-Math.log(1e-16), 9);
  });
});
