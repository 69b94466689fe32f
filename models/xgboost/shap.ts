import { coverShares, expectedMargins } from './expectations.ts';
import { createPathExplainer } from './shap-paths.ts';
import { createTableExplainer } from './shap-tables.ts';
import type { TreeModel } from './tree-model.ts';

/** From as many rows on, tables of a tree's contributions cost less than walking its paths for each row. */
const TABLE_ROWS_MIN = 24;

export interface Explainer {
  /** What each group begins with: the base margin and the mean of the trees. */
  readonly bias: Float64Array;
  /**
   * Shapley values of the margin: `count x feature_count` in, row by row, NaN = missing; `count x groups x (feature_count + 1)`
   * out, bias last. A row of a group sums to its margin.
   */
  contributions(rows: Float32Array, count: number, out: Float64Array): void;
}

/**
 * Exact path-dependent TreeSHAP, as XGBoost's pred_contribs. Lundberg et al., "Consistent individualized feature attribution
 * for tree ensembles" (2018), section 3, defines the values; how they are computed here is in shap-paths.ts for few rows or
 * large trees, and in shap-tables.ts for many rows. The explainer keeps 8 bytes a node, and tables of one tree while it works.
 * Throws VitalsError GV-MDL-002 when the model has no usable covers.
 */
export function createExplainer(model: TreeModel): Explainer {
  const { groups, feature_count } = model;
  const shares = coverShares(model);
  const bias = expectedMargins(model, shares);
  const paths = createPathExplainer(model, shares);
  const tables = createTableExplainer(model, shares);
  const every_tree = Array.from({ length: model.tree_count }, (_, t) => t);
  return {
    bias,
    contributions(rows, count, out) {
      const width = feature_count + 1;
      out.fill(0, 0, count * groups * width);
      const few = count < TABLE_ROWS_MIN;
      if (!few) tables.add(rows, count, out);
      const walked = few ? every_tree : tables.too_large;
      if (walked.length > 0) paths.add(rows, count, walked, out);
      for (let r = 0; r < count; r++) {
        for (let g = 0; g < groups; g++) out[(r * groups + g + 1) * width - 1] = bias[g] as number;
      }
    },
  };
}
