import type { DecisionFlip, DecisionOption } from '../../pipeline/contract/predictions.ts';
import { bestOption, type OptionValues } from './choose-option.ts';

/** One input that may move within a plausible range while all others stay. */
export interface FlipInput {
  readonly input: string;
  readonly value: number;
  readonly from: number;
  readonly to: number;
  /** What the options are worth at a value of it. */
  readonly at: (value: number) => OptionValues;
}

/** Looks on either side; a winner that holds for less than a sixth of a side can be overlooked. */
const STEPS = 6;
const HALVINGS = 16;

/** Where another option begins to win: between `same` and `other`, where `option` wins. */
interface Border {
  readonly same: number;
  readonly other: number;
  readonly option: DecisionOption;
}

/**
 * For each input the nearest value at which another option wins, and which: nearest first by distance over the range, those
 * that nothing flips last. The value told lies on the far side of the border, by 3e-6 of the range at most, so the other
 * option does win there. Cost: 12 evaluations an input, 16 more where there is a border.
 */
export function decisionFlips(decision: DecisionOption, inputs: readonly FlipInput[]): DecisionFlip[] {
  return inputs
    .map((input) => {
      const border = nearestBorder(input, decision);
      const distance = border === null ? Number.POSITIVE_INFINITY : Math.abs(border.other - input.value);
      return { input, border, share: distance / (input.to - input.from) };
    })
    .sort((a, b) => (a.share === b.share ? 0 : a.share - b.share))
    .map(({ input: { input, value }, border }) => ({
      input,
      value,
      flips_at: border?.other ?? null,
      to: border?.option ?? null,
    }));
}

function nearestBorder(input: FlipInput, decision: DecisionOption): Border | null {
  const below = bracket(input, input.from, decision);
  const above = bracket(input, input.to, decision);
  if (below === null || above === null) {
    const only = below ?? above;
    return only === null ? null : narrowed(input, only, decision);
  }
  const gap = (at: number): number => Math.abs(at - input.value);
  if (gap(below.other) <= gap(above.same)) return narrowed(input, below, decision);
  if (gap(above.other) <= gap(below.same)) return narrowed(input, above, decision);
  const [low, high] = [narrowed(input, below, decision), narrowed(input, above, decision)];
  return gap(low.other) <= gap(high.other) ? low : high;
}

function bracket({ value, at }: FlipInput, end: number, decision: DecisionOption): Border | null {
  let same = value;
  for (let step = 1; step <= STEPS && end !== value; step++) {
    const other = step === STEPS ? end : value + ((end - value) * step) / STEPS;
    const option = bestOption(at(other));
    if (option !== decision) return { same, other, option };
    same = other;
  }
  return null;
}

function narrowed({ at }: FlipInput, border: Border, decision: DecisionOption): Border {
  let { same, other, option } = border;
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (same + other) / 2;
    const there = bestOption(at(middle));
    if (there === decision) same = middle;
    else [other, option] = [middle, there];
  }
  return { same, other, option };
}
