import type { AlarmCosts } from './calibrate.ts';

/**
 * The probability from which on alarms cost least: every alarm without a failure costs one sum, every failure without an
 * alarm another. Of thresholds that cost the same the highest; 1 where silence is cheapest. O(n log n).
 */
export function thresholdByCost(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  costs: AlarmCosts,
): number {
  const order = Array.from(probabilities, (_, i) => i).sort(
    (a, b) => (probabilities[b] as number) - (probabilities[a] as number),
  );
  let failures = 0;
  for (let i = 0; i < labels.length; i++) failures += labels[i] as number;
  let cost = failures * costs.missed_failure_usd;
  let best = cost;
  let threshold = 1;
  for (let i = 0; i < order.length; i++) {
    const row = order[i] as number;
    cost += labels[row] === 1 ? -costs.missed_failure_usd : costs.false_alarm_usd;
    const next = order[i + 1];
    // Rows of one probability are alarmed together.
    if (next !== undefined && probabilities[next] === probabilities[row]) continue;
    if (cost >= best) continue;
    best = cost;
    threshold = probabilities[row] as number;
  }
  return threshold;
}
