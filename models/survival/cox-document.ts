import { z } from 'zod';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { countUntil } from './count-until.ts';
import type { CoxBaseline, CoxModel } from './cox.ts';

const numbers = z.array(z.number()).readonly();

const baselineSchema = z
  .object({
    stratum: z.number().int(),
    /** Ages, ascending, the first after `since_days`. */
    days: numbers,
    /** At each of them, of a row at the means; straight lines between, from 0 at `since_days`. */
    cumulative_hazard: numbers,
    /** Where those begin who were seen first. */
    since_days: z.number(),
  })
  .refine(
    ({ days, cumulative_hazard }) => days.length > 0 && days.length === cumulative_hazard.length,
    'as many days as hazards, at least one',
  )
  .refine(({ days, since_days }) => ascends(days, since_days), 'days that ascend')
  .refine(({ cumulative_hazard }) => ascends(cumulative_hazard, 0), 'hazards that ascend from above 0');

const documentSchema = z
  .object({
    format: z.literal('gpu-vitals-cox-1'),
    names: z.array(z.string()).min(1).readonly(),
    coefficients: numbers,
    /** What stands in for a value that is missing, so that it says nothing. */
    means: numbers,
    baselines: z.array(baselineSchema).min(1).readonly(),
  })
  .refine(
    ({ names, coefficients, means }) => names.length === coefficients.length && names.length === means.length,
    'a coefficient and a mean per name',
  );

/** A Cox model in JSON: all that a prediction needs. Times are days. */
export type CoxDocument = z.infer<typeof documentSchema>;

type BaselineDocument = CoxDocument['baselines'][number];

export interface CoxScore {
  /** Log hazard ratio against a row at the means. */
  readonly log_hazard: number;
  /**
   * P(event within so many days | none so far), 0..1, rising with the days. Beyond the ages that the model has seen, the hazard
   * of their later half goes on.
   */
  readonly probability: (days: number) => number;
  /** Days left until survival is 50 %, 90 % (low) and 10 % (high); null = beyond the ages that the model has seen. */
  readonly median_days: number | null;
  readonly low_days: number | null;
  readonly high_days: number | null;
}

/** Whom a score is for, besides the row. */
export interface CoxScoreOptions {
  /** Survived so far. */
  readonly age_days: number;
  /** Absent = the first one. */
  readonly stratum?: number;
}

const POINTS_MAX = 200;

/** The model for JSON; each baseline thinned to at most 200 points, where it bends most. */
export function coxDocument(model: CoxModel): CoxDocument {
  return {
    format: 'gpu-vitals-cox-1',
    names: model.names,
    coefficients: Array.from(model.coefficients),
    means: Array.from(model.means),
    baselines: model.baselines.filter(({ times }) => times.length > 0).map(thinned),
  };
}

