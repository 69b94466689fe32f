import type { RecoveryAction } from '../../pipeline/contract/events.ts';
import type { LifecycleAdvice } from '../../pipeline/contract/predictions.ts';
import { dollars, percent, tenth } from './in-money.ts';
import type { Valuation } from './valuation.ts';

/** Where advice begins. */
export interface AdviceLimits {
  /** Evidence of less confidence (0..1) asks for nobody's hands. */
  readonly confidence_min: number;
  /** Risk within 30 days that is evidence enough for the maker, at a health below `weak_health`. */
  readonly rma_p30: number;
  /** Risk within 7 days that work should not wait for, at a health below `weak_health`. */
  readonly drain_p7: number;
  readonly critical_health: number;
  readonly weak_health: number;
  /** Risk within 30 days from which a board is worth an eye. */
  readonly watch_p30: number;
  /** How much more than keeping another option must be worth, as a share of keeping, before anybody moves a board. */
  readonly act_margin: number;
}

const ADVICE_LIMITS: AdviceLimits = {
  confidence_min: 0.5,
  rma_p30: 0.5,
  drain_p7: 0.3,
  critical_health: 50,
  weak_health: 70,
  watch_p30: 0.1,
  act_margin: 0.05,
};

/** What the advisor judges by; null = unknown, which never raises an alarm. */
export interface Condition {
  readonly health: number | null;
  readonly health_confidence: number;
  readonly action: RecoveryAction;
  readonly p7: number | null;
  readonly p30: number | null;
  readonly prediction_confidence: number;
  readonly warranty_days: number | null;
}

export interface Advice {
  readonly advice: LifecycleAdvice;
  /** What to do and why, without full stop; empty when the decision itself says all. */
  readonly reason: string;
}

/**
 * What to do with a board next, first match first: rma while under warranty with strong evidence, drain what is critical
 * now, the best option where it beats keeping clearly, watch a raised risk, keep.
 */
export function lifecycleAdvice(
  condition: Condition,
  valuation: Valuation,
  limits: AdviceLimits = ADVICE_LIMITS,
): Advice {
  const { warranty_days } = condition;
  const broken = brokenNow(condition, limits);
  const doomed = doomedSoon(condition, limits, 'p30', limits.rma_p30);
  const replace = condition.action === 'replace_gpu' && condition.health_confidence >= limits.confidence_min;
  if (warranty_days !== null && warranty_days > 0 && (replace || doomed)) {
    const why = replace ? `${healthWords(condition)} asks for a replacement` : riskWords(condition);
    return {
      advice: 'rma',
      reason: `Return it under warranty, ${Math.floor(warranty_days)} days are left: ${why}, and a failure would cost ${dollars(valuation.failure_cost_usd)}`,
    };
  }
  if (replace || broken || doomedSoon(condition, limits, 'p7', limits.drain_p7)) {
    const need = condition.action === 'none' ? '' : `, it needs ${ACTION_WORDS[condition.action]}`;
    const why = replace || broken ? `${healthWords(condition)} is critical${need}` : riskWords(condition);
    return {
      advice: 'drain',
      reason: `Take work off it now: ${why}, and every hour risks ${dollars(valuation.value_at_risk_usd_per_hour)}`,
    };
  }
  const { decision, npv, expected_value } = valuation;
  const gain = expected_value - npv.keep;
  if (decision !== 'keep' && gain > limits.act_margin * Math.abs(npv.keep)) return { advice: decision, reason: '' };
  const weak = condition.health !== null && condition.health < limits.weak_health;
  if (weak || (condition.p30 !== null && condition.p30 >= limits.watch_p30)) {
    return {
      advice: 'watch',
      reason: `Watch it: ${weak ? `${healthWords(condition)} is weak` : riskWords(condition)}, ${dollars(24 * valuation.value_at_risk_usd_per_hour)} are at risk a day`,
    };
  }
  if (decision === 'keep') return { advice: 'keep', reason: '' };
  return { advice: 'keep', reason: `Keep it: ${dollars(gain)} more is not worth moving it` };
}

const ACTION_WORDS: Readonly<Record<RecoveryAction, string>> = {
  none: 'nothing',
  restart_application: 'its application restarted',
  reset_gpu: 'a reset',
  reboot_node: 'a reboot of its node',
  drain_and_reset: 'a reset',
  replace_gpu: 'to be replaced',
};

const brokenNow = ({ health, health_confidence }: Condition, limits: AdviceLimits): boolean =>
  health !== null && health < limits.critical_health && health_confidence >= limits.confidence_min;

/** A forecast alone moves nobody: the board must show something too. */
const doomedSoon = (condition: Condition, limits: AdviceLimits, horizon: 'p7' | 'p30', at: number): boolean => {
  const { health, prediction_confidence } = condition;
  const risk = condition[horizon];
  return (
    risk !== null &&
    risk >= at &&
    prediction_confidence >= limits.confidence_min &&
    health !== null &&
    health < limits.weak_health
  );
};

const healthWords = ({ health }: Condition): string => (health === null ? 'its health' : `health ${tenth(health)}`);

function riskWords({ p7, p30, health }: Condition): string {
  const risks = [
    ...(p7 === null ? [] : [`${percent(p7)} within 7 days`]),
    ...(p30 === null ? [] : [`${percent(p30)} within 30 days`]),
  ];
  return `the risk of a failure is ${risks.join(' and ')}${health === null ? '' : ` at health ${tenth(health)}`}`;
}
