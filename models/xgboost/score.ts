import { goesRight } from './goes-right.ts';
import { createKeyColumns, NEVER_RIGHT, sortKey } from './sort-keys.ts';
import type { TreeModel } from './tree-model.ts';

/** Keys of one block of rows fit a first-level cache. */
const BLOCK_KEYS = 8_192;
const BLOCK_ROWS_MIN = 8;
const BLOCK_ROWS_MAX = 256;
/** Deeper trees are walked leaf by leaf: most of their leaves lie far above the deepest one. */
const EVEN_DEPTH_MAX = 16;

/** Words of a node in the scorer's block: key column, key, left child, value. Children are kept as offsets, so times 4. */
const WORDS = 4;

export interface Scorer {
  /** Numbers of a row in `predictions`: the groups, 1 for multi:softmax. */
  readonly outputs: number;
  /** Sums of leaves and base margin: `count x feature_count` in, row by row, NaN = missing; `count x groups` out. */
  margins(rows: Float32Array, count: number, out: Float64Array): void;
  /** The same after the transform of the objective: `count x outputs` out. The class for multi:softmax. */
  predictions(rows: Float32Array, count: number, out: Float64Array): void;
}

/**
 * Scores rows as XGBoost does: f32 against f32, leaves added in f32 in the order of the trees, so margins are the same to the
 * last bit (of DART within 1e-6, whose sums XGBoost takes another way). Blocks of rows go through one tree after the other,
 * four rows abreast and without branches; memory is a copy of the nodes (16 bytes each) and one block of rows.
 */
export function createScorer(model: TreeModel): Scorer {
  const { groups, feature_count, base_margin, tree_count, roots, depths, tree_groups } = model;
  const columns = createKeyColumns(model);
  const stride = Math.max(columns.count, 1);
  const block = Math.min(Math.max(Math.floor(BLOCK_KEYS / stride), BLOCK_ROWS_MIN), BLOCK_ROWS_MAX);
  const keys = new Int32Array(block * stride);
  /** Group by group, so that a tree adds to neighbours. */
  const sums = new Float32Array(block * groups);
  const nodes = packNodes(model, columns.of_node);
  const values = new Float32Array(nodes.buffer);
  const even = evenTrees(model);
  const outputs = model.transform === 'class' ? 1 : groups;

  const margins = (rows: Float32Array, count: number, out: Float64Array): void => {
    for (let from = 0; from < count; from += block) {
      const n = Math.min(block, count - from);
      columns.fill(rows, from, n, keys, stride, 1);
      for (let g = 0; g < groups; g++) sums.fill(base_margin[g] as number, g * block, g * block + n);
      for (let t = 0; t < tree_count; t++) {
        const root = roots[t] as number;
        const sum = (tree_groups[t] as number) * block;
        if (even[t] === 1) addEven(nodes, values, keys, stride, sums, sum, root * WORDS, depths[t] as number, n);
        else addWalked(model, rows, from * feature_count, sums, sum, root, n);
      }
      for (let g = 0; g < groups; g++) {
        for (let r = 0; r < n; r++) out[(from + r) * groups + g] = sums[g * block + r] as number;
      }
    }
  };
  return {
    outputs,
    margins,
    predictions(rows, count, out) {
      if (outputs === groups) {
        margins(rows, count, out);
        transformRows(model, out, count, out);
        return;
      }
      const all = new Float64Array(count * groups);
      margins(rows, count, all);
      transformRows(model, all, count, out);
    },
  };
}

