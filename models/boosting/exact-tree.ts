import type { BoostingData } from './boosting-data.ts';
import { columnSort } from './column-sort.ts';
import {
  addNode,
  emptyTree,
  type GrownTree,
  inOrder,
  LOSS_CHANGE_MIN,
  NO_SPLIT,
  pruneTree,
  type Split,
  splitNode,
} from './grown-tree.ts';
import type { ColumnSample } from './sampling.ts';
import { type Bounds, childBounds, gainOf, type SplitRule, splitGain, UNBOUND, weightOf } from './split-rule.ts';

/** Every column's rows that have a value, by rising value. */
export interface SortedColumns {
  readonly order: readonly Uint32Array[];
  readonly values: readonly Float32Array[];
}

export function sortColumns(data: BoostingData): SortedColumns {
  const width = data.features.length;
  const order: Uint32Array[] = [];
  const values: Float32Array[] = [];
  const column = new Float32Array(data.rows);
  const sort = columnSort(data.rows);
  for (let feature = 0; feature < width; feature++) {
    for (let row = 0; row < data.rows; row++) column[row] = data.values[row * width + feature] as number;
    const rows = sort.order(column).slice();
    const sorted = new Float32Array(rows.length);
    for (let i = 0; i < rows.length; i++) sorted[i] = column[rows[i] as number] as number;
    order.push(rows);
    values.push(sorted);
  }
  return { order, values };
}

interface Node {
  readonly id: number;
  readonly gradient: number;
  readonly hessian: number;
  readonly root_gain: number;
  readonly bounds: Bounds;
  best: Split;
}

/** Sums of what a scan of a column has passed, a place a node of the level. */
interface Scan {
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
  readonly last: Float32Array;
}

export interface ExactTreeOptions {
  readonly data: BoostingData;
  readonly columns: SortedColumns;
  /** Gradient and hessian of every row, side by side. */
  readonly pairs: Float32Array;
  /** Rows to learn from. */
  readonly rows: Uint32Array;
  readonly sample: ColumnSample;
  readonly rule: SplitRule;
  readonly max_depth: number;
  readonly gamma: number;
  readonly eta: number;
}

/**
 * A tree by exact greedy search: every value of every column is tried as a threshold, missing values once on each side.
 * Cost     rows x columns a level, a scan of the sorted column or two.
 * Source   Chen, Guestrin 2016, algorithms 1 and 3, in the order and precision of XGBoost's `exact`.
 */
