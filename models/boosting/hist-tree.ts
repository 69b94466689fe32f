import { bestBinSplit } from './best-bin-split.ts';
import { type BinMatrix, BLOCK, firstBin, rowStride } from './bin-matrix.ts';
import {
  addNode,
  emptyTree,
  type GrownTree,
  inOrder,
  LOSS_CHANGE_MIN,
  NO_SPLIT,
  type Split,
  splitNode,
} from './grown-tree.ts';
import { buildHistogram, type HistogramSpace, histogramSpace } from './histogram.ts';
import { type ColumnSample, childPath, ROOT_PATH } from './sampling.ts';
import { type Bounds, childBounds, gainOf, type SplitRule, UNBOUND, weightOf } from './split-rule.ts';

/** What a training keeps between its trees: room, and nothing that a tree depends on. */
export interface HistSpace {
  readonly histograms: Float64Array[];
  readonly rows: Uint32Array;
  readonly parted: Uint32Array;
  /** By bin of one column. */
  readonly goes_left: Uint8Array;
  readonly tile: HistogramSpace;
}

export const histSpace = (matrix: BinMatrix): HistSpace => ({
  histograms: [],
  rows: new Uint32Array(matrix.rows),
  parted: new Uint32Array(matrix.rows),
  goes_left: new Uint8Array(Math.max(...matrix.count) + 1),
  tile: histogramSpace(matrix),
});

export interface HistTreeOptions {
  readonly matrix: BinMatrix;
  readonly space: HistSpace;
  /** Gradient and hessian of every row, side by side. */
  readonly pairs: Float32Array;
  /** Rows to learn from. */
  readonly rows: Uint32Array;
  readonly sample: ColumnSample;
  readonly rule: SplitRule;
  readonly grow_policy: 'depthwise' | 'lossguide';
  readonly max_depth: number;
  readonly max_leaves: number;
  readonly gamma: number;
  readonly eta: number;
  /** Margins to add the leaves to, of the rows learned from: `margins[row * outputs + output]`. */
  readonly margins: Float32Array;
  readonly output: number;
  readonly outputs: number;
}

interface Node {
  readonly id: number;
  readonly depth: number;
  readonly path: number;
  /** Its rows are `space.rows[from..until)`. */
  readonly from: number;
  readonly until: number;
  readonly gradient: number;
  readonly hessian: number;
  readonly root_gain: number;
  readonly bounds: Bounds;
  histogram: Float64Array | null;
  split: Split;
}

/**
 * A tree over binned rows: sums by bin of the smaller child, the larger one's by subtraction.
 * State    histograms of the nodes that wait: one a level, or one a leaf when leaves are limited in number.
 * Cost     rows x columns, and half of that or less for each further level.
 */
