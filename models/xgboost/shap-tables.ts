import { createContributionTables, type PlannedNode } from './contribution-tables.ts';
import { goesRight } from './goes-right.ts';
import { createKeyColumns, sortKey } from './sort-keys.ts';
import type { TreeModel } from './tree-model.ts';

/** Rows that a tree's tables serve before the next tree's are built, and rows that lie in the first-level cache at once. */
const CHUNK_ROWS = 2048;
const BLOCK_ROWS = 128;

export interface TableExplainer {
  /** Trees whose tables would be too large; `add` leaves them out. */
  readonly too_large: readonly number[];
  /** Adds the contributions of the other trees to `out`, laid out as in shap.ts; the bias is left alone. */
  add(rows: Float32Array, count: number, out: Float64Array): void;
}

/**
 * What a leaf contributes to the m features on its path depends on nothing but which of them agree with it: 2^m patterns. So
 * for each node above a leaf the contributions of its leaves are tabled by pattern (and the way the row takes at the node),
 * and a row costs one look-up and m additions for each such node. Tables are built tree by tree for some thousand rows each,
 * which go over a tree in blocks; the work for a row of a full tree of depth d is 2^d / 2 x d additions.
 */
export function createTableExplainer(model: TreeModel, shares: Float64Array): TableExplainer {
  const { feature, threshold, category_set, roots, tree_groups, groups, feature_count } = model;
  const columns = createKeyColumns(model);
  const tables = createContributionTables(model, shares);
  const too_large: number[] = [];
  const trees: number[] = [];
  for (let t = 0; t < model.tree_count; t++) {
    if (tables.fits(roots[t] as number)) trees.push(t);
    else too_large.push(t);
  }
  /** One accumulator for every feature of every group that a tree asks for. */
  const accumulators = new Map<number, number>();
  for (const t of trees) {
    for (let node = roots[t] as number; node < (roots[t + 1] as number); node++) {
      const id = (tree_groups[t] as number) * (feature_count + 1) + (feature[node] as number);
      if (feature[node] !== -1 && !accumulators.has(id)) accumulators.set(id, accumulators.size);
    }
  }
  let patterns = new Int32Array(BLOCK_ROWS);
  const looked_up = new Int32Array(BLOCK_ROWS);
  const ways = new Int32Array(BLOCK_ROWS);

  const chunk = Math.min(CHUNK_ROWS, Math.max(BLOCK_ROWS, Math.floor(2 ** 22 / Math.max(accumulators.size, 1))));
  let sums = new Float64Array(0);
  let keys = new Int32Array(0);

  const sumOf = (group: number, asked: number): number =>
    (accumulators.get(group * (feature_count + 1) + asked) as number) * chunk;

  /** Sends one block of rows through the planned tree. */
  const addBlock = (
    planned: readonly PlannedNode[],
    group: number,
    rows: Float32Array,
    from: number,
    at: number,
    n: number,
  ): void => {
    const table = tables.cells();
    patterns.fill(-1, 0, n);
    for (let place = 0; place < planned.length; place++) {
      const { node, slot, above, left: l, right: r, table: begin, features } = planned[place] as PlannedNode;
      const own = place * BLOCK_ROWS;
      const numeric = category_set[node] === -1;
      const key = sortKey(threshold[node] as number);
      const column = (columns.of_node[node] as number) * chunk + at;
      if (numeric && l !== -1 && r !== -1) {
        splitBlock(keys, column, key, patterns, own, l * BLOCK_ROWS, r * BLOCK_ROWS, slot, n);
        continue;
      }
      if (numeric) {
        for (let i = 0; i < n; i++) ways[i] = Number((keys[column + i] as number) >= key);
      } else {
        let cell = (from + at) * feature_count + (feature[node] as number);
        for (let i = 0; i < n; i++, cell += feature_count)
          ways[i] = goesRight(model, node, rows[cell] as number) ? 1 : 0;
      }
      if (l !== -1) {
        const to = l * BLOCK_ROWS;
        for (let i = 0; i < n; i++) patterns[to + i] = (patterns[own + i] as number) & ~((ways[i] as number) << slot);
      }
      if (r !== -1) {
        const to = r * BLOCK_ROWS;
        for (let i = 0; i < n; i++)
          patterns[to + i] = (patterns[own + i] as number) & ~(((ways[i] as number) ^ 1) << slot);
      }
      if (begin === -1) continue;
      const width = features.length;
      const sumAt = (j: number): number => sumOf(group, features[j] as number) + at;
      const mask = (1 << above) - 1;
      for (let i = 0; i < n; i++) {
        const entry = (((patterns[own + i] as number) & mask) << 1) | (ways[i] as number);
        looked_up[i] = begin + entry * width;
      }
      let j = 0;
      for (; j + 3 <= width; j += 3) addThree(sums, sumAt(j), sumAt(j + 1), sumAt(j + 2), table, looked_up, j, n);
      for (; j < width; j++) addOne(sums, sumAt(j), table, looked_up, j, n);
    }
  };

  return {
    too_large,
    add(rows, count, out) {
      if (trees.length === 0) return;
      if (sums.length === 0) {
        sums = new Float64Array(accumulators.size * chunk);
        keys = new Int32Array(columns.count * chunk);
      }
      for (let from = 0; from < count; from += chunk) {
        const n = Math.min(chunk, count - from);
        columns.fill(rows, from, n, keys, 1, chunk);
        sums.fill(0);
        for (const t of trees) {
          if (feature[roots[t] as number] === -1) continue;
          const planned = tables.build(roots[t] as number);
          if (patterns.length < planned.length * BLOCK_ROWS) patterns = new Int32Array(planned.length * BLOCK_ROWS);
          for (let at = 0; at < n; at += BLOCK_ROWS) {
            addBlock(planned, tree_groups[t] as number, rows, from, at, Math.min(BLOCK_ROWS, n - at));
          }
        }
        for (const [id, accumulator] of accumulators) {
          let cell = from * groups * (feature_count + 1) + id;
          for (let i = 0; i < n; i++, cell += groups * (feature_count + 1)) {
            out[cell] = (out[cell] as number) + (sums[accumulator * chunk + i] as number);
          }
        }
      }
    },
  };
}

/** The patterns of both children of a numeric node. */
function splitBlock(
  keys: Int32Array,
  column: number,
  key: number,
  patterns: Int32Array,
  own: number,
  left: number,
  right: number,
  slot: number,
  n: number,
): void {
  for (let i = 0; i < n; i++) {
    const way = Number((keys[column + i] as number) >= key);
    const pattern = patterns[own + i] as number;
    patterns[left + i] = pattern & ~(way << slot);
    patterns[right + i] = pattern & ~((way ^ 1) << slot);
  }
}

function addOne(
  sums: Float64Array,
  at: number,
  table: Float64Array,
  looked_up: Int32Array,
  j: number,
  n: number,
): void {
  for (let i = 0; i < n; i++) {
    sums[at + i] = (sums[at + i] as number) + (table[(looked_up[i] as number) + j] as number);
  }
}

/** Three columns of a table at once: a third of the look-ups. */
function addThree(
  sums: Float64Array,
  first: number,
  second: number,
  third: number,
  table: Float64Array,
  looked_up: Int32Array,
  j: number,
  n: number,
): void {
  for (let i = 0; i < n; i++) {
    const entry = (looked_up[i] as number) + j;
    sums[first + i] = (sums[first + i] as number) + (table[entry] as number);
    sums[second + i] = (sums[second + i] as number) + (table[entry + 1] as number);
    sums[third + i] = (sums[third + i] as number) + (table[entry + 2] as number);
  }
}
