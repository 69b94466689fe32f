import type { DecisionFlip } from '../../pipeline/contract/predictions.ts';
import type { Choice, OptionValues } from './choose-option.ts';

/** What a profile says about one board. Money in US dollars, unrounded. */
export interface Valuation extends Choice {
  readonly npv: OptionValues;
  readonly horizon_months: number;
  /** Without full stop: one sentence with the numbers in it. */
  readonly rationale: string;
  readonly sensitivity: readonly DecisionFlip[];
  /** What a failure now would cost. */
  readonly failure_cost_usd: number;
  readonly value_at_risk_usd_per_hour: number;
  /** What was taken for granted because nobody told it. */
  readonly assumptions: readonly string[];
}
