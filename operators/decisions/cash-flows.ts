import { DAYS_PER_MONTH, type FailureHazard, monthlyRisks } from './failure-hazard.ts';
import type { ModelPrices } from './price-book.ts';
import type { WorkloadTier } from './price-book-schema.ts';
import { ageShare, gradeShare, interpolate } from './residual.ts';

/** What lies ahead month by month, worked out once for many prices. */
export interface Outlook {
  readonly hazard: FailureHazard;
  /** Probability of failing in each month, after living until then: where it is, and where it would be repurposed to. */
  readonly risks: Float64Array;
  readonly repurposed_risks: Float64Array;
  /** Share of the purchase price that its age leaves, at the begin of each month and at the end of the horizon. */
  readonly age_shares: Float64Array;
}

export const outlookOf = (hazard: FailureHazard, age_days: number, prices: ModelPrices): Outlook => ({
  hazard,
  risks: monthlyRisks(hazard, prices.horizon_months, 1),
  repurposed_risks: monthlyRisks(hazard, prices.horizon_months, prices.repurpose_hazard_ratio),
  age_shares: Float64Array.from({ length: prices.horizon_months + 1 }, (_, month) =>
    ageShare(prices, age_days + month * DAYS_PER_MONTH),
  ),
});

/** A board of which everything is known or taken for granted. */
export interface Board {
  readonly health: number;
  readonly utilisation: number;
  /** Where the straight line of its draw over utilisation begins, and what it never falls below. */
  readonly rest_watts: number;
  readonly least_watts: number;
  readonly warranty_days: number;
  readonly tier: WorkloadTier;
  readonly outlook: Outlook;
  /** What the market pays, over what the price book says. */
  readonly resale_factor: number;
}

/** One way of running a board. */
export interface Operation {
  readonly tier: WorkloadTier;
  readonly utilisation: number;
  /** In a cheaper tier part of what bad health costs in rent, and of the hazard, is not met. */
  readonly repurposed: boolean;
}

const HOURS_PER_MONTH = 730;
const MONTHS_PER_YEAR = 12;
const DAYS_PER_YEAR = 365.25;
const WATTS_PER_KILOWATT = 1_000;

/** Monthly amounts of an operation while the board works. */
function monthly(board: Board, operation: Operation, prices: ModelPrices): { gross: number; margin: number } {
  const loss = 1 - interpolate(prices.performance_by_health, board.health);
  const rent =
    prices.rent_usd_per_hour[operation.tier] *
    HOURS_PER_MONTH *
    prices.availability_ratio *
    operation.utilisation *
    (1 - loss * (operation.repurposed ? prices.repurpose_penalty_ratio : 1));
  const slope = Math.max(0, prices.tdp_watts - prices.idle_watts);
  const watts = Math.max(board.least_watts, board.rest_watts + slope * operation.utilisation);
  const energy = (watts / WATTS_PER_KILOWATT) * HOURS_PER_MONTH * prices.energy_usd_per_kwh * prices.pue;
  return { gross: rent - energy, margin: rent - energy - prices.overhead_usd_per_month };
}

/** What the repair costs, and being without the board until it works again. */
function restoring(gross: number, under_warranty: boolean, prices: ModelPrices): number {
  const { spare_coverage_ratio, spare_swap_days } = prices;
  const lead_days = under_warranty ? prices.rma_lead_days : prices.replacement_lead_days;
  const out_days = spare_coverage_ratio * Math.min(spare_swap_days, lead_days) + (1 - spare_coverage_ratio) * lead_days;
  const price = under_warranty ? prices.rma_handling_usd : prices.repair_usd;
  return price + Math.max(0, gross) * (out_days / DAYS_PER_MONTH);
}

export interface OperationValue {
  readonly npv: number;
  /** What a failure now would cost, at the cheaper of restoring and scrapping. */
  readonly failure_cost_usd: number;
}

/**
 * Net present value of running a board over the horizon and selling it then.
 *
 * Each month it works it earns its margin; it fails with the month's hazard, half a month in, and is then restored (under
 * warranty at the cost of handling it, else of the repair) or scrapped, whichever is worth more. A restored board earns and
 * is worth what this one does now and fails at the model's usual rate. Worked backwards over two states (this board, a
 * restored one), so that later failures count too. Cost: under 1 us for 12 months.
 */
export function operate(board: Board, operation: Operation, prices: ModelPrices): OperationValue {
  const { horizon_months, salvage_ratio, failures_per_year } = prices;
  const discount = (1 + prices.discount_rate_per_year) ** (-1 / MONTHS_PER_YEAR);
  const within = Math.sqrt(discount);
  const { gross, margin } = monthly(board, operation, prices);
  const hazard_ratio = operation.repurposed ? prices.repurpose_hazard_ratio : 1;
  const usual = -Math.expm1((-failures_per_year * hazard_ratio * DAYS_PER_MONTH) / DAYS_PER_YEAR);
  const risks = operation.repurposed ? board.outlook.repurposed_risks : board.outlook.risks;
  const ages = board.outlook.age_shares;
  const new_usd = prices.purchase_usd * gradeShare(prices, board.health) * board.resale_factor;
  const disruption = prices.disruption_usd[operation.tier];
  const covered = restoring(gross, true, prices) + disruption;
  const paid = restoring(gross, false, prices) + disruption;
  const end = new_usd * (ages[horizon_months] as number) * (1 - prices.resale_fee_ratio);
  let own = end;
  let restored = end;
  let failure_cost_usd = 0;
  for (let month = horizon_months - 1; month >= 0; month--) {
    const restore = board.warranty_days > (month + 0.5) * DAYS_PER_MONTH ? covered : paid;
    const scrapped = new_usd * (ages[month] as number) * salvage_ratio - disruption;
    const failed = Math.max(discount * restored - within * restore, within * scrapped) + (within * margin) / 2;
    const works = within * margin + discount * restored;
    if (month === 0) failure_cost_usd = Math.max(0, Math.min(restore, works - scrapped));
    const fails = risks[month] as number;
    own = (1 - fails) * (within * margin + discount * own) + fails * failed;
    restored = (1 - usual) * works + usual * failed;
  }
  return { npv: own, failure_cost_usd };
}
