import type { FeatureVector } from '../../pipeline/contract/events.ts';
import type { FailureModel, Judgement } from '../../pipeline/contract/failure-model.ts';
import { findFeature } from '../../pipeline/contract/features.ts';
import type { FailureType, PredictionContribution } from '../../pipeline/contract/predictions.ts';

interface Term {
  readonly feature: string;
  readonly weight: number;
  readonly limit: number;
  readonly type: FailureType;
  readonly says: (value: number) => string;
}

const YEAR_DAYS = 365;
const BASE = 0.02;
const MOST = 0.99;

/** In the order of the specification, which decides between terms of equal weight. */
const TERMS: readonly Term[] = [
  {
    feature: 'gpu_temp_max',
    weight: 0.4,
    limit: 85,
    type: 'thermal',
    says: (v) => `it reached ${v.toFixed(0)} C in the last 7 days (limit 85 C)`,
  },
  {
    feature: 'thermal_throttle_count',
    weight: 0.3,
    limit: 20,
    type: 'thermal',
    says: (v) => `it was thermally throttled in ${v.toFixed(0)} samples of the last 7 days (limit 20)`,
  },
  {
    feature: 'ecc_dbe_event_count',
    weight: 0.5,
    limit: 0,
    type: 'memory',
    says: (v) => `uncorrectable memory errors rose in ${v.toFixed(0)} samples of the last 7 days`,
  },
  {
    feature: 'gpu_age_days',
    weight: 0.2,
    limit: 3 * YEAR_DAYS,
    type: 'other',
    says: (v) => `it is ${(v / YEAR_DAYS).toFixed(1)} years old (limit 3)`,
  },
];
const PLACES = TERMS.map(({ feature }) => findFeature(feature));

/** p30 from which of its terms hold: specification, section 8. */
function heuristicProbabilities(holding: readonly boolean[]): { p7: number; p30: number; p90: number } {
  let sum = BASE;
  for (let k = 0; k < TERMS.length; k++) if (holding[k] === true) sum += (TERMS[k] as Term).weight;
  const p30 = Math.min(MOST, sum);
  return { p7: 0.25 * p30, p30, p90: Math.min(MOST, 2.5 * p30) };
}

/**
 * What is said when there is no trained model: a base rate and four terms, as the specification has them. The type is that
 * of the largest term that holds, `other` when none does. A feature that is unknown holds nothing and costs confidence.
 * Contributions are shares of p30. State none; cost about 1 us.
 */
export const heuristic: FailureModel = {
  name: 'heuristic',
  version: '1',
  carried_width: 0,
  judge(vector: FeatureVector): Judgement {
    const values = PLACES.map((place) => vector.values[place] as number);
    const holding = TERMS.map((term, k) => (values[k] as number) > term.limit);
    const { p7, p30, p90 } = heuristicProbabilities(holding);
    const known = values.filter((value) => !Number.isNaN(value)).length;
    let largest: Term | null = null;
    const contributions: PredictionContribution[] = [];
    const reasons: string[] = [];
    for (const [k, term] of TERMS.entries()) {
      const value = values[k] as number;
      contributions.push({
        feature: term.feature,
        value: Number.isNaN(value) ? null : value,
        contribution: holding[k] ? term.weight : 0,
      });
      if (!holding[k]) continue;
      reasons.push(term.says(value));
      if (largest === null || term.weight > largest.weight) largest = term;
    }
    return {
      p7,
      p30,
      p90,
      type: largest?.type ?? 'other',
      // It has never been fitted to anything: never more than half sure.
      confidence: 0.5 * (known / TERMS.length),
      contributions: contributions.toSorted((a, b) => b.contribution - a.contribution),
      explanation: `By rule of thumb (no trained model): ${(100 * p30).toFixed(0)} % within 30 days, ${
        reasons.length === 0 ? 'the base rate, since nothing speaks for a failure' : `because ${reasons.join(', and ')}`
      }.`,
    };
  },
};
