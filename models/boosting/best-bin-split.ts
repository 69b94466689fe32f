import type { BinMatrix } from './bin-matrix.ts';
import { NO_SPLIT, type Split } from './grown-tree.ts';
import { type Bounds, type SplitRule, splitGain } from './split-rule.ts';

/** Sums of a node's rows and what its split must beat. */
export interface SearchedNode {
  readonly gradient: number;
  readonly hessian: number;
  readonly root_gain: number;
  readonly bounds: Bounds;
}

/** Gains this near to the best are compared as XGBoost compares them: in single precision. */
const NEAR = 1 - 1e-6;

/**
 * The best split of a node over the columns given: between any two bins, missing values right, then left where the node has
 * any. Among equals the first column's lowest bin, missing right.
 * Cost     two divisions a bin that has rows.
 */
export function bestBinSplit(
  matrix: BinMatrix,
  histogram: Float64Array,
  node: SearchedNode,
  columns: Uint32Array,
  rule: SplitRule,
): Split {
  let best = NO_SPLIT;
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i] as number;
    const first = matrix.offset[column] as number;
    const count = matrix.count[column] as number;
    const forward = lastBinLeft(histogram, first, count, node, column, best.loss_change, rule, false);
    if (forward >= 0) best = splitAfter(matrix, histogram, node, column, forward, false, rule);
    if (matrix.has_missing[column] === 0) continue;
    const missing = (histogram[2 * (first + count) + 1] as number) > 1e-12 * node.hessian;
    if (!missing) continue;
    const backward = lastBinLeft(histogram, first, count, node, column, best.loss_change, rule, true);
    if (backward >= -1) best = splitAfter(matrix, histogram, node, column, backward, true, rule);
  }
  return best;
}

/** The last bin that goes left in the column's best split that gains more than `least`; -2 when there is none. */
function lastBinLeft(
  histogram: Float64Array,
  first: number,
  count: number,
  node: SearchedNode,
  column: number,
  least: number,
  rule: SplitRule,
  backward: boolean,
): number {
  const { gradient: all_g, hessian: all_h, root_gain, bounds } = node;
  const { lambda, min_child_weight: min, plain } = rule;
  const step = backward ? -2 : 2;
  const end = backward ? 2 * first - 2 : 2 * (first + count);
  let most = least;
  let found = -2;
  let floor = (most + root_gain) * NEAR;
  let g = 0;
  let h = 0;
  for (let k = backward ? 2 * (first + count) - 2 : 2 * first; k !== end; k += step) {
    const bin_h = histogram[k + 1] as number;
    // An empty bin parts nothing that the bin before has not.
    if (bin_h === 0) continue;
    g += histogram[k] as number;
    h += bin_h;
    if (h < min) continue;
    const rest_h = all_h - h;
    if (rest_h < min) break;
    const rest_g = all_g - g;
    let gain: number;
    if (plain) {
      gain = (g * g) / (h + lambda) + (rest_g * rest_g) / (rest_h + lambda);
      if (!(gain > floor)) continue;
      if (rest_h <= 0) break;
      gain = Math.fround(Math.fround((g * g) / (h + lambda)) + Math.fround((rest_g * rest_g) / (rest_h + lambda)));
    } else if (backward) gain = splitGain(rule, column, bounds, rest_g, rest_h, g, h);
    else gain = splitGain(rule, column, bounds, g, h, rest_g, rest_h);
    const loss_change = Math.fround(gain - root_gain);
    if (loss_change > most && loss_change < Infinity) {
      most = loss_change;
      floor = (most + root_gain) * NEAR;
      found = (k >> 1) - first - (backward ? 1 : 0);
    }
  }
  return found;
}

/** The split itself, its sums added up once more in the order of the search. */
function splitAfter(
  matrix: BinMatrix,
  histogram: Float64Array,
  node: SearchedNode,
  column: number,
  bin: number,
  default_left: boolean,
  rule: SplitRule,
): Split {
  const first = matrix.offset[column] as number;
  let g = 0;
  let h = 0;
  if (default_left) {
    for (let at = (matrix.count[column] as number) - 1; at > bin; at--) {
      g += histogram[2 * (first + at)] as number;
      h += histogram[2 * (first + at) + 1] as number;
    }
  } else {
    for (let at = 0; at <= bin; at++) {
      g += histogram[2 * (first + at)] as number;
      h += histogram[2 * (first + at) + 1] as number;
    }
  }
  const rest_g = node.gradient - g;
  const rest_h = node.hessian - h;
  const [left_gradient, left_hessian, right_gradient, right_hessian] = default_left
    ? [rest_g, rest_h, g, h]
    : [g, h, rest_g, rest_h];
  const gain = splitGain(rule, column, node.bounds, left_gradient, left_hessian, right_gradient, right_hessian);
  return {
    loss_change: Math.fround(gain - node.root_gain),
    feature: column,
    threshold: bin === -1 ? (matrix.minimum[column] as number) : (matrix.cuts[first + bin] as number),
    bin,
    default_left,
    left_gradient,
    left_hessian,
    right_gradient,
    right_hessian,
  };
}
