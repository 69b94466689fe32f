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

export function outlookOf(hazard: FailureHazard, age_days: number, prices: ModelPrices): Outlook {
  const age_shares = new Float64Array(prices.horizon_months + 1);
  for (let month = 0; month < age_shares.length; month++) {
    age_shares[month] = ageShare(prices, age_days + month * DAYS_PER_MONTH);
  }
  return outlookUnder(hazard, age_shares, prices);
}

/** The same ages under another risk. */
export const outlookUnder = (hazard: FailureHazard, age_shares: Float64Array, prices: ModelPrices): Outlook => ({
  hazard,
  risks: monthlyRisks(hazard, prices.horizon_months, 1),
  repurposed_risks: monthlyRisks(hazard, prices.horizon_months, prices.repurpose_hazard_ratio),
  age_shares,
});

/** What health takes: of the work done, and of the price. */
export interface HealthShares {
  readonly health: number;
  readonly performance_loss: number;
  readonly grade_share: number;
}

export const sharesOf = (health: number, prices: ModelPrices): HealthShares => ({
  health,
  performance_loss: 1 - interpolate(prices.performance_by_health, health),
  grade_share: gradeShare(prices, health),
});

/** A board of which everything is known or taken for granted. */
export interface Board extends HealthShares {
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

/** Prices as the cash flows use them, and what follows from them: worked out once for many evaluations. */
export interface Economy {
  readonly energy_usd_per_kwh: number;
  readonly repair_usd: number;
  /** What rents are over those of the price book. */
  readonly rent_factor: number;
  readonly terms: Terms;
}

type Terms = ReturnType<typeof termsOf>;

export const economyOf = (prices: ModelPrices): Economy => ({
  energy_usd_per_kwh: prices.energy_usd_per_kwh,
  repair_usd: prices.repair_usd,
  rent_factor: 1,
  terms: termsOf(prices),
});

/** What nothing moves while a decision is looked at. */
function termsOf(prices: ModelPrices) {
  const { rent_usd_per_hour: rent, disruption_usd: disruption } = prices;
  const discount = (1 + prices.discount_rate_per_year) ** (-1 / MONTHS_PER_YEAR);
  const usual = (ratio: number): number =>
    -Math.expm1((-prices.failures_per_year * ratio * DAYS_PER_MONTH) / DAYS_PER_YEAR);
  const out_days = (lead_days: number): number =>
    prices.spare_coverage_ratio * Math.min(prices.spare_swap_days, lead_days) +
    (1 - prices.spare_coverage_ratio) * lead_days;
  return {
    horizon_months: prices.horizon_months,
    discount,
    within: Math.sqrt(discount),
    usual_risk: usual(1),
    usual_repurposed_risk: usual(prices.repurpose_hazard_ratio),
    rent_usd_per_hour: { training: rent.training, inference: rent.inference, batch: rent.batch },
    disruption_usd: { training: disruption.training, inference: disruption.inference, batch: disruption.batch },
    hours_per_month: HOURS_PER_MONTH * prices.availability_ratio,
    repurpose_penalty_ratio: prices.repurpose_penalty_ratio,
    repurpose_usd: prices.repurpose_usd,
    repurpose_utilisation_ratio: prices.repurpose_utilisation_ratio,
    watts_per_utilisation: Math.max(0, prices.tdp_watts - prices.idle_watts),
    energy_per_watt: (HOURS_PER_MONTH / WATTS_PER_KILOWATT) * prices.pue,
    overhead_usd_per_month: prices.overhead_usd_per_month,
    rma_handling_usd: prices.rma_handling_usd,
    rma_out_months: out_days(prices.rma_lead_days) / DAYS_PER_MONTH,
    repair_out_months: out_days(prices.replacement_lead_days) / DAYS_PER_MONTH,
    purchase_usd: prices.purchase_usd,
    salvage_ratio: prices.salvage_ratio,
    resale_fee_ratio: prices.resale_fee_ratio,
  };
}

/** What a month brings in while the board works, before what it costs to have it. */
function grossOf(board: Board, operation: Operation, economy: Economy): number {
  const { terms } = economy;
  const rent =
    terms.rent_usd_per_hour[operation.tier] *
    economy.rent_factor *
    terms.hours_per_month *
    operation.utilisation *
    (1 - board.performance_loss * (operation.repurposed ? terms.repurpose_penalty_ratio : 1));
  const watts = Math.max(board.least_watts, board.rest_watts + terms.watts_per_utilisation * operation.utilisation);
  return rent - watts * terms.energy_per_watt * economy.energy_usd_per_kwh;
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
 * restored one), so that later failures count too; being without the board until it works again costs what it brought in.
 * Cost: 0.1 us for 12 months.
 */
export function operate(board: Board, operation: Operation, economy: Economy): OperationValue {
  const { terms } = economy;
  const { discount, within } = terms;
  const gross = grossOf(board, operation, economy);
  const margin = gross - terms.overhead_usd_per_month;
  const usual = operation.repurposed ? terms.usual_repurposed_risk : terms.usual_risk;
  const risks = operation.repurposed ? board.outlook.repurposed_risks : board.outlook.risks;
  const ages = board.outlook.age_shares;
  const new_usd = terms.purchase_usd * board.grade_share * board.resale_factor;
  const disruption = terms.disruption_usd[operation.tier];
  const missed = Math.max(0, gross);
  const covered = terms.rma_handling_usd + missed * terms.rma_out_months + disruption;
  const paid = economy.repair_usd + missed * terms.repair_out_months + disruption;
  const end = new_usd * (ages[terms.horizon_months] as number) * (1 - terms.resale_fee_ratio);
  let own = end;
  let restored = end;
  let failure_cost_usd = 0;
  for (let month = terms.horizon_months - 1; month >= 0; month--) {
    const restore = board.warranty_days > (month + 0.5) * DAYS_PER_MONTH ? covered : paid;
    const scrapped = new_usd * (ages[month] as number) * terms.salvage_ratio - disruption;
    const failed = Math.max(discount * restored - within * restore, within * scrapped) + (within * margin) / 2;
    const works = within * margin + discount * restored;
    if (month === 0) failure_cost_usd = Math.max(0, Math.min(restore, works - scrapped));
    const fails = risks[month] as number;
    own = (1 - fails) * (within * margin + discount * own) + fails * failed;
    restored = (1 - usual) * works + usual * failed;
  }
  return { npv: own, failure_cost_usd };
}
