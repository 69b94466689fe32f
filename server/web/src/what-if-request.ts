import type { PostOperations } from '../../client/api-client.ts';
import type { DecisionAnswer, PredictionAnswer } from './answers.ts';

type Asked = PostOperations['/api/v1/decisions/evaluate']['body'];

/** What a decision was made of, as far as the page knows it; null is not known, and then the price book assumes. */
export interface WhatIfBasis {
  readonly decision: Pick<DecisionAnswer, 'health' | 'p30' | 'utilisation' | 'profile'>;
  readonly prediction: Pick<PredictionAnswer, 'failure_prob_7d' | 'failure_prob_30d' | 'failure_prob_90d'> | null;
  readonly model: string;
  readonly power_watts: number | null;
  readonly age_days: number | null;
  readonly warranty_days: number | null;
}

const CONDITIONS = ['health', 'p30', 'utilisation'];

/** Body of POST /decisions/evaluate: the basis with some inputs changed, by their names in `sensitivity`. */
export function whatIfRequest(basis: WhatIfBasis, changes: Readonly<Record<string, number>>): Asked {
  const { decision, prediction, model, warranty_days } = basis;
  const condition = (name: 'health' | 'p30' | 'utilisation'): number | null => changes[name] ?? decision[name];
  const p30 = condition('p30') ?? 0;
  const request: Asked = {
    health: condition('health') ?? 0,
    p30,
    utilisation: condition('utilisation') ?? 0,
    model,
    profile: decision.profile,
    ...(warranty_days === null ? {} : { warranty_days }),
  };
  if (decision.profile === 'reference') return request;
  const prices = Object.entries(changes).filter(([name]) => !CONDITIONS.includes(name));
  return {
    ...request,
    // The other horizons belong to the risk that was foreseen, not to another one.
    ...(prediction !== null && changes.p30 === undefined ? otherHorizons(prediction, p30) : {}),
    ...(basis.power_watts === null ? {} : { power_watts: basis.power_watts }),
    ...(basis.age_days === null ? {} : { age_days: Math.max(0, basis.age_days) }),
    ...(prices.length === 0 ? {} : { prices: Object.fromEntries(prices) }),
  };
}

/** Of a prediction that is newer than the decision the horizons may not fit its risk: they are left out then. */
function otherHorizons(prediction: NonNullable<WhatIfBasis['prediction']>, p30: number): Record<string, number> {
  const { failure_prob_7d: p7, failure_prob_30d, failure_prob_90d: p90 } = prediction;
  return failure_prob_30d === p30 && p7 <= p30 && p30 <= p90 ? { p7, p90 } : {};
}
