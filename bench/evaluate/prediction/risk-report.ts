import { auc, averagePrecision, brierScore } from '../../../models/classification-metrics.ts';
import { treeDraws } from '../../../models/isolation-forest/tree-draws.ts';
import { type Calibration, calibrationOf } from '../../../pipeline/honesty/calibration.ts';
import { type OperatingPoint, precisionAtRecall } from './precision-at-recall.ts';

/** Rows whose outcome is known, and what several models foresaw of them. */
export interface JudgedRows {
  /** 1 = failed within the horizon. */
  readonly labels: Uint8Array;
  /** Whose row it is, from 0: rows of a GPU are not independent. */
  readonly unit: Uint32Array;
  /** Probability by model, all in the order of `labels`. */
  readonly said: ReadonlyMap<string, Float64Array>;
}

/** A figure with its 90 % interval, by drawing units; null where nothing can be said. */
export interface Ranged {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface RiskReport {
  readonly model: string;
  readonly rows: number;
  readonly units: number;
  /** Units with a row before a failure. */
  readonly failing_units: number;
  readonly failed_ratio: number;
  readonly auc: Ranged | null;
  readonly average_precision: Ranged | null;
  readonly brier: Ranged | null;
  /** Its calibration error is over ten bins that are narrower where failures are rare. */
  readonly calibration: Calibration | null;
  /** Rows foreseen to fail per row that did. */
  readonly foreseen_per_failure: number | null;
  readonly precision_at: readonly OperatingPoint[];
  /** Average precision less that of the first model, of the same draws; null for that one itself. */
  readonly precision_gain: Ranged | null;
}

export interface ReportOptions {
  readonly seed: number;
  readonly draws: number;
}

export const RECALLS = [0.3, 0.5, 0.7] as const;

const METRICS = { auc, average_precision: averagePrecision, brier: brierScore } as const;
type Metric = keyof typeof METRICS;
const NAMES = Object.keys(METRICS) as Metric[];

/**
 * Figures of each model, with intervals from drawing units with replacement: the same draws for all, so that differences
 * can be told more surely than the figures themselves. O(models x draws x rows log rows).
 * Source   Efron, Tibshirani 1993, cluster bootstrap.
 */
export function riskReports(judged: JudgedRows, options: ReportOptions): RiskReport[] {
  const { labels, unit, said } = judged;
  const units = unit.reduce((most, one) => Math.max(most, one + 1), 0);
  const present = Array.from(new Set(unit));
  const ones = new Float64Array(labels.length).fill(1);
  const models = [...said];
  const drawn = models.map(() => ({ auc: [], average_precision: [], brier: [] }) as Record<Metric, number[]>);
  const draw = treeDraws(options.seed, 0);
  for (let k = 0; k < options.draws && labels.length > 0; k++) {
    const counts = new Uint32Array(units);
    for (let i = 0; i < present.length; i++) {
      const one = present[Math.floor(draw() * present.length)] as number;
      counts[one] = (counts[one] as number) + 1;
    }
    const weights = Float64Array.from(unit, (one) => counts[one] as number);
    for (const [m, [, p]] of models.entries()) {
      for (const name of NAMES) drawn[m]?.[name].push(METRICS[name](labels, p, weights));
    }
  }
  let failed = 0;
  const failing = new Set<number>();
  labels.forEach((label, row) => {
    failed += label;
    if (label === 1) failing.add(unit[row] as number);
  });
  const both = failed > 0 && failed < labels.length;
  return models.map(([model, p], m): RiskReport => {
    const of = (name: Metric): Ranged | null =>
      ranged(METRICS[name](labels, p), drawn[m]?.[name] ?? [], both || name === 'brier');
    const average_precision = of('average_precision');
    const first = models[0]?.[1] as Float64Array;
    return {
      model,
      rows: labels.length,
      units: present.length,
      failing_units: failing.size,
      failed_ratio: labels.length === 0 ? 0 : failed / labels.length,
      auc: of('auc'),
      average_precision,
      brier: of('brier'),
      calibration: labels.length === 0 ? null : calibrationOf({ labels, p, weights: ones, gpu: unit }),
      foreseen_per_failure: failed === 0 ? null : p.reduce((sum, one) => sum + one, 0) / failed,
      precision_at: precisionAtRecall(labels, p, RECALLS),
      precision_gain:
        m === 0 || !both
          ? null
          : ranged(
              averagePrecision(labels, p) - averagePrecision(labels, first),
              (drawn[m]?.average_precision ?? []).map((one, k) => one - (drawn[0]?.average_precision[k] as number)),
              true,
            ),
    };
  });
}

function ranged(value: number, drawn: readonly number[], told: boolean): Ranged | null {
  if (!told || !Number.isFinite(value)) return null;
  // Draws without a failure tell nothing.
  const sorted = drawn.filter(Number.isFinite).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? value;
  return { value, low: at(0.05), high: at(0.95) };
}
