import { binCounts, stabilityBins, stabilityIndex } from '../../models/drift/psi.ts';
import type { DriftAlarm } from './drift-alarm.ts';
import type { PredictionColumns } from './outcomes.ts';

const DAY_MS = 86_400_000;
const REFERENCE_DAYS = 30;
const REFERENCE_DAYS_MIN = 7;
const GPUS_MIN = 20;
/** Above it a population has changed, as the trade has it. */
const INDEX_MAX = 0.25;
/** Standard deviations that chance is given. */
const CHANCE = 4;

/**
 * Whether what a model says today is spread as in the 30 days before: the population stability index of its probabilities.
 * The limit is 0.25, or what chance alone does in so small a fleet. Null when all is as it was, when the model is not in
 * use any more, and while there is too little to compare. O(rows).
 */
export function predictionDrift({ ts, gpu, p }: PredictionColumns, newest: number): DriftAlarm | null {
  const last = ts.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const today = Math.floor(last / DAY_MS) * DAY_MS;
  if (!(newest - today < 2 * DAY_MS)) return null;
  const before: number[] = [];
  const now: number[] = [];
  const days = new Set<number>();
  const gpus = new Set<number>();
  // Rows come by day.
  for (let row = ts.length - 1; row >= 0 && (ts[row] as number) >= today - REFERENCE_DAYS * DAY_MS; row--) {
    const at = ts[row] as number;
    if (at >= today) now.push(p[row] as number);
    else {
      before.push(p[row] as number);
      days.add(Math.floor(at / DAY_MS));
      gpus.add(gpu[row] as number);
    }
  }
  const cases = Math.min(now.length, gpus.size);
  if (days.size < REFERENCE_DAYS_MIN || cases < GPUS_MIN) return null;
  const bins = stabilityBins(before);
  const figure = stabilityIndex(binCounts(before, bins), binCounts(now, bins));
  const limit = Math.max(INDEX_MAX, indexByChance(bins.length, cases));
  if (figure <= limit) return null;
  return {
    at: last,
    what: 'prediction',
    figure,
    limit,
    explanation: `Today's probabilities are spread unlike those of the ${days.size} days before: stability index ${figure.toFixed(2)} against ${limit.toFixed(2)}; the mean is ${mean(now).toFixed(3)}, it was ${mean(before).toFixed(3)}.`,
  };
}

/** The index follows a chi-square over the cases of both sides, which here are the same GPUs. */
function indexByChance(freedom: number, cases: number): number {
  return (freedom + CHANCE * Math.sqrt(2 * freedom)) * (2 / cases);
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
