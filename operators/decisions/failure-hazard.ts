/** What is foreseen of a board; null = unknown. */
export interface FailureOdds {
  readonly p7: number | null;
  readonly p30: number | null;
  readonly p90: number | null;
}

/** A cumulative hazard over time: straight between 0, 7, 30 and 90 days, and on at a steady rate. */
export interface FailureHazard {
  readonly to7: number;
  readonly to30: number;
  readonly to90: number;
  readonly tail_per_day: number;
}

export const DAYS_PER_MONTH = 365.25 / 12;
const DAYS_PER_YEAR = 365.25;
const P_MAX = 0.9999;
const HOURS_PER_DAY = 24;
/** Less than this has no course to speak of. */
const HAZARD_MIN = 1e-12;

/** The cumulative hazard that a probability stands for. */
const hazardOf = (probability: number): number => -Math.log1p(-Math.min(P_MAX, Math.max(0, probability)));

/**
 * Survival S(t) = exp(-H(t)) through what was foreseen. A horizon that nobody told follows the nearest told one at its
 * rate; none at all: the model's usual rate. Beyond 90 days the last rate goes on, or the usual one where that is higher.
 */
export function failureHazard({ p7, p30, p90 }: FailureOdds, failures_per_year: number): FailureHazard {
  const usual_per_day = failures_per_year / DAYS_PER_YEAR;
  const per_day =
    p30 !== null
      ? hazardOf(p30) / 30
      : p90 !== null
        ? hazardOf(p90) / 90
        : p7 !== null
          ? hazardOf(p7) / 7
          : usual_per_day;
  const to7 = p7 === null ? 7 * per_day : hazardOf(p7);
  const to30 = Math.max(to7, p30 === null ? 30 * per_day : hazardOf(p30));
  const to90 = Math.max(to30, p90 === null ? 90 * per_day : hazardOf(p90));
  return { to7, to30, to90, tail_per_day: Math.max(usual_per_day, (to90 - to30) / 60) };
}

/** The same course at another height: as if the risk within 30 days were `p30`. */
export function withRisk(hazard: FailureHazard, p30: number, failures_per_year: number): FailureHazard {
  const wanted = hazardOf(p30);
  const factor = wanted / hazard.to30;
  const usual_per_day = failures_per_year / DAYS_PER_YEAR;
  const course =
    hazard.to30 > HAZARD_MIN
      ? { to7: hazard.to7 * factor, to30: wanted, to90: hazard.to90 * factor }
      : { to7: (wanted * 7) / 30, to30: wanted, to90: wanted * 3 };
  return { ...course, tail_per_day: Math.max(usual_per_day, (course.to90 - course.to30) / 60) };
}

/** Failures per hour in the week that comes. */
export const hazardPerHour = ({ to7 }: FailureHazard): number => to7 / (7 * HOURS_PER_DAY);

/** The risk within 30 days that a hazard stands for. */
export const riskWithin30 = ({ to30 }: FailureHazard): number => -Math.expm1(-to30);

function cumulative({ to7, to30, to90, tail_per_day }: FailureHazard, day: number): number {
  if (day <= 7) return (to7 * day) / 7;
  if (day <= 30) return to7 + ((to30 - to7) * (day - 7)) / 23;
  if (day <= 90) return to30 + ((to90 - to30) * (day - 30)) / 60;
  return to90 + tail_per_day * (day - 90);
}

/** Probability of failing in each month, given that it lived until then; `ratio` scales the hazard. */
export function monthlyRisks(hazard: FailureHazard, months: number, ratio: number): Float64Array {
  const risks = new Float64Array(months);
  let before = 0;
  for (let month = 0; month < months; month++) {
    const after = cumulative(hazard, (month + 1) * DAYS_PER_MONTH);
    risks[month] = -Math.expm1((before - after) * ratio);
    before = after;
  }
  return risks;
}
