import { averagePrecision, brierScore } from '../classification-metrics.ts';
import { treeDraws } from '../isolation-forest/tree-draws.ts';

/** What two models said at the same landmarks of GPUs that neither has learned from. */
export interface Rivalry {
  /** 1 = failed within the horizon. */
  readonly labels: ArrayLike<number>;
  /** GPU of each row, any numbering. */
  readonly gpu: ArrayLike<number>;
  readonly champion: ArrayLike<number>;
  readonly challenger: ArrayLike<number>;
}

export interface Difference {
  /** Challenger less champion, so that more is better for the challenger. */
  readonly value: number;
  /** 90 % interval, by drawing GPUs. */
  readonly low: number;
  readonly high: number;
}

export interface Comparison {
  /** Average precision. */
  readonly precision: Difference;
  /** Brier score, turned round: how much less the challenger errs. */
  readonly brier: Difference;
  /** The challenger is better by more than the margin, and not worse calibrated. */
  readonly promote: boolean;
  readonly why: string;
}

export interface CompareOptions {
  readonly seed: number;
  /** Average precision that the challenger must gain at the least, with 95 % certainty. */
  readonly margin: number;
  readonly draws: number;
}

export const COMPARE_DEFAULTS = { margin: 0, draws: 500 } as const;

/** How much worse the Brier score may get for a better order of GPUs. */
const BRIER_LOSS_MAX = 0.002;

/**
 * Champion against challenger: differences with intervals from drawing GPUs with replacement (rows of a GPU stay together,
 * since they are not independent). Promoted is what is better by more than the margin with 95 % certainty, and whose
 * probabilities are not clearly worse. Deterministic by seed; O(draws x rows log rows).
 * Source   Efron, Tibshirani 1993, cluster bootstrap.
 */
export function compareModels(rivalry: Rivalry, options: CompareOptions): Comparison {
  const { labels, gpu, champion, challenger } = rivalry;
  const byGpu = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const rows = byGpu.get(gpu[row] as number);
    if (rows === undefined) byGpu.set(gpu[row] as number, [row]);
    else rows.push(row);
  }
  const clusters = [...byGpu.values()];
  const difference = (rows: readonly number[]): readonly [number, number] => {
    const y = rows.map((row) => labels[row] as number);
    const one = rows.map((row) => champion[row] as number);
    const other = rows.map((row) => challenger[row] as number);
    return [averagePrecision(y, other) - averagePrecision(y, one), brierScore(y, one) - brierScore(y, other)];
  };
  const [precision, brier] = difference(clusters.flat());
  const draw = treeDraws(options.seed, 0);
  const drawn: (readonly [number, number])[] = [];
  for (let i = 0; i < options.draws; i++) {
    const rows: number[] = [];
    for (let k = 0; k < clusters.length; k++) {
      for (const row of clusters[Math.floor(draw() * clusters.length)] as number[]) rows.push(row);
    }
    // Without a failure there is nothing to be precise about.
    if (rows.some((row) => labels[row] === 1)) drawn.push(difference(rows));
  }
  const told = {
    precision: interval(
      precision,
      drawn.map(([one]) => one),
    ),
    brier: interval(
      brier,
      drawn.map(([, one]) => one),
    ),
  };
  const better = told.precision.low > options.margin;
  const calibrated = told.brier.low > -BRIER_LOSS_MAX;
  const figures = `average precision ${signed(told.precision.value)} (90 % interval ${signed(told.precision.low)} to ${signed(told.precision.high)}), Brier score ${signed(-told.brier.value)}`;
  return {
    ...told,
    promote: better && calibrated,
    why: `${figures}: ${
      better
        ? calibrated
          ? 'better beyond the margin'
          : 'better order, but worse probabilities'
        : `not surely better by more than ${options.margin}`
    }`,
  };
}

const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(4)}`;

function interval(value: number, drawn: readonly number[]): Difference {
  const sorted = [...drawn].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? value;
  return { value, low: at(0.05), high: at(0.95) };
}
