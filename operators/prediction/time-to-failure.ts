import { HORIZONS_DAYS } from '../../pipeline/contract/predictions.ts';

export interface TimeToFailure {
  readonly median_days: number | null;
  readonly low_days: number | null;
  readonly high_days: number | null;
}

/** Further ahead nobody has seen anything: ten years. */
const LONGEST_DAYS = 3_650;
/** A certain failure would be infinitely near. */
const LEAST_SURVIVAL = 1e-9;

/**
 * Time to failure that agrees with the three probabilities: the hazard is constant within 0-7, 7-30 and 30-90 days and
 * beyond them what it was in the last span, or in all of them where that one adds nothing. Median and the 80 % interval (times by which 10 % and 90 % have failed); null
 * where that is more than ten years away.
 */
export function timeToFailure(p7: number, p30: number, p90: number): TimeToFailure {
  const survival = [p7, p30, p90].map((p) => Math.max(LEAST_SURVIVAL, 1 - p));
  const at = (share: number): number | null => {
    const wanted = -Math.log(1 - share);
    let from_days = 0;
    let sum = 0;
    let hazard = 0;
    for (const [k, until_days] of HORIZONS_DAYS.entries()) {
      const total = -Math.log(survival[k] as number);
      hazard = Math.max(0, total - sum) / (until_days - from_days);
      if (total >= wanted && hazard > 0) return from_days + (wanted - sum) / hazard;
      from_days = until_days;
      sum = Math.max(sum, total);
    }
    // Where nothing is added in the last span, the hazard of all of them goes on: nobody is safe for having lived so long.
    const onwards = hazard > 0 ? hazard : sum / from_days;
    const days = onwards > 0 ? from_days + (wanted - sum) / onwards : Number.POSITIVE_INFINITY;
    return days <= LONGEST_DAYS ? days : null;
  };
  return { median_days: at(0.5), low_days: at(0.1), high_days: at(0.9) };
}
