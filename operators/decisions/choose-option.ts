import { DECISIONS, type DecisionOption } from '../../pipeline/contract/predictions.ts';

/** Net present value of each option, US dollars. */
export type OptionValues = Readonly<Record<DecisionOption, number>>;

/** The option that is worth most, and how clearly. */
export interface Choice {
  readonly decision: DecisionOption;
  /** The best of the four. */
  readonly expected_value: number;
  /** 0..1. */
  readonly confidence: number;
}

/** The highest value wins, of equal ones the first in the order of DECISIONS. */
export function bestOption(npv: OptionValues): DecisionOption {
  let best: DecisionOption = 'keep';
  for (const option of DECISIONS) if (npv[option] > npv[best]) best = option;
  return best;
}

/**
 * The best option with confidence clamp(0.5 + 0.5 x (best - second) / |best|, 0, 1); a best of exactly 0 counts as sure of
 * anything below it. Source: DOMAIN.md section 9.
 */
export function chooseOption(npv: OptionValues): Choice {
  const decision = bestOption(npv);
  const best = npv[decision];
  let second = Number.NEGATIVE_INFINITY;
  for (const option of DECISIONS) if (option !== decision) second = Math.max(second, npv[option]);
  const lead = best === 0 ? Number(second < 0) : (best - second) / Math.abs(best);
  return { decision, expected_value: best, confidence: Math.min(1, Math.max(0, 0.5 + 0.5 * lead)) };
}
