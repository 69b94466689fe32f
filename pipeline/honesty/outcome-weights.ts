import { FAILED, type Outcomes, SURVIVED } from './outcomes.ts';

/**
 * How much each known outcome of the rows given counts. A failure is known the day it happens, a survival only when the
 * horizon has passed; counted alike, failures would be too many among what is known, and every figure false. So each known
 * outcome stands for those that could not be followed for so long: its weight is 1 over the chance of being followed until
 * then. Unknown outcomes weigh 0; where all could be followed to the end every weight is 1. Null while no horizon has passed:
 * nothing can be said of survival then.
 * Cost     O(rows), and O(k log k) for k distinct times of those not followed to the end.
 * Source   inverse probability of censoring weights: Graf et al. 1999, Assessment and comparison of prognostic classification
 *          schemes for survival data (Stat Med 18); Kaplan-Meier of the censoring, failures first where times are equal.
 */
export function outcomeWeights({ state, follow_ms }: Outcomes, rows: Uint32Array): Float64Array | null {
  const failed: number[] = [];
  const cut = new Map<number, number>();
  let survived = 0;
  let unknown = 0;
  for (const row of rows) {
    const follow = follow_ms[row] as number;
    if (state[row] === SURVIVED) survived++;
    else if (state[row] === FAILED) failed.push(follow);
    else {
      unknown++;
      cut.set(follow, (cut.get(follow) ?? 0) + 1);
    }
  }
  if (survived === 0) return null;
  failed.sort((a, b) => a - b);
  const times = [...cut.keys()].sort((a, b) => a - b);
  const followed = new Float64Array(times.length);
  let share = 1;
  let gone = 0;
  times.forEach((time, k) => {
    const cuts = cut.get(time) as number;
    while (gone < failed.length && (failed[gone] as number) <= time) gone++;
    share *= 1 - cuts / (survived + (failed.length - gone) + unknown);
    unknown -= cuts;
    followed[k] = share;
  });
  const weights = new Float64Array(rows.length);
  rows.forEach((row, i) => {
    if (state[row] === SURVIVED) weights[i] = 1 / share;
    else if (state[row] === FAILED) weights[i] = 1 / followedUntil(times, followed, follow_ms[row] as number);
  });
  return weights;
}

/** Share of those that were followed for as long as this. */
function followedUntil(times: readonly number[], followed: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 1 : (followed[low - 1] as number);
}
