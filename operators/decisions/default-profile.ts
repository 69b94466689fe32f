import { type Board, type Economy, economyOf, operate, outlookOf, outlookUnder, sharesOf } from './cash-flows.ts';
import { chooseOption, type OptionValues } from './choose-option.ts';
import { type FailureOdds, failureHazard, hazardPerHour, riskWithin30, withRisk } from './failure-hazard.ts';
import { comparison, percent, tenth } from './in-money.ts';
import type { ModelPrices } from './price-book.ts';
import { UNKNOWN_MODEL, WORKLOAD_TIERS, type WorkloadTier } from './price-book-schema.ts';
import { ageShare } from './residual.ts';
import { decisionFlips, type FlipInput } from './sensitivity.ts';
import type { Valuation } from './valuation.ts';

/** What is known of a board; null = unknown, and then an assumption of the price book counts and is told. */
export interface DecisionInput extends FailureOdds {
  /** 0..100. */
  readonly health: number | null;
  /** Mean of the last 7 days, 0..1. */
  readonly utilisation: number | null;
  /** Mean draw of the same time. */
  readonly power_watts: number | null;
  readonly age_days: number | null;
  /** Days of warranty left; unknown counts as none. */
  readonly warranty_days: number | null;
  /** What runs on it; unknown: what usually runs on the model. */
  readonly tier: WorkloadTier | null;
  /** What it would bring on the market now, where somebody knows better than the price book. */
  readonly resale_usd: number | null;
}

/** What the four options are worth, and what a failure now would cost while it is kept. */
function optionValues(
  board: Board,
  economy: Economy,
): { readonly npv: OptionValues; readonly failure_cost_usd: number } {
  const { tier, utilisation } = board;
  const kept = operate(board, { tier, utilisation, repurposed: false }, economy);
  const residual = residualUsd(board, economy);
  return {
    npv: {
      keep: kept.npv,
      sell: residual * (1 - economy.terms.resale_fee_ratio),
      repurpose: repurposed(board, economy),
      decommission: residual * economy.terms.salvage_ratio,
    },
    failure_cost_usd: kept.failure_cost_usd,
  };
}

/** What it would bring on the market now, before fees. */
const residualUsd = ({ grade_share, outlook, resale_factor }: Board, { terms }: Economy): number =>
  terms.purchase_usd * grade_share * (outlook.age_shares[0] as number) * resale_factor;

/** The best of the cheaper tiers. In the cheapest one there is only more of the same, at no more use than now. */
function repurposed(board: Board, economy: Economy): number {
  const usual = economy.terms.repurpose_utilisation_ratio;
  const present = WORKLOAD_TIERS.indexOf(board.tier);
  const last = WORKLOAD_TIERS.length - 1;
  const utilisation = present === last ? Math.min(usual, board.utilisation) : usual;
  let best = Number.NEGATIVE_INFINITY;
  for (let i = Math.min(present + 1, last); i <= last; i++) {
    const tier = WORKLOAD_TIERS[i] ?? board.tier;
    best = Math.max(best, operate(board, { tier, utilisation, repurposed: true }, economy).npv);
  }
  return best - economy.terms.repurpose_usd;
}

/**
 * Decides about one board by discounted monthly cash flows over the horizon of the price book.
 *
 * keep: operate (see cash-flows.ts) where it is, then sell; sell: the residual now less the fee; repurpose: operate in the
 * best cheaper tier at its usual utilisation, where bad health and risk weigh less, less the cost of moving;
 * decommission: salvage. Value at risk is what a failure now would cost, times the hazard of the coming week. Pure; about
 * 0.1 ms with the sensitivity, which is nearly all of it.
 */
export function evaluateDecision(input: DecisionInput, prices: ModelPrices): Valuation {
  const { board, assumptions } = assume(input, prices);
  const economy = economyOf(prices);
  const { npv, failure_cost_usd } = optionValues(board, economy);
  const choice = chooseOption(npv);
  const assumed = assumptions.length > 0 ? ` (assumed: ${assumptions.join(', ')})` : '';
  const risk = percent(riskWithin30(board.outlook.hazard));
  return {
    ...choice,
    npv,
    horizon_months: prices.horizon_months,
    rationale: `${comparison(choice.decision, npv, prices.horizon_months)}, at health ${tenth(board.health)}, ${risk} risk within 30 days and ${percent(board.utilisation)} utilisation${assumed}`,
    sensitivity: decisionFlips(choice.decision, flipInputs(board, economy, prices)),
    failure_cost_usd,
    value_at_risk_usd_per_hour: hazardPerHour(board.outlook.hazard) * failure_cost_usd,
    assumptions,
  };
}

