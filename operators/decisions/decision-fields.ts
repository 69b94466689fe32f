import type { Decision } from '../../pipeline/contract/predictions.ts';
import type { Advice } from './lifecycle-advice.ts';
import type { Valuation } from './valuation.ts';

/** The fields of a decision that a valuation and an advice make. */
export function decisionFields(
  valuation: Valuation,
  { advice, reason }: Advice,
): Omit<Decision, 'ts' | 'gpu_uuid' | 'node' | 'instance' | 'health' | 'p30' | 'utilisation' | 'profile'> {
  const { npv, decision, expected_value, confidence, rationale, sensitivity, value_at_risk_usd_per_hour } = valuation;
  return {
    decision,
    npv_keep: npv.keep,
    npv_sell: npv.sell,
    npv_repurpose: npv.repurpose,
    salvage_value: npv.decommission,
    expected_value,
    confidence,
    rationale: `${reason === '' ? rationale : `${reason}; ${rationale.charAt(0).toLowerCase()}${rationale.slice(1)}`}.`,
    sensitivity,
    advice,
    value_at_risk_usd_per_hour,
  };
}
