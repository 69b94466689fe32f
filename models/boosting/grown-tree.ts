/** A tree while it grows: one entry a node in each list, node 0 the root, -1 for what is not there. */
export interface GrownTree {
  readonly left: number[];
  readonly right: number[];
  readonly parent: number[];
  readonly feature: number[];
  /** Rows below it go left. */
  readonly threshold: number[];
  /** Where a missing value goes. */
  readonly default_left: boolean[];
  /** What the node's split gains; 0 for a leaf. */
  readonly loss_change: number[];
  readonly hessian: number[];
  /** Before the learning rate. */
  readonly weight: number[];
  /** What a leaf adds to the margin: its weight times the learning rate. */
  readonly leaf: number[];
}

/** A split that was found: everything that a node needs to become two. */
export interface Split {
  /** 0 while there is none. */
  readonly loss_change: number;
  readonly feature: number;
  readonly threshold: number;
  /** Last bin that goes left, -1 for none; of binned rows only. */
  readonly bin: number;
  readonly default_left: boolean;
  readonly left_gradient: number;
  readonly left_hessian: number;
  readonly right_gradient: number;
  readonly right_hessian: number;
}

export const NO_SPLIT: Split = {
  loss_change: 0,
  feature: 0,
  threshold: 0,
  bin: -1,
  default_left: false,
  left_gradient: 0,
  left_hessian: 0,
  right_gradient: 0,
  right_hessian: 0,
};

/** Below this a split gains nothing but rounding. */
export const LOSS_CHANGE_MIN = Math.fround(1e-6);

export const emptyTree = (): GrownTree => ({
  left: [],
  right: [],
  parent: [],
  feature: [],
  threshold: [],
  default_left: [],
  loss_change: [],
  hessian: [],
  weight: [],
  leaf: [],
});

/** A leaf more; answers its number. */
export function addNode(tree: GrownTree, parent: number, weight: number, hessian: number, eta: number): number {
  const node = tree.left.length;
  tree.left.push(-1);
  tree.right.push(-1);
  tree.parent.push(parent);
  tree.feature.push(0);
  tree.threshold.push(0);
  tree.default_left.push(false);
  tree.loss_change.push(0);
  tree.hessian.push(Math.fround(hessian));
  tree.weight.push(weight);
  tree.leaf.push(Math.fround(weight * eta));
  return node;
}

export function splitNode(tree: GrownTree, node: number, split: Split, left: number, right: number): void {
  tree.left[node] = left;
  tree.right[node] = right;
  tree.feature[node] = split.feature;
  tree.threshold[node] = split.threshold;
  tree.default_left[node] = split.default_left;
  tree.loss_change[node] = split.loss_change;
}

/** Undoes, from the leaves up, splits of two leaves that gain less than `gamma`. */
export function pruneTree(tree: GrownTree, gamma: number): void {
  // Children lie behind their parent.
  for (let node = tree.left.length - 1; node >= 0; node--) {
    const left = tree.left[node] as number;
    const right = tree.right[node] as number;
    if (left === -1 || tree.left[left] !== -1 || tree.left[right] !== -1) continue;
    if ((tree.loss_change[node] as number) >= gamma) continue;
    tree.left[node] = -1;
    tree.right[node] = -1;
    tree.loss_change[node] = 0;
  }
}

/**
 * The tree with its nodes renumbered in the order in which they would have been made: level by level, or by falling gain;
 * what no path leads to is left out.
 */
export function inOrder(tree: GrownTree, policy: 'depthwise' | 'lossguide'): GrownTree {
  const ordered = emptyTree();
  const source: number[] = [];
  const take = (node: number, parent: number): number => {
    const number = addNode(ordered, parent, tree.weight[node] as number, tree.hessian[node] as number, 0);
    ordered.leaf[number] = tree.leaf[node] as number;
    source.push(node);
    return number;
  };
  const waiting = [take(0, -1)];
  while (waiting.length > 0) {
    let next = 0;
    if (policy === 'lossguide') {
      for (let i = 1; i < waiting.length; i++) {
        if (gainAt(tree, source, waiting, i) > gainAt(tree, source, waiting, next)) next = i;
      }
    }
    const [number] = waiting.splice(next, 1) as [number];
    const node = source[number] as number;
    if (tree.left[node] === -1) continue;
    const left = take(tree.left[node] as number, number);
    const right = take(tree.right[node] as number, number);
    ordered.left[number] = left;
    ordered.right[number] = right;
    ordered.feature[number] = tree.feature[node] as number;
    ordered.threshold[number] = tree.threshold[node] as number;
    ordered.default_left[number] = tree.default_left[node] as boolean;
    ordered.loss_change[number] = tree.loss_change[node] as number;
    waiting.push(left, right);
  }
  return ordered;
}

const gainAt = (tree: GrownTree, source: readonly number[], waiting: readonly number[], i: number): number =>
  tree.loss_change[source[waiting[i] as number] as number] as number;

/** Adds what the tree says of every row, or of those picked, to one output's margin. Rows are as in BoostingData. */
export function addTreeMargins(
  tree: GrownTree,
  rows: { readonly values: Float32Array; readonly rows: number; readonly features: readonly string[] },
  margins: Float32Array,
  output: number,
  outputs: number,
  pick?: Uint32Array,
): void {
  const left = Int32Array.from(tree.left);
  const right = Int32Array.from(tree.right);
  const feature = Int32Array.from(tree.feature);
  const threshold = Float32Array.from(tree.threshold);
  const default_left = Uint8Array.from(tree.default_left, Number);
  const leaf = Float32Array.from(tree.leaf);
  const width = rows.features.length;
  const { values } = rows;
  const count = pick === undefined ? rows.rows : pick.length;
  for (let i = 0; i < count; i++) {
    const row = pick === undefined ? i : (pick[i] as number);
    const at = row * outputs + output;
    let node = 0;
    let next = left[0] as number;
    while (next !== -1) {
      const value = values[row * width + (feature[node] as number)] as number;
      const goes_left = Number.isNaN(value) ? default_left[node] === 1 : value < (threshold[node] as number);
      node = goes_left ? next : (right[node] as number);
      next = left[node] as number;
    }
    margins[at] = (margins[at] as number) + (leaf[node] as number);
  }
}
