import type { DecisionFlip, DecisionOption, LifecycleAdvice } from '../../../pipeline/contract/predictions.ts';
import type { DecisionAnswer } from './answers.ts';
import { decimal } from './format-value.ts';
import { money } from './money-text.ts';

export const OPTION_TEXT: Readonly<Record<DecisionOption, string>> = {
  keep: 'Keep',
  sell: 'Sell',
  repurpose: 'Repurpose',
  decommission: 'Decommission',
};

/** What the advisor says, as one says it to somebody. */
export const ADVICE_TEXT: Readonly<Record<LifecycleAdvice, string>> = {
  keep: 'Keep it',
  watch: 'Keep it and watch it',
  drain: 'Take work off it now',
  rma: 'Return it under warranty',
  repurpose: 'Give it cheaper work',
  sell: 'Sell it',
  decommission: 'Take it out of service',
};

export const adviceText = (advice: string): string => ADVICE_TEXT[advice as LifecycleAdvice] ?? advice;

export interface DecisionInput {
  readonly label: string;
  readonly unit: string;
  /** What is shown over what is sent: percent over a ratio. */
  readonly factor: number;
  readonly digits: number;
  readonly max: number;
}

const price = (label: string, unit: string, digits: number, max: number): DecisionInput => ({
  label,
  unit,
  factor: 1,
  digits,
  max,
});

/** Inputs of a decision by their names in `sensitivity` and in the what-if. */
const INPUTS: Readonly<Record<string, DecisionInput>> = {
  health: price('Health', 'of 100', 1, 100),
  p30: { label: 'Risk within 30 days', unit: '%', factor: 100, digits: 2, max: 100 },
  utilisation: { label: 'Utilisation', unit: '%', factor: 100, digits: 1, max: 100 },
  rent_usd_per_hour: price('Rent', '$/h', 3, 10_000),
  energy_usd_per_kwh: price('Energy', '$/kWh', 3, 10),
  repair_usd: price('Repair', '$', 0, 10_000_000),
  resale_usd: price('Resale', '$', 0, 10_000_000),
};

/** Null for what this page does not know: it is not asked for. */
export const decisionInput = (name: string): DecisionInput | null => INPUTS[name] ?? null;

/** A value of an input as it stands in a field, in the unit that is shown. */
export function inputText(name: string, value: number): string {
  const input = INPUTS[name];
  if (input === undefined) return String(value);
  return String(Number((value * input.factor).toFixed(input.digits)));
}

const shown = (name: string, value: number): string => {
  const input = INPUTS[name];
  if (input === undefined) return String(value);
  const text = decimal(value * input.factor, input.digits)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
  return input.unit.startsWith('$') ? `$${text}${input.unit.slice(1)}` : `${text} ${input.unit}`;
};

export interface FlipText {
  readonly input: string;
  /** `Repair above $12,300, now $4,500`. */
  readonly when: string;
  readonly to: string;
  readonly value: number;
}

/** What would make another option the best, nearest first. */
export const flipTexts = (sensitivity: readonly DecisionFlip[]): readonly FlipText[] =>
  sensitivity.flatMap(({ input, value, flips_at, to }) => {
    if (flips_at === null || to === null) return [];
    const side = flips_at > value ? 'above' : 'below';
    const label = INPUTS[input]?.label ?? input;
    return [
      {
        input,
        value: flips_at,
        when: `${label} ${side} ${shown(input, flips_at)}, now ${shown(input, value)}`,
        to: OPTION_TEXT[to],
      },
    ];
  });

export interface OptionValue {
  readonly option: DecisionOption;
  readonly usd: number;
}

type Values = Pick<DecisionAnswer, 'npv_keep' | 'npv_sell' | 'npv_repurpose' | 'salvage_value'>;

/** The four options, always in the same order. */
export const optionValues = (decision: Values): readonly OptionValue[] => [
  { option: 'keep', usd: decision.npv_keep },
  { option: 'sell', usd: decision.npv_sell },
  { option: 'repurpose', usd: decision.npv_repurpose },
  { option: 'decommission', usd: decision.salvage_value },
];

/** `$0.42 an hour, $302 a month`. */
export const atRiskText = (usd_per_hour: number): string =>
  `${money(usd_per_hour)} an hour, ${money(usd_per_hour * 730)} a month`;