function assume(input: DecisionInput, prices: ModelPrices): { readonly board: Board; readonly assumptions: string[] } {
  const assumptions: string[] = [];
  const known = <T>(value: T | null, otherwise: T, words: string): T => {
    if (value !== null) return value;
    assumptions.push(words);
    return otherwise;
  };
  if (prices.entry === UNKNOWN_MODEL) assumptions.push('prices of a model without an entry');
  const health = known(input.health, prices.assumed_health, `health ${prices.assumed_health}`);
  if (input.p7 === null && input.p30 === null && input.p90 === null) {
    assumptions.push(`${prices.failures_per_year} failures a year`);
  }
  const utilisation = known(input.utilisation, prices.assumed_utilisation_ratio, 'utilisation');
  if (input.power_watts === null) assumptions.push(`power by utilisation, at most ${prices.tdp_watts} W`);
  const age_days = Math.max(0, known(input.age_days, prices.assumed_age_days, `age ${prices.assumed_age_days} days`));
  const shares = sharesOf(health, prices);
  const listed = prices.purchase_usd * shares.grade_share * ageShare(prices, age_days);
  const board: Board = {
    ...shares,
    utilisation,
    ...drawOf(input.power_watts, utilisation, prices),
    warranty_days: known(input.warranty_days, 0, 'no warranty'),
    tier: known(input.tier, prices.assumed_tier, `${prices.assumed_tier} work`),
    outlook: outlookOf(failureHazard(input, prices.failures_per_year), age_days, prices),
    resale_factor: input.resale_usd === null || listed === 0 ? 1 : input.resale_usd / listed,
  };
  return { board, assumptions };
}

/** The model's line from idle to full draw, moved so that it goes through what was measured. */
function drawOf(
  power_watts: number | null,
  utilisation: number,
  { tdp_watts, idle_watts }: ModelPrices,
): Pick<Board, 'rest_watts' | 'least_watts'> {
  if (power_watts === null) return { rest_watts: idle_watts, least_watts: idle_watts };
  return {
    rest_watts: power_watts - Math.max(0, tdp_watts - idle_watts) * utilisation,
    least_watts: Math.min(power_watts, idle_watts),
  };
}

const P30_FROM = 0.0001;
const P30_TO = 0.999;
const RENT_FACTOR_MAX = 4;
const RESALE_FACTOR_MAX = 3;
const ENERGY_MAX = 1;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Rents of all tiers, and residuals of all ages, move together: they are one market each. */
function flipInputs(board: Board, economy: Economy, prices: ModelPrices): readonly FlipInput[] {
  // One copy of each that is changed and put back: a hundred copies a decision cost more than what is computed with them.
  const b: Writable<Board> = { ...board };
  const e: Writable<Economy> = { ...economy };
  const values = (): OptionValues => optionValues(b, e).npv;
  const rent = prices.rent_usd_per_hour[board.tier];
  const resale_usd = residualUsd(board, economy);
  const { failures_per_year } = prices;
  const inputs: FlipInput[] = [
    {
      input: 'health',
      value: board.health,
      from: 0,
      to: 100,
      at: (health) => {
        const shares = sharesOf(health, prices);
        b.health = health;
        b.performance_loss = shares.performance_loss;
        b.grade_share = shares.grade_share;
        const npv = values();
        b.health = board.health;
        b.performance_loss = board.performance_loss;
        b.grade_share = board.grade_share;
        return npv;
      },
    },
    {
      input: 'p30',
      value: riskWithin30(board.outlook.hazard),
      from: P30_FROM,
      to: P30_TO,
      at: (p30) => {
        const hazard = withRisk(board.outlook.hazard, p30, failures_per_year);
        b.outlook = outlookUnder(hazard, board.outlook.age_shares, prices);
        const npv = values();
        b.outlook = board.outlook;
        return npv;
      },
    },
    {
      input: 'utilisation',
      value: board.utilisation,
      from: 0,
      to: 1,
      at: (utilisation) => {
        b.utilisation = utilisation;
        const npv = values();
        b.utilisation = board.utilisation;
        return npv;
      },
    },
    {
      input: 'energy_usd_per_kwh',
      value: prices.energy_usd_per_kwh,
      from: 0,
      to: Math.max(ENERGY_MAX, 2 * prices.energy_usd_per_kwh),
      at: (energy_usd_per_kwh) => {
        e.energy_usd_per_kwh = energy_usd_per_kwh;
        const npv = values();
        e.energy_usd_per_kwh = economy.energy_usd_per_kwh;
        return npv;
      },
    },
    {
      input: 'repair_usd',
      value: prices.repair_usd,
      from: 0,
      to: Math.max(prices.purchase_usd, 2 * prices.repair_usd),
      at: (repair_usd) => {
        e.repair_usd = repair_usd;
        const npv = values();
        e.repair_usd = economy.repair_usd;
        return npv;
      },
    },
  ];
  if (rent > 0) {
    inputs.push({
      input: 'rent_usd_per_hour',
      value: rent,
      from: 0,
      to: RENT_FACTOR_MAX * rent,
      at: (value) => {
        e.rent_factor = value / rent;
        const npv = values();
        e.rent_factor = economy.rent_factor;
        return npv;
      },
    });
  }
  if (resale_usd > 0) {
    inputs.push({
      input: 'resale_usd',
      value: resale_usd,
      from: 0,
      to: RESALE_FACTOR_MAX * resale_usd,
      at: (value) => {
        b.resale_factor = (board.resale_factor * value) / resale_usd;
        const npv = values();
        b.resale_factor = board.resale_factor;
        return npv;
      },
    });
  }
  return inputs;
}
