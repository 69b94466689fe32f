import { DECISIONS, type DecisionOption } from '../../pipeline/contract/predictions.ts';
import type { OptionValues } from './choose-option.ts';

/** Dollars for a sentence: `$12,300`, `-$450`, `$3.20`, `$0.0041`. */
export function dollars(value: number): string {
  const size = Math.abs(value);
  const digits =
    size >= 100 || size === 0
      ? String(Math.round(size)).replace(/\B(?=(\d{3})+$)/g, ',')
      : size >= 0.1
        ? size.toFixed(2)
        : size.toPrecision(2);
  return `${value < 0 && Number(digits.replaceAll(',', '')) !== 0 ? '-' : ''}$${digits}`;
}

/** A ratio for a sentence: `44.1 %`. */
export const percent = (ratio: number): string => `${Number((100 * ratio).toPrecision(3))} %`;

/** A health score for a sentence, to its printed tenth. */
export const tenth = (health: number): string => String(Number(health.toFixed(1)));

const WORTH: Readonly<Record<DecisionOption, string>> = {
  keep: 'kept',
  sell: 'sold now',
  repurpose: 'repurposed',
  decommission: 'decommissioned',
};

/** `Sell: sold now it is worth $30,400, against $16,320 kept for 12 months, $6,642 repurposed and $3,200 decommissioned`. */
export function comparison(decision: DecisionOption, npv: OptionValues, horizon_months: number): string {
  const words = (option: DecisionOption): string =>
    option === 'keep' ? `${WORTH.keep} for ${horizon_months} months` : WORTH[option];
  const others = DECISIONS.filter((option) => option !== decision).map(
    (option) => `${dollars(npv[option])} ${words(option)}`,
  );
  const name = decision.charAt(0).toUpperCase() + decision.slice(1);
  return `${name}: ${words(decision)} it is worth ${dollars(npv[decision])}, against ${others.slice(0, -1).join(', ')} and ${others.at(-1)}`;
}
