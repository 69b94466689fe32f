import { goesRight } from './goes-right.ts';
import { shapleyQuadrature } from './quadrature.ts';
import type { TreeModel } from './tree-model.ts';

export interface PathExplainer {
  /** Adds the contributions of some trees to `out`, laid out as in shap.ts; the bias is left alone. */
  add(rows: Float32Array, count: number, trees: readonly number[], out: Float64Array): void;
}

/**
 * Walks every path of a tree for every row. A leaf reached over m distinct features is worth `value` when every feature
 * agrees with the path, and a feature that is not known agrees with probability z (its cover shares along the path). Its
 * multilinear extension is a product of `z_j + (o_j - z_j) y`, o_j = 1 when the row agrees; the Shapley value of feature i is the
 * integral of that product without i, times `o_i - z_i`, which a quadrature of m / 2 points gives exactly. So a leaf costs
 * m x m / 2, without the divisions by small numbers that unwinding a path needs. A leaf that no unknown feature leads to
 * (z = 0 where the row disagrees) costs nothing.
 */
export function createPathExplainer(model: TreeModel, shares: Float64Array): PathExplainer {
  const { feature, left, value, roots, tree_groups, groups, feature_count } = model;
  const deepest = model.depths.reduce((most, depth) => Math.max(most, depth), 0);
  const features = new Int32Array(deepest);
  const z = new Float64Array(deepest);
  const agrees = new Uint8Array(deepest);
  const without = new Float64Array(deepest);

  const addLeaf = (leaf: number, m: number, out: Float64Array, at: number): void => {
    let unknown = 1;
    for (let j = 0; j < m; j++) {
      without[j] = 0;
      if (agrees[j] === 0) unknown *= z[j] as number;
    }
    if (unknown === 0) return;
    const { points, weights } = shapleyQuadrature(m);
    let disagreeing = 0;
    for (let q = 0; q < points.length; q++) {
      const y = points[q] as number;
      const rest = 1 - y;
      let product = weights[q] as number;
      for (let j = 0; j < m; j++) product *= agrees[j] === 1 ? (z[j] as number) * rest + y : rest;
      disagreeing += product / rest;
      for (let j = 0; j < m; j++) {
        if (agrees[j] === 1) without[j] = (without[j] as number) + product / ((z[j] as number) * rest + y);
      }
    }
    const scale = unknown * (value[leaf] as number);
    for (let j = 0; j < m; j++) {
      const cell = at + (features[j] as number);
      const share = agrees[j] === 1 ? (1 - (z[j] as number)) * (without[j] as number) : -disagreeing;
      out[cell] = (out[cell] as number) + scale * share;
    }
  };

  const walk = (node: number, m: number, rows: Float32Array, row: number, out: Float64Array, at: number): void => {
    const asked = feature[node] as number;
    if (asked === -1) {
      addLeaf(node, m, out, at);
      return;
    }
    let slot = 0;
    while (slot < m && features[slot] !== asked) slot += 1;
    const fresh = slot === m;
    const z_before = fresh ? 1 : (z[slot] as number);
    const agreed_before = fresh ? 1 : (agrees[slot] as number);
    const right = goesRight(model, node, rows[row + asked] as number) ? 1 : 0;
    const child = left[node] as number;
    for (let side = 0; side < 2; side++) {
      features[slot] = asked;
      z[slot] = z_before * (shares[child + side] as number);
      agrees[slot] = agreed_before === 1 && right === side ? 1 : 0;
      walk(child + side, fresh ? m + 1 : m, rows, row, out, at);
    }
    if (!fresh) {
      z[slot] = z_before;
      agrees[slot] = agreed_before;
    }
  };

  return {
    add(rows, count, trees, out) {
      const width = feature_count + 1;
      for (let r = 0; r < count; r++) {
        for (const t of trees) {
          walk(roots[t] as number, 0, rows, r * feature_count, out, (r * groups + (tree_groups[t] as number)) * width);
        }
      }
    },
  };
}
