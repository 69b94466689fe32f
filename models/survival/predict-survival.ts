import { VitalsError } from '../../pipeline/contract/errors.ts';
import { countUntil } from './count-until.ts';
import type { CoxBaseline, CoxModel } from './cox.ts';

/** Whom a prediction is for. */
export interface SurvivalOf {
  readonly model: CoxModel;
  /** One number per covariate, finite. */
  readonly row: ArrayLike<number>;
  /** Absent = the first stratum. */
  readonly stratum?: number;
  /** Survived so far, in the model's unit of time. */
  readonly since?: number;
}

/** Time from `since` on until survival is down to 50 %, 90 % (low) and 10 % (high); null = beyond the data. */
export interface SurvivalTimes {
  readonly median: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** Sum of coefficient x (value - mean): 0 for a row at the means. */
export function logHazard(
  { coefficients, means }: Pick<CoxModel, 'coefficients' | 'means'>,
  row: ArrayLike<number>,
): number {
  let sum = 0;
  for (let j = 0; j < coefficients.length; j++) {
    sum += (coefficients[j] as number) * ((row[j] as number) - (means[j] as number));
  }
  return sum;
}

/** P(T > since + t | T > since) for each of `times` (t, at least 0), as the steps of the baseline have it; constant beyond the data. */
export function survivalCurve(of: SurvivalOf, times: ArrayLike<number>): Float64Array {
  const baseline = baselineFor(of);
  const hazard = Math.exp(logHazard(of.model, of.row));
  const since = of.since ?? 0;
  const already = cumulativeAt(baseline, since);
  return Float64Array.from(times, (time) => Math.exp(-hazard * (cumulativeAt(baseline, since + time) - already)));
}

/** P(event within `horizon` | none so far). */
export const failureProbability = (of: SurvivalOf, horizon: number): number =>
  1 - (survivalCurve(of, [horizon])[0] as number);

/** Median and 80 % interval of the time that is left. */
export function survivalTimes(of: SurvivalOf): SurvivalTimes {
  const baseline = baselineFor(of);
  const hazard = Math.exp(logHazard(of.model, of.row));
  const since = of.since ?? 0;
  const already = cumulativeAt(baseline, since);
  const until = (survival: number): number | null => {
    const wanted = already - Math.log(survival) / hazard;
    // Rounding must not move a quantile that falls on a step to the next one.
    const step = countUntil(baseline.cumulative_hazard, wanted * (1 - 1e-12));
    const time = baseline.times[step];
    return time === undefined ? null : time - since;
  };
  return { median: until(0.5), low: until(0.9), high: until(0.1) };
}

function cumulativeAt({ times, cumulative_hazard }: CoxBaseline, time: number): number {
  const until = countUntil(times, time);
  return until === 0 ? 0 : (cumulative_hazard[until - 1] as number);
}

function baselineFor({ model, stratum }: SurvivalOf): CoxBaseline {
  const found = stratum === undefined ? model.baselines[0] : model.baselines.find((one) => one.stratum === stratum);
  if (found !== undefined) return found;
  throw new VitalsError('GV-MDL-402', `The Cox model has no stratum ${stratum}`, '');
}
