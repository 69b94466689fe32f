import { shapleyQuadrature } from './quadrature.ts';
import type { TreeModel } from './tree-model.ts';

/** Distinct features on a path, and cells of all tables of a tree: a table doubles with each feature. */
const WIDTH_MAX = 9;
const CELLS_MAX = 2 ** 20;

/** An inner node of the tree at hand, in an order in which parents come first. */
export interface PlannedNode {
  readonly node: number;
  /** Which bit of the pattern its feature is, and how many bits the path above it has. */
  readonly slot: number;
  readonly above: number;
  /** Places of the children in the plan; -1 for a leaf. */
  left: number;
  right: number;
  /** Where its table begins, when it has a leaf; features of the path by slot, its own included. */
  table: number;
  readonly features: readonly number[];
}

export interface ContributionTables {
  /** Whether the tables of a tree have a sensible size. */
  fits(root: number): boolean;
  /** Plans a tree and builds its tables, over those of the tree before. Not for a tree that is a single leaf. */
  build(root: number): readonly PlannedNode[];
  /** The tables of the tree built last. Entry `pattern above << 1 | way at the node` of a table has one cell a feature. */
  cells(): Float64Array;
  /** How many of them the tree takes. */
  size(): number;
}

/**
 * What the leaves of a node contribute to the features on their path, for every pattern of features that agree with the path
 * and both ways at the node. Keeps the tables of one tree, at most 8 MB.
 */
export function createContributionTables(model: TreeModel, shares: Float64Array): ContributionTables {
  const { feature, left, value } = model;
  const products = new Float64Array(1 << WIDTH_MAX);
  const averages = new Float64Array(1 << WIDTH_MAX);
  let table = new Float64Array(1 << 12);
  let table_end = 0;

  /** Plans the tree below `node` and builds its tables. `z` is what the path above gives each slot. */
  const plan = (into: PlannedNode[], node: number, path: readonly number[], z: readonly number[]): number => {
    const asked = feature[node] as number;
    const found = path.indexOf(asked);
    const slot = found === -1 ? path.length : found;
    const features = found === -1 ? [...path, asked] : path;
    const place = into.length;
    const planned: PlannedNode = { node, slot, above: path.length, left: -1, right: -1, table: -1, features };
    into.push(planned);
    for (const side of [0, 1]) {
      const child = (left[node] as number) + side;
      const z_child = [...z];
      z_child[slot] = (z[slot] ?? 1) * (shares[child] as number);
      if (feature[child] === -1) {
        if (planned.table === -1) planned.table = newTable(path.length, features.length);
        addLeaf(planned, side, z_child, value[child] as number);
      } else if (side === 0) planned.left = plan(into, child, features, z_child);
      else planned.right = plan(into, child, features, z_child);
    }
    return place;
  };

  const newTable = (above: number, width: number): number => {
    const from = table_end;
    table_end += (2 << above) * width;
    if (table_end > table.length) {
      const larger = new Float64Array(table_end * 2);
      larger.set(table);
      table = larger;
    }
    table.fill(0, from, table_end);
    return from;
  };

  /** Adds a leaf to its parent's table: see shap-paths.ts for the value of a pattern. */
  const addLeaf = (
    { slot, above, table: from, features }: PlannedNode,
    side: number,
    z: readonly number[],
    leaf: number,
  ) => {
    const m = features.length;
    averageProducts(z, products, averages);
    for (let entry = 0; entry < 2 << above; entry++) {
      const way = entry & 1;
      const before = entry >> 1;
      // A feature that the path asked for already agrees only if it agreed all along.
      const agreed = slot === above ? 1 : (before >> slot) & 1;
      const pattern = agreed === 1 && way === side ? before | (1 << slot) : before & ~(1 << slot);
      let scale = leaf;
      for (let j = 0; j < m; j++) if (((pattern >> j) & 1) === 0) scale *= z[j] as number;
      if (scale === 0) continue;
      const disagreeing = -scale * (averages[pattern] as number);
      const row = from + entry * m;
      for (let j = 0; j < m; j++) {
        const share =
          ((pattern >> j) & 1) === 1
            ? scale * (1 - (z[j] as number)) * (averages[pattern & ~(1 << j)] as number)
            : disagreeing;
        table[row + j] = (table[row + j] as number) + share;
      }
    }
  };

  return {
    fits: (root) => tableCells(model, root, []) <= CELLS_MAX,
    build(root) {
      const planned: PlannedNode[] = [];
      table_end = 0;
      plan(planned, root, [], []);
      return planned;
    },
    cells: () => table,
    size: () => table_end,
  };
}

/** Cells of the tables of the tree below a node; infinite when a path is too wide. */
function tableCells(model: TreeModel, node: number, path: readonly number[]): number {
  const asked = model.feature[node] as number;
  if (asked === -1) return 0;
  const longer = path.includes(asked) ? path : [...path, asked];
  if (longer.length > WIDTH_MAX) return Number.POSITIVE_INFINITY;
  const child = model.left[node] as number;
  const has_leaf = model.feature[child] === -1 || model.feature[child + 1] === -1;
  const own = has_leaf ? (2 << path.length) * longer.length : 0;
  return own + tableCells(model, child, longer) + tableCells(model, child + 1, longer);
}

/**
 * For every set P of slots: the integral over y of `(1 - y)^(m - 1 - |P|)` times the product over P of `z_j (1 - y) + y`, which
 * is the Shapley-weighted mean over the orders in which the features become known. The full set is never asked for.
 */
function averageProducts(z: readonly number[], products: Float64Array, averages: Float64Array): void {
  const m = z.length;
  const { points, weights } = shapleyQuadrature(m);
  averages.fill(0, 0, 1 << m);
  for (let q = 0; q < points.length; q++) {
    const y = points[q] as number;
    const rest = 1 - y;
    products[0] = (weights[q] as number) * rest ** (m - 1);
    averages[0] = (averages[0] as number) + (products[0] as number);
    for (let j = 0; j < m; j++) {
      const factor = (z[j] as number) + y / rest;
      const bit = 1 << j;
      for (let set = 0; set < bit; set++) {
        const product = (products[set] as number) * factor;
        products[bit | set] = product;
        averages[bit | set] = (averages[bit | set] as number) + product;
      }
    }
  }
}
