import type { CoxRows } from './cox-rows.ts';

export type CoxTies = 'efron' | 'breslow';

/** Increments of the cumulative hazard of one stratum, for a row at the columns' shifts. */
export interface HazardSteps {
  readonly stratum: number;
  /** Event times, latest first. */
  readonly times: number[];
  readonly increments: number[];
}

export interface CoxSweep {
  readonly log_likelihood: number;
  readonly gradient: Float64Array;
  /** Minus the second derivatives, row by row, symmetric. */
  readonly information: Float64Array;
  readonly hazards: readonly HazardSteps[];
}

/** The sums over those at risk lose their digits when most of what was added is taken off again; then they are made anew. */
const REST_MIN = 1e-7;

/**
 * Partial log-likelihood of `beta` (of the scaled columns) and its derivatives in one sweep from the last event to the first.
 * A row enters where it stops and leaves where it starts. What leaves has been at risk over a known stretch of the cumulative
 * hazard, and this alone weighs its products x x' in the information: so they are made once a row and not once an event.
 * Cost     rows x (columns + nonzero^2 / 2) + event times x columns^2 / 2 multiplications.
 * Source   Therneau, Grambsch 2000, chapter 3; Efron 1977 (ties).
 */
export function coxSweep(rows: CoxRows, beta: Float64Array, ties: CoxTies): CoxSweep {
  const { columns, by_stop, by_start, from, strata, shift, factor } = rows;
  const { stop, start, events, covariates, weights } = rows.data;
  const gradient = new Float64Array(columns);
  const information = new Float64Array(columns * columns);
  const hazards: HazardSteps[] = [];
  const risk = new Float64Array(rows.rows);
  /** Cumulative hazard (from the last event down) where a row came in, and what a death among ties has less of. */
  const entered = new Float64Array(rows.rows);
  const column = new Uint32Array(columns);
  const x = new Float64Array(columns);
  const sum = new Float64Array(columns);
  const dead_sum = new Float64Array(columns);
  const products = new DenseProducts(information, columns);
  let log_likelihood = 0;
  let total = 0;
  let peak = 0;
  let passed = 0;

  const load = (row: number): number => {
    const at = row * columns;
    let nonzero = 0;
    for (let j = 0; j < columns; j++) {
      const value = ((covariates[at + j] as number) - (shift[j] as number)) * (factor[j] as number);
      if (value === 0) continue;
      column[nonzero] = j;
      x[nonzero++] = value;
    }
    return nonzero;
  };
  const add = (to: Float64Array, amount: number, nonzero: number): void => {
    for (let k = 0; k < nonzero; k++)
      to[column[k] as number] = (to[column[k] as number] as number) + amount * (x[k] as number);
  };
  const enter = (row: number): number => {
    const nonzero = load(row);
    let eta = 0;
    for (let k = 0; k < nonzero; k++) eta += (beta[column[k] as number] as number) * (x[k] as number);
    const share = Math.exp(eta) * (weights?.[row] ?? 1);
    risk[row] = share;
    entered[row] = passed;
    total += share;
    if (total > peak) peak = total;
    add(sum, share, nonzero);
    if (events[row] !== 1) return 0;
    add(dead_sum, share, nonzero);
    return eta;
  };
  const leave = (row: number, subtract: boolean): void => {
    const nonzero = load(row);
    const share = risk[row] as number;
    const amount = share * (passed - (entered[row] as number));
    add(gradient, (events[row] === 1 ? (weights?.[row] ?? 1) : 0) - amount, nonzero);
    if (nonzero === columns) products.add(x, amount);
    else if (amount !== 0) {
      for (let a = 0; a < nonzero; a++) {
        const base = (column[a] as number) * columns;
        const scaled = amount * (x[a] as number);
        for (let b = 0; b <= a; b++) {
          const cell = base + (column[b] as number);
          information[cell] = (information[cell] as number) + scaled * (x[b] as number);
        }
      }
    }
    if (!subtract) return;
    total -= share;
    add(sum, -share, nonzero);
  };
  const anew = (first: number, until: number, time: number): void => {
    total = 0;
    sum.fill(0);
    for (let i = first; i < until; i++) {
      const row = by_stop[i] as number;
      if ((start?.[row] ?? Number.NEGATIVE_INFINITY) >= time) continue;
      total += risk[row] as number;
      add(sum, risk[row] as number, load(row));
    }
    peak = total;
  };

  strata.forEach((stratum, s) => {
    const first = from[s] as number;
    const until = from[s + 1] as number;
    const steps: HazardSteps = { stratum, times: [], increments: [] };
    hazards.push(steps);
    sum.fill(0);
    total = 0;
    peak = 0;
    passed = 0;
    let left = first;
    for (let next = first; next < until; ) {
      const time = stop[by_stop[next] as number] as number;
      const group = next;
      let deaths = 0;
      let dead_weight = 0;
      let dead_total = 0;
      dead_sum.fill(0);
      for (; next < until && stop[by_stop[next] as number] === time; next++) {
        const row = by_stop[next] as number;
        const eta = enter(row);
        const weight = weights?.[row] ?? 1;
        if (events[row] !== 1 || weight === 0) continue;
        deaths++;
        dead_weight += weight;
        dead_total += risk[row] as number;
        log_likelihood += weight * eta;
      }
      if (deaths === 0) continue;
      if (by_start !== null && start !== undefined) {
        for (; left < until && (start[by_start[left] as number] as number) >= time; left++) {
          leave(by_start[left] as number, true);
        }
        if (total < peak * REST_MIN) anew(first, next, time);
      }
      // The tied deaths leave one after the other, each taking its share of all of them along (Efron), or none (Breslow).
      const each = dead_weight / deaths;
      let alive = 0;
      let dying = 0;
      let sum_sum = 0;
      let sum_dead = 0;
      let dead_dead = 0;
      for (let k = 0; k < deaths; k++) {
        const gone = ties === 'efron' ? k / deaths : 0;
        const rest = total - gone * dead_total;
        log_likelihood -= each * Math.log(rest);
        alive += each / rest;
        dying += (each * (1 - gone)) / rest;
        sum_sum += each / (rest * rest);
        sum_dead += (each * gone) / (rest * rest);
        dead_dead += (each * gone * gone) / (rest * rest);
      }
      for (let a = 0; a < columns; a++) {
        const base = a * columns;
        const sum_a = sum_sum * (sum[a] as number) - sum_dead * (dead_sum[a] as number);
        const dead_a = dead_dead * (dead_sum[a] as number) - sum_dead * (sum[a] as number);
        if (sum_dead === 0) {
          for (let b = 0; b <= a; b++)
            information[base + b] = (information[base + b] as number) - sum_a * (sum[b] as number);
        } else {
          for (let b = 0; b <= a; b++) {
            information[base + b] =
              (information[base + b] as number) - sum_a * (sum[b] as number) - dead_a * (dead_sum[b] as number);
          }
        }
      }
      for (let i = group; i < next; i++) {
        const row = by_stop[i] as number;
        if (events[row] === 1) entered[row] = (entered[row] as number) + alive - dying;
      }
      passed += alive;
      steps.times.push(time);
      steps.increments.push(alive);
    }
    const rest = by_start ?? by_stop;
    for (; left < until; left++) leave(rest[left] as number, false);
  });
  products.flush();
  for (let a = 0; a < columns; a++) {
    for (let b = 0; b < a; b++) information[b * columns + a] = information[a * columns + b] as number;
  }
  return { log_likelihood, gradient, information, hazards };
}