/** Back from JSON. Errors: GV-MDL-402 with what is wrong. */
export function readCoxDocument(value: unknown): CoxDocument {
  const parsed = documentSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const what = `This is no Cox model: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
  throw new VitalsError('GV-MDL-402', what, '');
}

/**
 * What a Cox model says of a row (one number per name; NaN = missing = at the mean).
 * Cost     a multiplication per coefficient and some searches among 200 points: under 1 us; nothing but the answer is made.
 */
export function scoreCox(document: CoxDocument, row: ArrayLike<number>, options: CoxScoreOptions): CoxScore {
  const { coefficients, means } = document;
  let log_hazard = 0;
  for (let j = 0; j < coefficients.length; j++) {
    const off = (row[j] as number) - (means[j] as number);
    if (off - off === 0) log_hazard += (coefficients[j] as number) * off;
  }
  const baseline = baselineOf(document, options.stratum);
  const hazard = Math.exp(log_hazard);
  const age = options.age_days;
  const already = cumulativeAt(baseline, age);
  return {
    log_hazard,
    probability: (days) => -Math.expm1(-hazard * (cumulativeAt(baseline, age + days) - already)),
    median_days: daysUntil(baseline, age, already + Math.LN2 / hazard),
    low_days: daysUntil(baseline, age, already - Math.log(0.9) / hazard),
    high_days: daysUntil(baseline, age, already - Math.log(0.1) / hazard),
  };
}

function baselineOf({ baselines }: CoxDocument, stratum: number | undefined): BaselineDocument {
  const found = stratum === undefined ? baselines[0] : baselines.find((one) => one.stratum === stratum);
  if (found !== undefined) return found;
  throw new VitalsError('GV-MDL-402', `The Cox model has no stratum ${stratum}`, '');
}

function cumulativeAt({ days, cumulative_hazard, since_days }: BaselineDocument, age: number): number {
  const last = days.length - 1;
  if (age <= since_days) return 0;
  if (age >= (days[last] as number)) {
    return (
      (cumulative_hazard[last] as number) +
      (age - (days[last] as number)) * lateRate(days, cumulative_hazard, since_days)
    );
  }
  const next = countUntil(days, age);
  const from = next === 0 ? since_days : (days[next - 1] as number);
  const below = next === 0 ? 0 : (cumulative_hazard[next - 1] as number);
  const share = (age - from) / ((days[next] as number) - from);
  return below + share * ((cumulative_hazard[next] as number) - below);
}

/** Mean hazard per day over the later half of the ages. */
function lateRate(days: readonly number[], hazard: readonly number[], since: number): number {
  const last = days.length - 1;
  const end = days[last] as number;
  const half = countUntil(days, (since + end) / 2);
  const from = half === 0 || half > last ? since : (days[half - 1] as number);
  const below = half === 0 || half > last ? 0 : (hazard[half - 1] as number);
  return ((hazard[last] as number) - below) / (end - from);
}

function daysUntil(
  { days, cumulative_hazard, since_days }: BaselineDocument,
  age: number,
  wanted: number,
): number | null {
  const next = countUntil(cumulative_hazard, wanted);
  if (next === days.length) return null;
  const from = next === 0 ? since_days : (days[next - 1] as number);
  const below = next === 0 ? 0 : (cumulative_hazard[next - 1] as number);
  const share = (wanted - below) / ((cumulative_hazard[next] as number) - below);
  return Math.max(0, from + share * ((days[next] as number) - from) - age);
}

/** A baseline of at most POINTS_MAX points: again and again the point that lies farthest from the lines so far becomes one of them. */
function thinned({ stratum, times, cumulative_hazard, since }: CoxBaseline): BaselineDocument {
  const first = times[0] as number;
  // Somebody who fails at the very beginning has a hazard too, so there is a stretch before.
  const since_days = first > since ? since : first - 1;
  const last = times.length - 1;
  const timeAt = (i: number): number => (i < 0 ? since_days : (times[i] as number));
  const hazardAt = (i: number): number => (i < 0 ? 0 : (cumulative_hazard[i] as number));
  const stretch = (from: number, until: number): Stretch => {
    const slope = (hazardAt(until) - hazardAt(from)) / (timeAt(until) - timeAt(from));
    let farthest = -1;
    let distance = -1;
    for (let i = from + 1; i < until; i++) {
      const off = Math.abs(hazardAt(i) - hazardAt(from) - slope * (timeAt(i) - timeAt(from)));
      if (off <= distance) continue;
      farthest = i;
      distance = off;
    }
    return { from, until, farthest, distance };
  };
  const stretches = [stretch(-1, last)];
  while (stretches.length < POINTS_MAX) {
    const worst = stretches.reduce((max, one) => (one.distance > max.distance ? one : max));
    if (worst.farthest < 0) break;
    const { from, until, farthest } = worst;
    stretches.splice(stretches.indexOf(worst), 1, stretch(from, farthest), stretch(farthest, until));
  }
  return {
    stratum,
    days: stretches.map(({ until }) => timeAt(until)),
    cumulative_hazard: stretches.map(({ until }) => hazardAt(until)),
    since_days,
  };
}

/** Points (from, until) under one line, and the one that is farthest off it; -1 = none between. */
interface Stretch {
  readonly from: number;
  readonly until: number;
  readonly farthest: number;
  readonly distance: number;
}

function ascends(numbers: readonly number[], above: number): boolean {
  let before = above;
  for (const x of numbers) {
    if (!(x > before)) return false;
    before = x;
  }
  return true;
}
