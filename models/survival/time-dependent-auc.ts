import { censoringCurve, type Outcomes, uncensoredAt } from './censoring-weights.ts';
import { kaplanMeier, survivalAt } from './kaplan-meier.ts';

export interface TimeDependentAuc {
  /** Per time: P(risk of one who failed until then > risk of one who lives on), ties by half; NaN where one kind is missing. */
  readonly auc: Float64Array;
  /** Their mean, each weighted by the events of the tested that fall between it and the time before. */
  readonly mean: number;
}

/**
 * Cumulative/dynamic AUC: at each of `times` (ascending) those who failed until then against those who lived longer; who was
 * censored before is neither, and the failed count 1 / P(not censored until their time), learned from `reference`.
 * Cost     O(n log n + n x times).
 * Source   Uno, Cai, Tian, Wei 2007; Hung, Chiang 2010.
 */
export function timeDependentAuc(
  outcomes: Outcomes,
  risk: ArrayLike<number>,
  options: { readonly reference: Outcomes; readonly times: ArrayLike<number> },
): TimeDependentAuc {
  const curve = censoringCurve(options.reference);
  const { times, events } = outcomes;
  const order = Uint32Array.from(times, (_, i) => i).sort((a, b) => (risk[a] as number) - (risk[b] as number));
  const weights = Float64Array.from(times, (time, i) => (events[i] === 1 ? 1 / uncensoredAt(curve, time) : 0));
  const auc = Float64Array.from(options.times, (time) => {
    let controls = 0;
    let cases = 0;
    let won = 0;
    for (let from = 0; from < order.length; ) {
      const value = risk[order[from] as number];
      let until = from;
      let failing = 0;
      let living = 0;
      for (; until < order.length && risk[order[until] as number] === value; until++) {
        const i = order[until] as number;
        if ((times[i] as number) > time) living++;
        else failing += weights[i] as number;
      }
      won += failing * (controls + living / 2);
      controls += living;
      cases += failing;
      from = until;
    }
    return won / (cases * controls);
  });
  const survival = kaplanMeier({ stop: times, events });
  let before = 1;
  let sum = 0;
  let at = 1;
  auc.forEach((value, k) => {
    at = survivalAt(survival, options.times[k] as number);
    if (at < before) sum += value * (before - at);
    before = at;
  });
  return { auc, mean: sum / (1 - at) };
}
