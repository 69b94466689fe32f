import { DECISIONS, type DecisionFlip, type DecisionOption } from '../../pipeline/contract/predictions.ts';
import { bestOption, type OptionValues } from './choose-option.ts';

/** One input that may move within a plausible range while all others stay. */
export interface FlipInput {
  readonly input: string;
  readonly value: number;
  readonly from: number;
  readonly to: number;
  /** What the options are worth at a value of it. */
  readonly at: (value: number) => OptionValues;
  /** Values at which what the options are worth jumps. Between two of them it must run straight. */
  readonly breaks?: readonly number[];
}

/** Looks on either side of the value, evenly spread. */
const STEPS = 6;
/** Of the range: how exactly a border is found. */
const TOLERANCE = 1e-6;
const NARROWINGS_MAX = 40;

/** Where another option begins to win: between `same` and `other`, where `option` wins. */
interface Border {
  readonly same: Look;
  readonly other: Look;
}

/** What holds at one value of the input. */
interface Look {
  readonly at: number;
  readonly option: DecisionOption;
  /** What the best of the other options is worth more than the decision; negative while it stands. */
  readonly lead: number;
}

/**
 * For each input the nearest value at which another option wins, and which: nearest first by distance over the range, those
 * that nothing flips last. The value told lies on the far side of the border, by 1e-6 of the range at most, so the other
 * option does win there. Looks at six values on either side, and between them where the others come closest; a winner that
 * holds for less than a sixth of a side and comes from nowhere can be overlooked, unless the input tells where it jumps: there
 * it is looked at too, and just below. Cost: 12 evaluations an input, two more a jump, about 6 more where there is a border.
 */
export function decisionFlips(decision: DecisionOption, inputs: readonly FlipInput[]): DecisionFlip[] {
  return inputs
    .map((input) => {
      const border = nearestBorder(input, decision);
      const distance = border === null ? Number.POSITIVE_INFINITY : Math.abs(border.other.at - input.value);
      return { input, border, share: distance / (input.to - input.from) };
    })
    .sort((a, b) => (a.share === b.share ? 0 : a.share - b.share))
    .map(({ input: { input, value }, border }) => ({
      input,
      value,
      flips_at: border?.other.at ?? null,
      to: border?.other.option ?? null,
    }));
}

function look({ at }: FlipInput, value: number, decision: DecisionOption): Look {
  const npv = at(value);
  let best = Number.NEGATIVE_INFINITY;
  for (const option of DECISIONS) if (option !== decision && npv[option] > best) best = npv[option];
  return { at: value, option: bestOption(npv), lead: best - npv[decision] };
}

function nearestBorder(input: FlipInput, decision: DecisionOption): Border | null {
  const here = look(input, input.value, decision);
  const below = bracket(input, input.from, here, decision);
  const above = bracket(input, input.to, here, decision);
  if (below === null || above === null) {
    const only = below ?? above;
    return only === null ? null : narrowed(input, only, decision);
  }
  const gap = ({ at }: Look): number => Math.abs(at - input.value);
  if (gap(below.other) <= gap(above.same)) return narrowed(input, below, decision);
  if (gap(above.other) <= gap(below.same)) return narrowed(input, above, decision);
  const [low, high] = [narrowed(input, below, decision), narrowed(input, above, decision)];
  return gap(low.other) <= gap(high.other) ? low : high;
}

function bracket(input: FlipInput, end: number, here: Look, decision: DecisionOption): Border | null {
  const { value, breaks } = input;
  if (end === value) return null;
  let before: Look | null = null;
  let same = here;
  for (const at of looksTo(input, end)) {
    const other = look(input, at, decision);
    // What runs straight between two looks has its peaks at them.
    const between = before === null || breaks !== undefined ? null : closest(input, before, same, other, decision);
    if (before !== null && between !== null) {
      // The peak lies on one side of the middle look; the border before it on the same one.
      const past = Math.abs(between.at - value) > Math.abs(same.at - value);
      return { same: past ? same : before, other: between };
    }
    if (other.option !== decision) return { same, other };
    before = same;
    same = other;
  }
  return null;
}

/** Where to look on one side, the nearest first. */
function looksTo({ value, from, to, breaks = [] }: FlipInput, end: number): number[] {
  const below = ((to - from) * TOLERANCE) / 2;
  const jumps = breaks.flatMap((at) => [at, at - below]).filter((at) => (at - value) * (end - at) > 0);
  const even = Array.from({ length: STEPS }, (_, i) =>
    i === STEPS - 1 ? end : value + ((end - value) * (i + 1)) / STEPS,
  );
  return [...even, ...jumps].sort((a, b) => Math.abs(a - value) - Math.abs(b - value));
}

/** Where the others come closest between three looks that the decision stands, if another one wins there. */
function closest(input: FlipInput, a: Look, b: Look, c: Look, decision: DecisionOption): Look | null {
  if (b.lead <= a.lead || b.lead <= c.lead) return null;
  const [rise, fall] = [b.lead - a.lead, b.lead - c.lead];
  const peak = look(input, b.at + ((c.at - a.at) / 4) * ((rise - fall) / (rise + fall)), decision);
  return peak.option === decision ? null : peak;
}

/** Regula falsi with a step over the border, so that both ends close in; halves where that does not get on. */
function narrowed(input: FlipInput, border: Border, decision: DecisionOption): Border {
  let { same, other } = border;
  const near = (input.to - input.from) * TOLERANCE;
  let reach = Number.POSITIVE_INFINITY;
  for (let i = 0; i < NARROWINGS_MAX; i++) {
    const width = Math.abs(other.at - same.at);
    if (width <= near) break;
    const direction = Math.sign(other.at - same.at);
    let ahead = width / 2;
    // Every other time it must have halved.
    if (i % 2 === 1 || width <= reach) {
      if (i % 2 === 0) reach = width / 4;
      const straight = (width * -same.lead) / (other.lead - same.lead);
      const over = i % 2 === 0 ? near / 2 : -near / 2;
      if (Number.isFinite(straight)) ahead = Math.min(width - near / 2, Math.max(near / 2, straight + over));
    } else reach = width / 4;
    const there = look(input, same.at + direction * ahead, decision);
    if (there.option === decision) same = there;
    else other = there;
  }
  return { same, other };
}
