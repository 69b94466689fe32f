import { censoringCurve, type Outcomes, uncensoredAt } from './censoring-weights.ts';

export interface Concordance {
  /** Share of comparable pairs in which the one who failed first had the higher risk, ties by half; NaN without a pair. */
  readonly concordance: number;
  /** Pairs, weighted when the weights are not 1. */
  readonly concordant: number;
  readonly discordant: number;
  readonly tied_risk: number;
  /** Pairs of one who failed and one who was censored at the same time, which are compared. */
  readonly tied_time: number;
}

/**
 * Harrell's C. A pair is comparable when one failed before the other ended, or as the other was censored.
 * Cost     O(n log n).
 * Source   Harrell, Lee, Mark 1996.
 */
export const harrellConcordance = (outcomes: Outcomes, risk: ArrayLike<number>): Concordance =>
  weightedConcordance(outcomes, risk, () => 1);

/**
 * Uno's C: pairs of an event at t count 1 / P(not censored until t)^2, which takes the censoring out. `reference` = where the
 * censoring is learned (the training data); `until` = events from there on are left out.
 * Cost     O(n log n).
 * Source   Uno, Cai, Pencina, D'Agostino, Wei 2011.
 */
export function unoConcordance(
  outcomes: Outcomes,
  risk: ArrayLike<number>,
  options: { readonly reference: Outcomes; readonly until?: number },
): Concordance {
  const curve = censoringCurve(options.reference);
  const until = options.until ?? Number.POSITIVE_INFINITY;
  return weightedConcordance(outcomes, risk, (time) => (time < until ? 1 / uncensoredAt(curve, time) ** 2 : 0));
}

function weightedConcordance(
  { times, events }: Outcomes,
  risk: ArrayLike<number>,
  weightOf: (time: number) => number,
): Concordance {
  const order = Uint32Array.from(times, (_, i) => i).sort((a, b) => (times[b] as number) - (times[a] as number));
  const ranks = denseRanks(risk);
  const counts = new RankCounts(ranks);
  let concordant = 0;
  let discordant = 0;
  let tied_risk = 0;
  let tied_time = 0;
  for (let from = 0; from < order.length; ) {
    const time = times[order[from] as number] as number;
    let until = from;
    let failed = 0;
    for (; until < order.length && times[order[until] as number] === time; until++) {
      const i = order[until] as number;
      if (events[i] === 1) failed++;
      else counts.add(ranks[i] as number);
    }
    tied_time += failed * (until - from - failed);
    const weight = failed === 0 ? 0 : weightOf(time);
    for (let k = from; k < until && weight > 0; k++) {
      const i = order[k] as number;
      if (events[i] !== 1) continue;
      const rank = ranks[i] as number;
      const below = counts.until(rank - 1);
      const equal = counts.until(rank) - below;
      concordant += weight * below;
      tied_risk += weight * equal;
      discordant += weight * (counts.size - below - equal);
    }
    for (let k = from; k < until; k++) {
      const i = order[k] as number;
      if (events[i] === 1) counts.add(ranks[i] as number);
    }
    from = until;
  }
  const pairs = concordant + discordant + tied_risk;
  return { concordance: (concordant + tied_risk / 2) / pairs, concordant, discordant, tied_risk, tied_time };
}

/** Rank of each value among the different ones, from 1. */
function denseRanks(values: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from(values, (_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number));
  const ranks = new Uint32Array(order.length);
  let rank = 0;
  order.forEach((i, k) => {
    if (k === 0 || values[i] !== values[order[k - 1] as number]) rank++;
    ranks[i] = rank;
  });
  return ranks;
}

/** How many so far have at most a rank: a Fenwick tree. */
class RankCounts {
  private readonly sums: Uint32Array;
  size = 0;

  constructor(ranks: Uint32Array) {
    this.sums = new Uint32Array(ranks.reduce((max, rank) => Math.max(max, rank), 0) + 1);
  }

  add(rank: number): void {
    this.size++;
    for (let i = rank; i < this.sums.length; i += i & -i) this.sums[i] = (this.sums[i] as number) + 1;
  }

  until(rank: number): number {
    let sum = 0;
    for (let i = rank; i > 0; i -= i & -i) sum += this.sums[i] as number;
    return sum;
  }
}
