/** Predictions with known outcomes, the weights of outcome-weights.ts, and whose they are. */
export interface KnownOutcomes {
  /** 1 = failed within the horizon. */
  readonly labels: Uint8Array;
  readonly p: Float64Array;
  readonly weights: Float64Array;
  readonly gpu: Uint32Array;
}

export interface CalibrationBin {
  /** Predicted probabilities from (included) and to (not included, but 1). */
  readonly from: number;
  readonly to: number;
  readonly predictions: number;
  readonly gpus: number;
  readonly mean_predicted: number;
  readonly observed: number;
  /** 95 % interval of what was observed. */
  readonly low: number;
  readonly high: number;
}

/** score = reliability - resolution + uncertainty + within_bins, exactly. */
export interface BrierParts {
  readonly score: number;
  /** How far the shares observed are from what was predicted: 0 is best. */
  readonly reliability: number;
  /** How far they are from one another: the more the better. */
  readonly resolution: number;
  /** What nobody could take away by predicting the mean. */
  readonly uncertainty: number;
  /** What bins that hold more than one probability leave over. */
  readonly within_bins: number;
}

export interface Calibration {
  /** Bins that hold something. */
  readonly bins: readonly CalibrationBin[];
  /** Expected calibration error: the distance of predicted and observed, by the weight of the bins. */
  readonly error: number;
  readonly brier: BrierParts;
}

/** Ten bins, narrower where failures are rare: with even ones nearly everything would lie in the first. */
const EDGES = [0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1] as const;
const BINS = EDGES.length - 1;
const Z_95 = 1.959963984540054;

/**
 * How probabilities compare with what came. Days of one GPU hang together, so an interval counts GPUs as cases, not days.
 * O(rows).
 * Source   Murphy 1973 (J. Appl. Meteor. 12) for the parts of the Brier score, Stephenson et al. 2008 (Wea. Forecasting 23)
 *          for what is within bins; Wilson 1927 for the interval.
 */
export function calibrationOf({ labels, p, weights, gpu }: KnownOutcomes): Calibration {
  const sums = Array.from({ length: BINS }, () => ({ weight: 0, p: 0, label: 0, rows: 0, gpus: 0 }));
  const seen = new Uint8Array(BINS * (1 + gpu.reduce((a, b) => Math.max(a, b), 0)));
  let weight_all = 0;
  let label_all = 0;
  let squares = 0;
  for (let i = 0; i < p.length; i++) {
    const weight = weights[i] as number;
    const predicted = p[i] as number;
    const label = labels[i] as number;
    const k = binOf(predicted);
    const bin = sums[k] as (typeof sums)[number];
    const board = BINS * (gpu[i] as number) + k;
    if (seen[board] === 0) {
      seen[board] = 1;
      bin.gpus++;
    }
    bin.weight += weight;
    bin.p += weight * predicted;
    bin.label += weight * label;
    bin.rows++;
    weight_all += weight;
    label_all += weight * label;
    squares += weight * (predicted - label) ** 2;
  }
  const mean = label_all / weight_all;
  const bins: CalibrationBin[] = [];
  let error = 0;
  let reliability = 0;
  let resolution = 0;
  sums.forEach((sum, k) => {
    if (sum.weight === 0) return;
    const mean_predicted = sum.p / sum.weight;
    const observed = sum.label / sum.weight;
    const share = sum.weight / weight_all;
    error += share * Math.abs(mean_predicted - observed);
    reliability += share * (mean_predicted - observed) ** 2;
    resolution += share * (observed - mean) ** 2;
    const [low, high] = wilsonInterval(observed, sum.gpus);
    const [from, to] = [EDGES[k] as number, EDGES[k + 1] as number];
    bins.push({ from, to, predictions: sum.rows, gpus: sum.gpus, mean_predicted, observed, low, high });
  });
  const score = squares / weight_all;
  const uncertainty = mean * (1 - mean);
  const within_bins = score - reliability + resolution - uncertainty;
  return { bins, error, brier: { score, reliability, resolution, uncertainty, within_bins } };
}

function binOf(p: number): number {
  for (let bin = 0; bin < BINS - 1; bin++) if (p < (EDGES[bin + 1] as number)) return bin;
  return BINS - 1;
}

/** 95 % interval of a share that was observed among so many cases. */
export function wilsonInterval(share: number, cases: number): readonly [number, number] {
  const z2 = Z_95 ** 2;
  const centre = (share + z2 / (2 * cases)) / (1 + z2 / cases);
  const reach = (Z_95 / (1 + z2 / cases)) * Math.sqrt((share * (1 - share)) / cases + z2 / (4 * cases * cases));
  return [Math.max(0, centre - reach), Math.min(1, centre + reach)];
}
