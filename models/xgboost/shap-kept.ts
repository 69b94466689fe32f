import { createContributionTables } from './contribution-tables.ts';
import { goesRight } from './goes-right.ts';
import type { TreeModel } from './tree-model.ts';

/** Cells of the tables that are kept, 8 bytes each: 600 trees of depth 4 with 4 features a path take 300,000. */
const KEPT_CELLS_MAX = 2 ** 21;

export interface KeptExplainer {
  /** Trees whose tables are not kept; `add` leaves them out. */
  readonly left_out: readonly number[];
  /** Adds the contributions of the other trees to one row's part of `out`: by group, then by feature; the bias is left alone. */
  add(rows: Float32Array, row: number, out: Float64Array, at: number): void;
}

/** Numbers of a planned node: its node, slot and bits above, the places of its children, its table, its features. */
const FIELDS = 8;

/**
 * The tables of shap-tables.ts, built once and kept, for rows that come one by one: a row costs a comparison for each inner
 * node of a tree, and a look-up and m additions for each that has a leaf. Keeps at most 16 MB.
 */
export function createKeptExplainer(model: TreeModel, shares: Float64Array): KeptExplainer {
  const { feature, roots, tree_groups, feature_count } = model;
  const builder = createContributionTables(model, shares);
  const left_out: number[] = [];
  const tree_at: number[] = [];
  const group_of: number[] = [];
  const fields: number[] = [];
  const asked: number[] = [];
  const parts: Float64Array[] = [];
  let cells = 0;
  let widest = 1;
  for (let t = 0; t < model.tree_count; t++) {
    const root = roots[t] as number;
    if (feature[root] === -1) continue;
    if (!builder.fits(root)) {
      left_out.push(t);
      continue;
    }
    const planned = builder.build(root);
    const size = builder.size();
    if (cells + size > KEPT_CELLS_MAX) {
      left_out.push(t);
      continue;
    }
    tree_at.push(fields.length / FIELDS);
    group_of.push(tree_groups[t] as number);
    widest = Math.max(widest, planned.length);
    for (const { node, slot, above, left, right, table, features } of planned) {
      const begin = table === -1 ? -1 : cells + table;
      fields.push(node, slot, above, left, right, begin, asked.length, features.length);
      asked.push(...features);
    }
    parts.push(builder.cells().slice(0, size));
    cells += size;
  }
  tree_at.push(fields.length / FIELDS);
  const plan = Int32Array.from(fields);
  const features = Int32Array.from(asked);
  const table = new Float64Array(cells);
  let filled = 0;
  for (const part of parts) {
    table.set(part, filled);
    filled += part.length;
  }
  const patterns = new Int32Array(widest);
  const width = feature_count + 1;

  return {
    left_out,
    add(rows, row, out, at) {
      for (let tree = 0; tree < group_of.length; tree++) {
        const first = tree_at[tree] as number;
        const end = tree_at[tree + 1] as number;
        const group = at + (group_of[tree] as number) * width;
        patterns[0] = -1;
        for (let place = first; place < end; place++) {
          const p = place * FIELDS;
          const node = plan[p] as number;
          const slot = plan[p + 1] as number;
          const pattern = patterns[place - first] as number;
          const way = goesRight(model, node, rows[row + (feature[node] as number)] as number) ? 1 : 0;
          const left = plan[p + 3] as number;
          const right = plan[p + 4] as number;
          if (left !== -1) patterns[left] = pattern & ~(way << slot);
          if (right !== -1) patterns[right] = pattern & ~((way ^ 1) << slot);
          const begin = plan[p + 5] as number;
          if (begin === -1) continue;
          const m = plan[p + 7] as number;
          const entry = ((pattern & ((1 << (plan[p + 2] as number)) - 1)) << 1) | way;
          const cell = begin + entry * m;
          const names = plan[p + 6] as number;
          for (let j = 0; j < m; j++) {
            const to = group + (features[names + j] as number);
            out[to] = (out[to] as number) + (table[cell + j] as number);
          }
        }
      }
    },
  };
}
