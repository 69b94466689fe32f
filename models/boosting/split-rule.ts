/** How good a split is, and what a node weighs: regularisation, step limit and monotone bounds. */
export interface SplitRule {
  readonly min_child_weight: number;
  readonly lambda: number;
  readonly alpha: number;
  readonly max_delta_step: number;
  /** Sign a feature that predictions must rise (1) or fall (-1) with; null when none is bound. */
  readonly monotone: Int8Array | null;
  /** Neither L1, step limit nor signs: a gain is g^2 / (h + lambda) and nothing more. */
  readonly plain: boolean;
}

/** What a node's weight may be, for its ancestors' monotone splits. */
export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

export const UNBOUND: Bounds = { lower: -Infinity, upper: Infinity };

const f = Math.fround;

export function splitRule(options: {
  readonly min_child_weight: number;
  readonly lambda: number;
  readonly alpha: number;
  readonly max_delta_step: number;
  readonly monotone: Int8Array;
}): SplitRule {
  const monotone = options.monotone.some((sign) => sign !== 0) ? options.monotone : null;
  return {
    min_child_weight: f(options.min_child_weight),
    lambda: f(options.lambda),
    alpha: f(options.alpha),
    max_delta_step: f(options.max_delta_step),
    monotone,
    plain: options.alpha === 0 && options.max_delta_step === 0 && monotone === null,
  };
}

/** The weight that lowers the loss of these sums most, inside its bounds. */
export function weightOf(rule: SplitRule, gradient: number, hessian: number, bounds: Bounds): number {
  if (hessian < rule.min_child_weight || hessian <= 0) return 0;
  let weight = -softened(gradient, rule.alpha) / (hessian + rule.lambda);
  const limit = rule.max_delta_step;
  if (limit !== 0) weight = Math.min(limit, Math.max(-limit, weight));
  return Math.min(bounds.upper, Math.max(bounds.lower, f(weight)));
}

/** How much of the loss a weight takes away, doubled. */
export function gainOf(rule: SplitRule, gradient: number, hessian: number, weight: number): number {
  if (hessian <= 0) return 0;
  if (rule.max_delta_step === 0 && rule.monotone === null) {
    const g = softened(gradient, rule.alpha);
    return f((g * g) / (hessian + rule.lambda));
  }
  const [g, h] = [f(gradient), f(hessian)];
  return f(-f(f(f(2 * g) * weight) + f(f(h + rule.lambda) * f(weight * weight))));
}

/** Gain of both sides; -Infinity for a split against the feature's sign. */
export function splitGain(
  rule: SplitRule,
  feature: number,
  bounds: Bounds,
  left_gradient: number,
  left_hessian: number,
  right_gradient: number,
  right_hessian: number,
): number {
  const left = weightOf(rule, left_gradient, left_hessian, bounds);
  const right = weightOf(rule, right_gradient, right_hessian, bounds);
  const sign = rule.monotone === null ? 0 : (rule.monotone[feature] as number);
  if ((sign > 0 && left > right) || (sign < 0 && left < right)) return -Infinity;
  return f(gainOf(rule, left_gradient, left_hessian, left) + gainOf(rule, right_gradient, right_hessian, right));
}

/** Bounds of both children: a split on a bound feature parts what they may weigh at the middle of their weights. */
export function childBounds(
  rule: SplitRule,
  feature: number,
  bounds: Bounds,
  left_weight: number,
  right_weight: number,
): { readonly left: Bounds; readonly right: Bounds } {
  const sign = rule.monotone === null ? 0 : (rule.monotone[feature] as number);
  if (sign === 0) return { left: bounds, right: bounds };
  const middle = f(f(left_weight + right_weight) / 2);
  const low = { lower: bounds.lower, upper: middle };
  const high = { lower: middle, upper: bounds.upper };
  return sign > 0 ? { left: low, right: high } : { left: high, right: low };
}

const softened = (gradient: number, alpha: number): number => {
  if (gradient > alpha) return gradient - alpha;
  return gradient < -alpha ? gradient + alpha : 0;
};
