import {
  DECISIONS,
  type Decision,
  type DecisionOption,
  type LifecycleAdvice,
} from '../../pipeline/contract/predictions.ts';

/** What a fleet's total is made from: the latest decision of each board. */
export type DecidedBoard = Pick<
  Decision,
  | 'gpu_uuid'
  | 'node'
  | 'decision'
  | 'advice'
  | 'npv_keep'
  | 'expected_value'
  | 'value_at_risk_usd_per_hour'
  | 'rationale'
>;

/** Some boards together. */
export interface MoneyTotal {
  readonly boards: number;
  /** What their best options are worth together. */
  readonly expected_value_usd: number;
  /** How much more that is than keeping all of them. */
  readonly gain_over_keep_usd: number;
  readonly value_at_risk_usd_per_hour: number;
}

export interface FleetMoney {
  readonly total: MoneyTotal;
  readonly by_decision: Readonly<Record<DecisionOption, MoneyTotal>>;
  readonly by_advice: Readonly<Record<LifecycleAdvice, MoneyTotal>>;
  /** Boards with the most at risk per hour, those with the same by UUID. */
  readonly most_at_risk: readonly DecidedBoard[];
}

const ADVICE: readonly LifecycleAdvice[] = ['keep', 'watch', 'drain', 'rma', 'repurpose', 'sell', 'decommission'];

/** Adds up a fleet's decisions. One pass, plus sorting for the `top` boards with the most at risk. */
export function fleetMoney(decisions: Iterable<DecidedBoard>, { top }: { readonly top: number }): FleetMoney {
  const boards = [...decisions];
  const totalOf = (chosen: readonly DecidedBoard[]): MoneyTotal => ({
    boards: chosen.length,
    expected_value_usd: sum(chosen, (board) => board.expected_value),
    gain_over_keep_usd: sum(chosen, (board) => board.expected_value - board.npv_keep),
    value_at_risk_usd_per_hour: sum(chosen, (board) => board.value_at_risk_usd_per_hour),
  });
  const by = <K extends string>(keys: readonly K[], of: (board: DecidedBoard) => K): Record<K, MoneyTotal> =>
    Object.fromEntries(keys.map((key) => [key, totalOf(boards.filter((board) => of(board) === key))])) as Record<
      K,
      MoneyTotal
    >;
  return {
    total: totalOf(boards),
    by_decision: by(DECISIONS, ({ decision }) => decision),
    by_advice: by(ADVICE, ({ advice }) => advice),
    most_at_risk: boards
      .filter((board) => board.value_at_risk_usd_per_hour > 0)
      .sort((a, b) => b.value_at_risk_usd_per_hour - a.value_at_risk_usd_per_hour || (a.gpu_uuid < b.gpu_uuid ? -1 : 1))
      .slice(0, top),
  };
}

const sum = (boards: readonly DecidedBoard[], of: (board: DecidedBoard) => number): number =>
  boards.reduce((total, board) => total + of(board), 0);
