import type { HealthGrade } from '../../pipeline/contract/events.ts';
import { GRADE_LIMITS, gradeOf } from '../health/verdict.ts';
import { type Choice, chooseOption, type OptionValues } from './choose-option.ts';
import { comparison, percent, tenth } from './in-money.ts';
import { decisionFlips, type FlipInput } from './sensitivity.ts';
import type { Valuation } from './valuation.ts';

/** What the specification's formula asks for. */
export interface ReferenceInput {
  /** 0..100. */
  readonly health: number;
  /** Probability of a failure within 30 days. */
  readonly p30: number;
  /** Mean of the last 7 days, 0..1. */
  readonly utilisation: number;
  /** Default: the grade of `health`. */
  readonly grade?: HealthGrade;
}

/** The formula's prices: an H100 80 GB. Watts are the board's under load; months of 730 h of rent and 720 h of energy. */
const TERMS = {
  rent_usd_per_hour: 3,
  repurposed_rent_usd_per_hour: 1.8,
  repurposed_utilisation: 0.5,
  kilowatts: 0.7,
  repurposed_kilowatts: 0.4,
  energy_usd_per_kwh: 0.12,
  pue: 1.3,
  overhead_usd_per_month: 50,
  resale_ratio: 0.95,
  salvage_ratio: 0.1,
  failure_months: 3,
  resale_factor: 1,
} as const;
type Terms = { readonly [K in keyof typeof TERMS]: number };

const RESIDUAL_USD: Readonly<Record<HealthGrade, number>> = {
  excellent: 32_000,
  good: 28_000,
  fair: 22_000,
  degraded: 15_000,
  poor: 8_000,
  critical: 2_000,
  unknown: 2_000,
};

const MONTHS = 12;
const RENT_HOURS = 730;
const ENERGY_HOURS = 720;
const HOURS_TO_P30 = 720;
const P_MAX = 0.9999;

function valuesOf({ health, p30, utilisation, grade }: ReferenceInput, terms: Terms): OptionValues {
  const residual = RESIDUAL_USD[grade ?? gradeOf(health)] * terms.resale_factor;
  const energy = ENERGY_HOURS * terms.energy_usd_per_kwh * terms.pue;
  const revenue = monthlyRent(health, utilisation, terms);
  const cost = terms.kilowatts * energy + terms.overhead_usd_per_month;
  const revenue2 = terms.repurposed_rent_usd_per_hour * RENT_HOURS * terms.repurposed_utilisation * (health / 100);
  const cost2 = terms.repurposed_kilowatts * energy + terms.overhead_usd_per_month;
  return {
    keep: MONTHS * (revenue - cost) - terms.failure_months * p30 * revenue,
    sell: terms.resale_ratio * residual,
    repurpose: MONTHS * (revenue2 - cost2),
    decommission: terms.salvage_ratio * residual,
  };
}

const monthlyRent = (health: number, utilisation: number, terms: Terms): number =>
  terms.rent_usd_per_hour * RENT_HOURS * utilisation * (health / 100);

/**
 * The specification's decision, number for number: twelve months without discounting, one price for all models.
 *
 * Value at risk is the formula's own failure cost (three months of rent) times the hourly hazard that p30 stands for.
 * Pure; about 5 us without and 25 us with the sensitivity. Source: DOMAIN.md section 9.
 */
export function referenceDecision(input: ReferenceInput): Valuation {
  const { health, p30, utilisation } = input;
  const npv = valuesOf(input, TERMS);
  const choice: Choice = chooseOption(npv);
  const hazard_per_hour = -Math.log1p(-Math.min(P_MAX, p30)) / HOURS_TO_P30;
  const failure_cost_usd = TERMS.failure_months * monthlyRent(health, utilisation, TERMS);
  const grade = input.grade ?? gradeOf(health);
  return {
    ...choice,
    npv,
    horizon_months: MONTHS,
    rationale: `${comparison(choice.decision, npv, MONTHS)}, at health ${tenth(health)} (${grade}), ${percent(p30)} risk within 30 days and ${percent(utilisation)} utilisation`,
    sensitivity: decisionFlips(choice.decision, flipInputs(input)),
    failure_cost_usd,
    value_at_risk_usd_per_hour: hazard_per_hour * failure_cost_usd,
    assumptions: [],
  };
}

/** `grade` follows health once health moves. */
function flipInputs(input: ReferenceInput): readonly FlipInput[] {
  const { health, p30, utilisation } = input;
  const term = (name: string, key: keyof Terms, from: number, to: number): FlipInput => ({
    input: name,
    value: TERMS[key],
    from,
    to,
    at: (value) => valuesOf(input, { ...TERMS, [key]: value }),
  });
  const resale_usd = RESIDUAL_USD[input.grade ?? gradeOf(health)];
  return [
    {
      input: 'health',
      value: health,
      from: 0,
      to: 100,
      at: (value) => valuesOf({ health: value, p30, utilisation }, TERMS),
      breaks: GRADE_LIMITS,
    },
    { input: 'p30', value: p30, from: 0, to: 1, at: (value) => valuesOf({ ...input, p30: value }, TERMS) },
    {
      input: 'utilisation',
      value: utilisation,
      from: 0,
      to: 1,
      at: (value) => valuesOf({ ...input, utilisation: value }, TERMS),
    },
    term('rent_usd_per_hour', 'rent_usd_per_hour', 0, 4 * TERMS.rent_usd_per_hour),
    term('energy_usd_per_kwh', 'energy_usd_per_kwh', 0, 1),
    {
      input: 'resale_usd',
      value: resale_usd,
      from: 0,
      to: 3 * resale_usd,
      at: (value) => valuesOf(input, { ...TERMS, resale_factor: value / resale_usd }),
    },
  ];
}