/** Rows without a 0 add their products four at a time, which reads and writes the matrix a quarter as often. */
class DenseProducts {
  private readonly matrix: Float64Array;
  private readonly columns: number;
  private readonly rows: readonly [Float64Array, Float64Array, Float64Array, Float64Array];
  private readonly amounts = new Float64Array(4);
  private held = 0;

  constructor(matrix: Float64Array, columns: number) {
    this.matrix = matrix;
    this.columns = columns;
    const row = (): Float64Array => new Float64Array(columns);
    this.rows = [row(), row(), row(), row()];
  }

  add(x: Float64Array, amount: number): void {
    (this.rows[this.held] as Float64Array).set(x);
    this.amounts[this.held++] = amount;
    if (this.held === 4) this.flush();
  }

  flush(): void {
    const { matrix, columns, rows, amounts, held } = this;
    amounts.fill(0, held);
    this.held = 0;
    const [p, q, r, s] = rows;
    for (let a = 0; a < columns; a++) {
      const base = a * columns;
      const pa = (p[a] as number) * (amounts[0] as number);
      const qa = (q[a] as number) * (amounts[1] as number);
      const ra = (r[a] as number) * (amounts[2] as number);
      const sa = (s[a] as number) * (amounts[3] as number);
      for (let b = 0; b <= a; b++) {
        matrix[base + b] =
          (matrix[base + b] as number) +
          pa * (p[b] as number) +
          qa * (q[b] as number) +
          ra * (r[b] as number) +
          sa * (s[b] as number);
      }
    }
  }
}
