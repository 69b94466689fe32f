import type { DecisionOption } from '../../../pipeline/contract/predictions.ts';

/** Some boards together, of GET /fleet/money. */
export interface MoneyTotalAnswer {
  readonly boards: number;
  readonly expected_value_usd: number;
  readonly gain_over_keep_usd: number;
  readonly value_at_risk_usd_per_hour: number;
}

export interface FleetMoneyAnswer {
  readonly total: MoneyTotalAnswer;
  readonly by_decision: Readonly<Record<string, MoneyTotalAnswer>>;
  readonly by_advice: Readonly<Record<string, MoneyTotalAnswer>>;
  readonly most_at_risk: readonly {
    readonly gpu_uuid: string;
    readonly node: string;
    readonly decision: DecisionOption;
    readonly advice: string;
    readonly expected_value: number;
    readonly value_at_risk_usd_per_hour: number;
    readonly rationale: string;
  }[];
}