export function growHistTree(options: HistTreeOptions): GrownTree {
  const { matrix, space, pairs, rule, sample, eta, max_depth, max_leaves } = options;
  const { rows } = space;
  rows.set(options.rows);
  const blocks = new Uint8Array(matrix.blocks);
  for (const column of sample.tree) blocks[Math.floor(column / BLOCK)] = 1;
  const tree = emptyTree();
  const count = options.rows.length;
  let gradient = 0;
  let hessian = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number;
    gradient += pairs[2 * row] as number;
    hessian += pairs[2 * row + 1] as number;
  }
  const root_weight = weightOf(rule, gradient, hessian, UNBOUND);
  const root: Node = {
    id: addNode(tree, -1, root_weight, hessian, eta),
    depth: 0,
    path: ROOT_PATH,
    from: 0,
    until: count,
    gradient,
    hessian,
    root_gain: gainOf(rule, gradient, hessian, root_weight),
    bounds: UNBOUND,
    histogram: takeHistogram(),
    split: NO_SPLIT,
  };
  sum(root);
  search(root);
  const waiting = [root];
  let leaves = 1;
  while (waiting.length > 0) {
    const node = waiting.splice(nextOf(waiting), 1)[0] as Node;
    if (isWorthIt(node)) {
      leaves++;
      waiting.push(...expand(node));
    } else finish(node);
  }
  return inOrder(tree, options.grow_policy);

  function takeHistogram(): Float64Array {
    const spare = space.histograms.pop();
    if (spare === undefined) return new Float64Array(2 * (matrix.offset[matrix.offset.length - 1] as number));
    return spare.fill(0);
  }

  /** Without a limit of leaves any order gives the same tree, and the last one in needs the least room. */
  function nextOf(nodes: readonly Node[]): number {
    if (max_leaves === 0) return nodes.length - 1;
    if (options.grow_policy === 'depthwise') return 0;
    let next = 0;
    for (let i = 1; i < nodes.length; i++) {
      if ((nodes[i] as Node).split.loss_change > (nodes[next] as Node).split.loss_change) next = i;
    }
    return next;
  }

  function isWorthIt({ split }: Node): boolean {
    return (
      split.loss_change > LOSS_CHANGE_MIN &&
      split.loss_change >= options.gamma &&
      split.left_hessian > 0 &&
      split.right_hessian > 0 &&
      (max_leaves === 0 || leaves < max_leaves)
    );
  }

  function sum({ from, until, histogram }: Node): void {
    buildHistogram({ matrix, space: space.tile, pairs, rows, from, until, blocks }, histogram as Float64Array);
  }

  function search(node: Node): void {
    const columns = sample.of(node.depth, node.path);
    node.split = bestBinSplit(matrix, node.histogram as Float64Array, node, columns, rule);
  }

  function finish(node: Node): void {
    if (node.histogram !== null) space.histograms.push(node.histogram);
    const { margins, output, outputs } = options;
    const leaf = tree.leaf[node.id] as number;
    for (let i = node.from; i < node.until; i++) {
      const at = (rows[i] as number) * outputs + output;
      margins[at] = (margins[at] as number) + leaf;
    }
  }

  function expand(node: Node): [Node, Node] {
    const { split } = node;
    const middle = partRows(matrix, space, node.from, node.until, split);
    const left_weight = weightOf(rule, split.left_gradient, split.left_hessian, node.bounds);
    const right_weight = weightOf(rule, split.right_gradient, split.right_hessian, node.bounds);
    const bounds = childBounds(rule, split.feature, node.bounds, left_weight, right_weight);
    const child = (side: 0 | 1, from: number, until: number, g: number, h: number, weight: number): Node => ({
      id: addNode(tree, node.id, weight, h, eta),
      depth: node.depth + 1,
      path: childPath(node.path, side),
      from,
      until,
      gradient: g,
      hessian: h,
      root_gain: gainOf(rule, g, h, weight),
      bounds: side === 0 ? bounds.left : bounds.right,
      histogram: null,
      split: NO_SPLIT,
    });
    const left = child(0, node.from, middle, split.left_gradient, split.left_hessian, left_weight);
    const right = child(1, middle, node.until, split.right_gradient, split.right_hessian, right_weight);
    splitNode(tree, node.id, split, left.id, right.id);
    const whole = node.histogram as Float64Array;
    node.histogram = null;
    if (left.depth >= max_depth || (max_leaves > 0 && leaves >= max_leaves)) {
      space.histograms.push(whole);
      return [left, right];
    }
    const [small, large] = middle - node.from <= node.until - middle ? [left, right] : [right, left];
    small.histogram = takeHistogram();
    sum(small);
    subtract(whole, small.histogram);
    large.histogram = whole;
    search(left);
    search(right);
    return [left, right];
  }
}

function subtract(from: Float64Array, what: Float64Array): void {
  for (let k = 0; k < from.length; k++) from[k] = (from[k] as number) - (what[k] as number);
}

/** Puts a node's rows that go left before those that go right, each in the order they had; answers where the right begin. */
function partRows(matrix: BinMatrix, space: HistSpace, from: number, until: number, split: Split): number {
  const { bins } = matrix;
  const column = split.feature;
  const first = firstBin(matrix, column);
  const stride = rowStride(matrix, column);
  const { goes_left } = space;
  goes_left.fill(0).fill(1, 0, split.bin + 1);
  if (matrix.has_missing[column] === 1) goes_left[matrix.count[column] as number] = split.default_left ? 1 : 0;
  const left =
    bins instanceof Uint8Array
      ? partNarrow(bins, first, stride, space.rows, space.parted, goes_left, from, until)
      : partWide(bins, first, stride, space.rows, space.parted, goes_left, from, until);
  space.rows.set(space.parted.subarray(0, until - left), left);
  return left;
}

// Two functions of one text, as in histogram.ts. Every row is written to both sides and one of them moves on: rows go either
// way by chance, and a jump that is guessed wrong every other time costs more than a write.

function partNarrow(
  bins: Uint8Array,
  first: number,
  stride: number,
  rows: Uint32Array,
  parted: Uint32Array,
  goes_left: Uint8Array,
  from: number,
  until: number,
): number {
  let left = from;
  let right = 0;
  for (let i = from; i < until; i++) {
    const row = rows[i] as number;
    const side = goes_left[bins[first + row * stride] as number] as number;
    rows[left] = row;
    parted[right] = row;
    left += side;
    right += 1 - side;
  }
  return left;
}

function partWide(
  bins: Uint16Array,
  first: number,
  stride: number,
  rows: Uint32Array,
  parted: Uint32Array,
  goes_left: Uint8Array,
  from: number,
  until: number,
): number {
  let left = from;
  let right = 0;
  for (let i = from; i < until; i++) {
    const row = rows[i] as number;
    const side = goes_left[bins[first + row * stride] as number] as number;
    rows[left] = row;
    parted[right] = row;
    left += side;
    right += 1 - side;
  }
  return left;
}
