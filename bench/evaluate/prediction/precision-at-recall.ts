import { sortedOrder } from '../../../models/sorted-order.ts';

/** How alarms do that are raised from a score on. */
export interface OperatingPoint {
  /** Share of the positives that were to be found. */
  readonly recall: number;
  /** The highest score from which on at least so many are found. */
  readonly threshold: number;
  /** Share of alarms that were right. */
  readonly precision: number;
}

/** Precision where so many of the positives are found; none without positives. `recalls` in 0..1. n log n. */
export function precisionAtRecall(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  recalls: readonly number[],
): OperatingPoint[] {
  const order = sortedOrder(scores);
  let positives = 0;
  for (let row = 0; row < labels.length; row++) positives += labels[row] as number;
  if (positives === 0) return [];
  const points: OperatingPoint[] = [];
  let found = 0;
  for (let at = order.length - 1; at >= 0; at--) {
    const row = order[at] as number;
    const threshold = scores[row] as number;
    found += labels[row] as number;
    // Rows of one score are alarmed together.
    if (at > 0 && scores[order[at - 1] as number] === threshold) continue;
    const precision = found / (order.length - at);
    while (points.length < recalls.length && found >= (recalls[points.length] as number) * positives) {
      points.push({ recall: recalls[points.length] as number, threshold, precision });
    }
  }
  return points;
}
