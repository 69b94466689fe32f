import { type Cholesky, cholesky, choleskyInverse, choleskySolve } from './cholesky.ts';
import { type CoxData, type CoxRows, coxRows, refused } from './cox-rows.ts';
import { type CoxSweep, type CoxTies, coxSweep, type HazardSteps } from './cox-sweep.ts';
import { twoSidedTail } from './normal-tail.ts';

export interface CoxOptions {
  readonly ties: CoxTies;
  /** Penalty ridge / 2 x the sum of squares of the coefficients per standard deviation; 0 = none. */
  readonly ridge: number;
  readonly iterations_max: number;
}

const COX_DEFAULTS: CoxOptions = { ties: 'efron', ridge: 0, iterations_max: 40 };

/** Cumulative hazard of a row at the means, in the order of time; one step per event time. */
export interface CoxBaseline {
  readonly stratum: number;
  /** Where its earliest row begins; 0 without `start`. */
  readonly since: number;
  readonly times: Float64Array;
  readonly cumulative_hazard: Float64Array;
}

export interface CoxModel {
  readonly names: readonly string[];
  /** Log hazard ratios per unit of each covariate. */
  readonly coefficients: Float64Array;
  readonly standard_errors: Float64Array;
  readonly z: Float64Array;
  /** Two-sided p of z. */
  readonly p: Float64Array;
  /** Weighted means of the covariates. */
  readonly means: Float64Array;
  readonly log_likelihood: number;
  /** Of all coefficients 0. */
  readonly log_likelihood_null: number;
  readonly baselines: readonly CoxBaseline[];
  readonly rows: number;
  readonly events: number;
  readonly iterations: number;
}

/** Expected gain in log-likelihood below which one more step ends the search. */
const GAIN_MIN = 1e-9;
/** A direction whose information falls to this share of what it was has no finite best. */
const INFORMATION_SHARE_MIN = 1e-6;

/**
 * Cox proportional hazards by Newton-Raphson with halved steps: rows (start, stop], strata, weights, ties, ridge. With a ridge
 * the standard errors are those of the penalised information.
 * Errors   GV-MDL-401 for bad data, columns that repeat others, and events that a column separates (then no finite
 *          coefficient is best); a ridge takes the last two.
 * Cost     some 5 sweeps (see there): 19,000 rows of 43 dummies 0.2 s, 1,000,000 of 20 numbers 5 s, of 60 13 s; 50 B a row.
 * Source   Cox 1972; Therneau, Grambsch 2000.
 */
export function fitCox(data: CoxData, options: Partial<CoxOptions> = {}): CoxModel {
  const { ties, ridge, iterations_max } = { ...COX_DEFAULTS, ...options };
  const rows = coxRows(data);
  const constant = rows.factor.indexOf(0);
  if (constant >= 0 && ridge === 0) throw refused(`${data.names[constant]} is the same in all rows`, LEAVE_OUT);
  const { columns } = rows;
  const factored = ({ information }: CoxSweep): Cholesky => {
    const penalised = Float64Array.from(information);
    for (let j = 0; j < columns; j++) penalised[j * columns + j] = (penalised[j * columns + j] as number) + ridge;
    return cholesky(penalised, columns);
  };
  const value = ({ log_likelihood }: CoxSweep, beta: Float64Array): number =>
    log_likelihood - (ridge / 2) * beta.reduce((sum, b) => sum + b * b, 0);

  let beta: Float64Array = new Float64Array(columns);
  let now = coxSweep(rows, beta, ties);
  const log_likelihood_null = now.log_likelihood;
  const first = factored(now);
  if (first.singular >= 0) {
    throw refused(`${data.names[first.singular]} tells nothing beyond the columns before it`, LEAVE_OUT);
  }
  let factor = first;
  let iterations = 0;
  for (let gain = Number.POSITIVE_INFINITY; gain > GAIN_MIN; ) {
    if (++iterations > iterations_max) throw refused(`no best coefficients after ${iterations_max} steps`, ADD_RIDGE);
    const slope = now.gradient.map((g, j) => g - ridge * (beta[j] as number));
    const step = choleskySolve(factor, slope);
    gain = step.reduce((sum, move, j) => sum + move * (slope[j] as number), 0) / 2;
    const before = value(now, beta);
    let share = 1;
    for (;;) {
      const moved = beta.map((b, j) => b + share * (step[j] as number));
      const then = coxSweep(rows, moved, ties);
      if (value(then, moved) >= before - 1e-10 * Math.abs(before)) {
        beta = moved;
        now = then;
        break;
      }
      share /= 2;
      if (share < 1e-9) throw refused('no step leads to a better likelihood', ADD_RIDGE);
    }
    factor = factored(now);
    const separated = separating(first, factor);
    if (separated >= 0) throw refused(`${data.names[separated]} alone tells who has the event`, ADD_RIDGE);
  }
  return coxModel(rows, beta, now, factor, { log_likelihood_null, iterations });
}

const LEAVE_OUT = 'Leave the column out, or fit with a ridge.';
const ADD_RIDGE = 'Leave the column out, or fit with a ridge above 0.';

function separating(first: Cholesky, now: Cholesky): number {
  if (now.singular >= 0) return now.singular;
  for (let j = 0; j < now.size; j++) {
    const at = j * now.size + j;
    if (((now.lower[at] as number) / (first.lower[at] as number)) ** 2 < INFORMATION_SHARE_MIN) return j;
  }
  return -1;
}

function coxModel(
  rows: CoxRows,
  beta: Float64Array,
  { log_likelihood, hazards }: CoxSweep,
  factor: Cholesky,
  search: { readonly log_likelihood_null: number; readonly iterations: number },
): CoxModel {
  const { data, columns, means, shift } = rows;
  const inverse = choleskyInverse(factor);
  const coefficients = beta.map((b, j) => b * (rows.factor[j] as number));
  const standard_errors = beta.map(
    (_, j) => Math.sqrt(inverse[j * columns + j] as number) * (rows.factor[j] as number),
  );
  const z = coefficients.map((b, j) => b / (standard_errors[j] as number));
  const to_means = Math.exp(
    coefficients.reduce((sum, b, j) => sum + b * ((means[j] as number) - (shift[j] as number)), 0),
  );
  return {
    names: data.names,
    coefficients,
    standard_errors,
    z,
    p: z.map(twoSidedTail),
    means,
    log_likelihood,
    ...search,
    baselines: hazards.map((steps, s) => baselineOf(steps, to_means, earliest(rows, s))),
    rows: rows.rows,
    events: data.events.reduce((sum, event) => sum + event, 0),
  };
}

function earliest({ data, by_start, from }: CoxRows, stratum: number): number {
  const last = by_start?.[(from[stratum + 1] as number) - 1];
  return last === undefined || data.start === undefined ? 0 : (data.start[last] as number);
}

function baselineOf({ stratum, times, increments }: HazardSteps, scale: number, since: number): CoxBaseline {
  const cumulative_hazard = Float64Array.from(increments).reverse();
  let sum = 0;
  for (let i = 0; i < cumulative_hazard.length; i++) {
    sum += (cumulative_hazard[i] as number) * scale;
    cumulative_hazard[i] = sum;
  }
  return { stratum, since, times: Float64Array.from(times).reverse(), cumulative_hazard };
}