/** Applies the objective's transform to `count x groups` margins. `out` may be `margins` unless it gives one class a row. */
export function transformRows(model: TreeModel, margins: Float64Array, count: number, out: Float64Array): void {
  const { groups, transform } = model;
  const n = count * groups;
  switch (transform) {
    case 'identity':
      for (let i = 0; i < n; i++) out[i] = margins[i] as number;
      return;
    case 'sigmoid':
      for (let i = 0; i < n; i++) out[i] = 1 / (1 + Math.exp(-(margins[i] as number)));
      return;
    case 'exp':
      for (let i = 0; i < n; i++) out[i] = Math.exp(margins[i] as number);
      return;
    case 'hinge':
      for (let i = 0; i < n; i++) out[i] = (margins[i] as number) > 0 ? 1 : 0;
      return;
    case 'softmax':
    case 'class':
      for (let r = 0; r < count; r++) {
        const from = r * groups;
        let best = 0;
        for (let g = 1; g < groups; g++) if ((margins[from + g] as number) > (margins[from + best] as number)) best = g;
        if (transform === 'class') {
          out[r] = best;
          continue;
        }
        const most = margins[from + best] as number;
        let sum = 0;
        for (let g = 0; g < groups; g++) {
          const e = Math.exp((margins[from + g] as number) - most);
          out[from + g] = e;
          sum += e;
        }
        for (let g = 0; g < groups; g++) out[from + g] = (out[from + g] as number) / sum;
      }
  }
}

function packNodes(model: TreeModel, columns: Int32Array): Int32Array {
  const { feature, left, threshold, value } = model;
  const nodes = new Int32Array(feature.length * WORDS);
  const values = new Float32Array(nodes.buffer);
  for (let i = 0; i < feature.length; i++) {
    nodes[i * WORDS] = columns[i] as number;
    nodes[i * WORDS + 1] = feature[i] === -1 ? NEVER_RIGHT : sortKey(threshold[i] as number);
    nodes[i * WORDS + 2] = (left[i] as number) * WORDS;
    values[i * WORDS + 3] = value[i] as number;
  }
  return nodes;
}

/** Trees that every row can go down in the same number of steps: all but the very deep and those with categories. */
function evenTrees(model: TreeModel): Uint8Array {
  return Uint8Array.from({ length: model.tree_count }, (_, t) => {
    const nodes = model.category_set.subarray(model.roots[t], model.roots[t + 1]);
    return (model.depths[t] as number) <= EVEN_DEPTH_MAX && nodes.every((set) => set === -1) ? 1 : 0;
  });
}

/** Four independent walks hide each other's loads; a walk that is at its leaf stays there. */
function addEven(
  nodes: Int32Array,
  values: Float32Array,
  keys: Int32Array,
  stride: number,
  sums: Float32Array,
  sum: number,
  root: number,
  depth: number,
  n: number,
): void {
  let r = 0;
  for (; r + 4 <= n; r += 4) {
    let a = root;
    let b = root;
    let c = root;
    let d = root;
    const row_a = r * stride;
    const row_b = row_a + stride;
    const row_c = row_b + stride;
    const row_d = row_c + stride;
    for (let step = 0; step < depth; step++) {
      a = below(nodes, keys, a, row_a);
      b = below(nodes, keys, b, row_b);
      c = below(nodes, keys, c, row_c);
      d = below(nodes, keys, d, row_d);
    }
    const at = sum + r;
    sums[at] = (sums[at] as number) + (values[a + 3] as number);
    sums[at + 1] = (sums[at + 1] as number) + (values[b + 3] as number);
    sums[at + 2] = (sums[at + 2] as number) + (values[c + 3] as number);
    sums[at + 3] = (sums[at + 3] as number) + (values[d + 3] as number);
  }
  for (; r < n; r++) {
    let a = root;
    const row = r * stride;
    for (let step = 0; step < depth; step++) a = below(nodes, keys, a, row);
    sums[sum + r] = (sums[sum + r] as number) + (values[a + 3] as number);
  }
}

function below(nodes: Int32Array, keys: Int32Array, node: number, row: number): number {
  const right = Number((keys[row + (nodes[node] as number)] as number) >= (nodes[node + 1] as number));
  return (nodes[node + 2] as number) + (right << 2);
}

function addWalked(
  model: TreeModel,
  rows: Float32Array,
  from: number,
  sums: Float32Array,
  sum: number,
  root: number,
  n: number,
): void {
  const { feature, left, value, feature_count } = model;
  for (let r = 0; r < n; r++) {
    const row = from + r * feature_count;
    let node = root;
    while (feature[node] !== -1) {
      const right = goesRight(model, node, rows[row + (feature[node] as number)] as number);
      node = (left[node] as number) + (right ? 1 : 0);
    }
    sums[sum + r] = (sums[sum + r] as number) + (value[node] as number);
  }
}
