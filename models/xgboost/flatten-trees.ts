import type { Numbers, TreeDocument } from './document-schema.ts';

/** No tree that is read, and so none that is grown, is deeper: a chain of nodes must not become a walk without end. */
export const DEPTH_MAX = 1_024;
/** XGBoost refuses larger ones: beyond them f32 cannot tell two categories apart. */
const CATEGORY_MAX = 2 ** 24;

/** The node arrays of a TreeModel; see there. */
export interface NodeBlock {
  readonly roots: Int32Array;
  readonly depths: Int32Array;
  readonly feature: Int32Array;
  readonly threshold: Float32Array;
  readonly left: Int32Array;
  readonly default_left: Uint8Array;
  readonly value: Float32Array;
  readonly cover: Float32Array;
  readonly category_set: Int32Array;
  readonly sets: readonly Uint32Array[];
}

/**
 * Puts the nodes of all trees into one block, tree by tree, breadth first, siblings together. Nodes that pruning left without
 * a parent are dropped. `weights` are what DART multiplies the leaves with; empty means 1. `refuse` is called, and must throw,
 * when an index points outside, a node has two parents, a tree is too deep or a number is none.
 */
export function flattenTrees(
  trees: readonly TreeDocument[],
  feature_count: number,
  weights: Numbers,
  refuse: (what: string) => never,
): NodeBlock {
  const nodes = trees.reduce((sum, { left_children }) => sum + left_children.length, 0);
  const block = {
    roots: new Int32Array(trees.length + 1),
    depths: new Int32Array(trees.length),
    feature: new Int32Array(nodes),
    threshold: new Float32Array(nodes),
    left: new Int32Array(nodes),
    default_left: new Uint8Array(nodes),
    value: new Float32Array(nodes),
    cover: new Float32Array(nodes),
    category_set: new Int32Array(nodes),
    sets: [] as Uint32Array[],
  };
  let end = 0;
  trees.forEach((tree, t) => {
    const refuseTree = (what: string): never => refuse(`tree ${t}: ${what}`);
    const source = tree.left_children.length;
    checkLengths(tree, source, refuseTree);
    const categories = readCategories(tree, source, refuseTree);
    const weight = weights.length === 0 ? 1 : Math.fround(weights[t] as number);
    const seen = new Uint8Array(source);
    seen[0] = 1;
    const root = end;
    let level = [0];
    let depth = 0;
    let at = root;
    end += 1;
    while (level.length > 0) {
      const next: number[] = [];
      for (const node of level) {
        const l = tree.left_children[node] as number;
        const r = tree.right_children[node] as number;
        block.cover[at] = tree.sum_hessian[node] as number;
        block.category_set[at] = -1;
        if (l === -1) {
          const value = tree.split_conditions[node] as number;
          if (!Number.isFinite(Math.fround(value))) refuseTree(`leaf ${node} has no value`);
          block.feature[at] = -1;
          block.left[at] = at;
          block.value[at] = Math.fround(Math.fround(value) * weight);
        } else {
          for (const child of [l, r]) {
            if (!Number.isInteger(child) || child < 0 || child >= source)
              refuseTree(`node ${node} has no child ${child}`);
            if (seen[child] === 1) refuseTree(`node ${child} has two parents`);
            seen[child] = 1;
          }
          const feature = tree.split_indices[node] as number;
          if (!Number.isInteger(feature) || feature < 0 || feature >= feature_count) {
            refuseTree(`node ${node} asks for feature ${feature} of ${feature_count}`);
          }
          block.feature[at] = feature;
          block.left[at] = end;
          block.default_left[at] = tree.default_left[node] === 0 ? 0 : 1;
          const set = categories.get(node);
          if (set === undefined) {
            const threshold = tree.split_conditions[node] as number;
            if (Number.isNaN(threshold)) refuseTree(`node ${node} has no threshold`);
            block.threshold[at] = threshold;
          } else {
            block.category_set[at] = block.sets.length;
            block.sets.push(set);
          }
          next.push(l, r);
          end += 2;
        }
        at += 1;
      }
      level = next;
      if (level.length > 0) depth += 1;
      if (depth > DEPTH_MAX) refuseTree(`it is deeper than ${DEPTH_MAX}`);
    }
    block.roots[t] = root;
    block.depths[t] = depth;
  });
  block.roots[trees.length] = end;
  return {
    ...block,
    feature: block.feature.slice(0, end),
    threshold: block.threshold.slice(0, end),
    left: block.left.slice(0, end),
    default_left: block.default_left.slice(0, end),
    value: block.value.slice(0, end),
    cover: block.cover.slice(0, end),
    category_set: block.category_set.slice(0, end),
  };
}

function checkLengths(tree: TreeDocument, nodes: number, refuse: (what: string) => never): void {
  if (nodes === 0) refuse('it has no nodes');
  if (tree.tree_param.num_nodes !== nodes)
    refuse(`num_nodes is ${tree.tree_param.num_nodes}, there are ${nodes} nodes`);
  for (const name of [
    'right_children',
    'split_indices',
    'split_conditions',
    'default_left',
    'sum_hessian',
    'split_type',
  ] as const) {
    const list = tree[name];
    if (list !== undefined && list.length !== nodes)
      refuse(`${name} has ${list.length} entries, there are ${nodes} nodes`);
  }
}

/** Category sets by node: the categories that go right, as XGBoost's bit fields have it. */
function readCategories(
  tree: TreeDocument,
  nodes: number,
  refuse: (what: string) => never,
): ReadonlyMap<number, Uint32Array> {
  const {
    split_type = [],
    categories = [],
    categories_nodes = [],
    categories_segments = [],
    categories_sizes = [],
  } = tree;
  const found = new Map<number, Uint32Array>();
  const count = categories_nodes.length;
  if (categories_segments.length !== count || categories_sizes.length !== count) {
    refuse('categories_nodes, categories_segments and categories_sizes differ in length');
  }
  for (let i = 0; i < count; i++) {
    const node = categories_nodes[i] as number;
    const from = categories_segments[i] as number;
    const size = categories_sizes[i] as number;
    if (!Number.isInteger(node) || node < 0 || node >= nodes) refuse(`categories of node ${node}, which is not there`);
    if (found.has(node)) refuse(`node ${node} has two sets of categories`);
    if (!Number.isInteger(from) || !Number.isInteger(size) || from < 0 || size < 0 || from + size > categories.length) {
      refuse(`the categories of node ${node} are not all there`);
    }
    let largest = -1;
    for (let k = from; k < from + size; k++) {
      const category = categories[k] as number;
      if (!Number.isInteger(category) || category < 0 || category >= CATEGORY_MAX) refuse(`${category} is no category`);
      largest = Math.max(largest, category);
    }
    const set = new Uint32Array((largest + 32) >>> 5);
    for (let k = from; k < from + size; k++) {
      const category = categories[k] as number;
      set[category >>> 5] = (set[category >>> 5] as number) | (1 << (category & 31));
    }
    found.set(node, set);
  }
  for (let node = 0; node < split_type.length; node++) {
    const is_leaf = tree.left_children[node] === -1;
    if (split_type[node] === 1 && !is_leaf && !found.has(node)) refuse(`node ${node} has no categories`);
    if (split_type[node] !== 1 && found.has(node)) refuse(`node ${node} has categories and is not categorical`);
  }
  return found;
}