export function growExactTree(options: ExactTreeOptions): GrownTree {
  const { data, columns, pairs, rule, sample, eta } = options;
  const width = data.features.length;
  const tree = emptyTree();
  /** Place in the level of each row's node; -1 for what is not learned from or has come to a leaf. */
  const place = new Int32Array(data.rows).fill(-1);
  for (const row of options.rows) place[row] = 0;

  let level = nodesOf([{ parent: -1, bounds: UNBOUND, own: UNBOUND }]);
  for (let depth = 0; depth < options.max_depth && level.length > 0; depth++) {
    for (const feature of sample.of(depth, depth)) findSplits(feature, level);
    const next: { parent: number; bounds: Bounds; own: Bounds }[] = [];
    const first_child = new Int32Array(level.length).fill(-1);
    level.forEach((node, at) => {
      if (node.best.loss_change <= LOSS_CHANGE_MIN) return;
      first_child[at] = next.length;
      const { best } = node;
      const left_weight = weightOf(rule, best.left_gradient, best.left_hessian, node.bounds);
      const right_weight = weightOf(rule, best.right_gradient, best.right_hessian, node.bounds);
      const bounds = childBounds(rule, best.feature, node.bounds, left_weight, right_weight);
      next.push({ parent: node.id, bounds: node.bounds, own: bounds.left });
      next.push({ parent: node.id, bounds: node.bounds, own: bounds.right });
    });
    for (const row of options.rows) {
      const at = place[row] as number;
      if (at === -1) continue;
      const child = first_child[at] as number;
      if (child === -1) {
        place[row] = -1;
        continue;
      }
      const { feature, threshold, default_left } = (level[at] as Node).best;
      const value = data.values[row * width + feature] as number;
      const goes_left = Number.isNaN(value) ? default_left : value < threshold;
      place[row] = goes_left ? child : child + 1;
    }
    const parents = level.filter((_, at) => first_child[at] !== -1);
    level = nodesOf(next);
    parents.forEach((node, i) => {
      splitNode(tree, node.id, node.best, (level[2 * i] as Node).id, (level[2 * i + 1] as Node).id);
    });
  }
  if (options.gamma > 0) pruneTree(tree, options.gamma);
  return inOrder(tree, 'depthwise');

  /** Nodes of a level with the sums of their rows; weighed in the bounds of their parent, searched in their own. */
  function nodesOf(made: readonly { parent: number; bounds: Bounds; own: Bounds }[]): Node[] {
    const gradient = new Float64Array(made.length);
    const hessian = new Float64Array(made.length);
    for (const row of options.rows) {
      const at = place[row] as number;
      if (at === -1) continue;
      gradient[at] = (gradient[at] as number) + (pairs[2 * row] as number);
      hessian[at] = (hessian[at] as number) + (pairs[2 * row + 1] as number);
    }
    return made.map(({ parent, bounds, own }, at) => {
      const [g, h] = [gradient[at] as number, hessian[at] as number];
      const weight = weightOf(rule, g, h, bounds);
      const root_gain = gainOf(rule, g, h, weight);
      const id = addNode(tree, parent, weight, h, eta);
      return { id, gradient: g, hessian: h, root_gain, bounds: own, best: NO_SPLIT };
    });
  }

  function findSplits(feature: number, nodes: readonly Node[]): void {
    const rows = columns.order[feature] as Uint32Array;
    const values = columns.values[feature] as Float32Array;
    if (rows.length === 0) return;
    const constant = values[0] === values[values.length - 1];
    // Missing rows on the right: only where there are any, and more than one value to part.
    if (rows.length < data.rows && !constant) scanColumn(feature, nodes, rows, values, 1);
    scanColumn(feature, nodes, rows, values, -1);
  }

  function scanColumn(
    feature: number,
    nodes: readonly Node[],
    rows: Uint32Array,
    values: Float32Array,
    step: 1 | -1,
  ): void {
    const scan: Scan = {
      gradient: new Float64Array(nodes.length),
      hessian: new Float64Array(nodes.length),
      last: new Float32Array(nodes.length),
    };
    const { gradient, hessian, last } = scan;
    const min = rule.min_child_weight;
    const until = step === 1 ? rows.length : -1;
    for (let i = step === 1 ? 0 : rows.length - 1; i !== until; i += step) {
      const row = rows[i] as number;
      const at = place[row] as number;
      if (at === -1) continue;
      const value = values[i] as number;
      const passed = hessian[at] as number;
      if (passed !== 0 && value !== last[at] && passed >= min) {
        const middle = Math.fround(Math.fround(value + (last[at] as number)) * 0.5);
        const [low, high] = step === 1 ? [last[at] as number, value] : [value, last[at] as number];
        consider(nodes[at] as Node, feature, scan, at, middle === low ? high : middle, step);
      }
      gradient[at] = (gradient[at] as number) + (pairs[2 * row] as number);
      hessian[at] = passed + (pairs[2 * row + 1] as number);
      last[at] = value;
    }
    // All that have a value against those that have none.
    for (let at = 0; at < nodes.length; at++) {
      if (hessian[at] === 0 || (hessian[at] as number) < min) continue;
      const end = last[at] as number;
      const gap = Math.fround(Math.abs(end) + LOSS_CHANGE_MIN);
      consider(nodes[at] as Node, feature, scan, at, Math.fround(end + step * gap), step);
    }
  }

  function consider(node: Node, feature: number, scan: Scan, at: number, threshold: number, step: 1 | -1): void {
    const g = scan.gradient[at] as number;
    const h = scan.hessian[at] as number;
    const rest_g = node.gradient - g;
    const rest_h = node.hessian - h;
    if (rest_h < rule.min_child_weight) return;
    const forward = step === 1;
    const gain = forward
      ? splitGain(rule, feature, node.bounds, g, h, rest_g, rest_h)
      : splitGain(rule, feature, node.bounds, rest_g, rest_h, g, h);
    const loss_change = Math.fround(gain - node.root_gain);
    if (!(loss_change > node.best.loss_change)) return;
    node.best = {
      loss_change,
      feature,
      threshold,
      bin: -1,
      default_left: !forward,
      left_gradient: forward ? g : rest_g,
      left_hessian: forward ? h : rest_h,
      right_gradient: forward ? rest_g : g,
      right_hessian: forward ? rest_h : h,
    };
  }
}
