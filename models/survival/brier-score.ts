import { censoringCurve, type Outcomes, uncensoredAt } from './censoring-weights.ts';

export interface BrierScore {
  /** Per time, 0 (perfect) .. 1. */
  readonly scores: Float64Array;
  /** Their mean over time, by trapezoids; NaN for fewer than two times. */
  readonly integrated: number;
}

/**
 * Squared error of a predicted survival at each of `times` (ascending); who was censored before counts nothing, the others
 * 1 / P(not censored until the event, or until the time), learned from `reference`.
 * `survival` = P(T > times[k]) of subject i at [i x times + k].
 * Cost     O(n log n + n x times).
 * Source   Graf, Schmoor, Sauerbrei, Schumacher 1999.
 */
export function brierScore(
  { times, events }: Outcomes,
  survival: Float64Array,
  options: { readonly reference: Outcomes; readonly times: ArrayLike<number> },
): BrierScore {
  const curve = censoringCurve(options.reference);
  const asked = options.times;
  const weights = Float64Array.from(times, (time, i) => (events[i] === 1 ? 1 / uncensoredAt(curve, time) : 0));
  const scores = Float64Array.from(asked, (time, k) => {
    const living = 1 / uncensoredAt(curve, time);
    let sum = 0;
    for (let i = 0; i < times.length; i++) {
      const predicted = survival[i * asked.length + k] as number;
      if ((times[i] as number) > time) sum += (1 - predicted) ** 2 * living;
      else sum += predicted ** 2 * (weights[i] as number);
    }
    return sum / times.length;
  });
  let area = 0;
  for (let k = 1; k < scores.length; k++) {
    area +=
      (((scores[k] as number) + (scores[k - 1] as number)) / 2) * ((asked[k] as number) - (asked[k - 1] as number));
  }
  const span = (asked[asked.length - 1] as number) - (asked[0] as number);
  return { scores, integrated: asked.length < 2 ? Number.NaN : area / span };
}
