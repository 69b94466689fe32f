import { auc, averagePrecision, brierScore } from '../../../models/classification-metrics.ts';

/** What was foreseen of rows, what became of them, and how much each counts. */
export interface Judged {
  readonly labels: ArrayLike<number>;
  readonly probabilities: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
}

/** Rows of similar probability: what was foreseen of them, and what happened. */
export interface ReliabilityBin {
  readonly rows: number;
  /** Mean probability, 0..1. */
  readonly foreseen: number;
  /** Share that failed, 0..1. */
  readonly failed: number;
}

export interface RiskFigures {
  readonly rows: number;
  readonly failures: number;
  readonly failed_ratio: number;
  /** Null where there are no failures. */
  readonly auc: number | null;
  readonly average_precision: number | null;
  readonly brier: number;
  /** 1 = perfect, 0 = no better than the share of failures for everybody. */
  readonly brier_skill: number | null;
  /** Mean distance between what was foreseen and what happened, over ten bins of the same size. */
  readonly calibration_error: number;
  /** Failures foreseen per failure. */
  readonly foreseen_per_failure: number | null;
}

const BINS = 10;

/** Tenths of the rows by probability, lowest first; fewer where probabilities tie. */
export function reliability({ labels, probabilities, weights }: Judged, bins = BINS): ReliabilityBin[] {
  const order = Uint32Array.from(probabilities, (_, i) => i).sort(
    (a, b) => (probabilities[a] as number) - (probabilities[b] as number),
  );
  const result: ReliabilityBin[] = [];
  for (let from = 0; from < order.length; ) {
    const share = Math.floor((from * bins) / order.length) + 1;
    let until = Math.max(from + 1, Math.ceil((share * order.length) / bins));
    const last = probabilities[order[until - 1] as number];
    while (until < order.length && probabilities[order[until] as number] === last) until++;
    let weight = 0;
    let foreseen = 0;
    let failed = 0;
    for (let k = from; k < until; k++) {
      const i = order[k] as number;
      const w = weights[i] as number;
      weight += w;
      foreseen += w * (probabilities[i] as number);
      failed += w * (labels[i] as number);
    }
    if (weight > 0) result.push({ rows: until - from, foreseen: foreseen / weight, failed: failed / weight });
    from = until;
  }
  return result;
}

export function riskFigures(judged: Judged): RiskFigures {
  const { labels, probabilities, weights } = judged;
  let all = 0;
  let failed = 0;
  let foreseen = 0;
  let failures = 0;
  for (let i = 0; i < labels.length; i++) {
    const w = weights[i] as number;
    all += w;
    foreseen += w * (probabilities[i] as number);
    failed += w * (labels[i] as number);
    failures += labels[i] as number;
  }
  const ratio = failed / all;
  const brier = brierScore(labels, probabilities, weights);
  const known = failures > 0 && failures < labels.length;
  return {
    rows: labels.length,
    failures,
    failed_ratio: ratio,
    auc: known ? auc(labels, probabilities, weights) : null,
    average_precision: known ? averagePrecision(labels, probabilities, weights) : null,
    brier,
    brier_skill: known ? 1 - brier / (ratio * (1 - ratio)) : null,
    calibration_error: reliability(judged).reduce(
      (sum, bin) => sum + (bin.rows / labels.length) * Math.abs(bin.foreseen - bin.failed),
      0,
    ),
    foreseen_per_failure: failures > 0 ? foreseen / failed : null,
  };
}
