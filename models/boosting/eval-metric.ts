import { auc, averagePrecision, errorRate, logLoss } from '../classification-metrics.ts';
import type { BoostingData } from './boosting-data.ts';
import type { EvalMetricName } from './boosting-params.ts';

export interface EvalMetric {
  readonly name: EvalMetricName;
  /** Whether more is better. */
  readonly rising: boolean;
  /** Of predictions row by row, as many a row as there are classes. */
  evaluate(predictions: Float32Array, data: BoostingData): number;
}

export function evalMetric(name: EvalMetricName): EvalMetric {
  return { name, rising: name === 'auc' || name === 'aucpr', evaluate: (p, data) => FIGURES[name](p, data) };
}

const FIGURES: Readonly<Record<EvalMetricName, (p: Float32Array, data: BoostingData) => number>> = {
  auc: (p, { labels, weights }) => auc(labels, p, weights),
  aucpr: (p, { labels, weights }) => averagePrecision(labels, p, weights),
  logloss: (p, { labels, weights }) => logLoss(labels, p, weights),
  error: (p, { labels, weights }) => errorRate(labels, p, weights),
  rmse: (p, data) => Math.sqrt(meanOf(data, (row) => ((p[row] as number) - (data.labels[row] as number)) ** 2)),
  mlogloss: (p, data) => {
    const classes = p.length / data.rows;
    return meanOf(data, (row) => -Math.log(Math.max(1e-16, p[row * classes + (data.labels[row] as number)] as number)));
  },
  merror: (p, data) => {
    const classes = p.length / data.rows;
    return meanOf(data, (row) => {
      let likeliest = 0;
      for (let k = 1; k < classes; k++) {
        if ((p[row * classes + k] as number) > (p[row * classes + likeliest] as number)) likeliest = k;
      }
      return likeliest === data.labels[row] ? 0 : 1;
    });
  },
};

function meanOf({ rows, weights }: BoostingData, of: (row: number) => number): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const weight = weights === undefined ? 1 : (weights[row] as number);
    sum += weight * of(row);
    total += weight;
  }
  return sum / total;
}
