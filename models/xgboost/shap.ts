import { coverShares, expectedMargins } from './expectations.ts';
import { createKeptExplainer, type KeptExplainer } from './shap-kept.ts';
import { createPathExplainer } from './shap-paths.ts';
import { createTableExplainer } from './shap-tables.ts';
import type { TreeModel } from './tree-model.ts';

/** From as many rows on, a tree at a time for all rows costs less than all trees for a row. */
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
 * for tree ensembles" (2018), section 3, defines the values; how they are computed here is in shap-kept.ts for few rows,
 * shap-tables.ts for many and shap-paths.ts for large trees. The explainer keeps 8 bytes a node, from the first few rows on
 * at most 16 MB of tables, and those of one tree while it works on many rows.
 * Throws VitalsError GV-MDL-002 when the model has no usable covers.
 */
export function createExplainer(model: TreeModel): Explainer {
  const { groups, feature_count } = model;
  const shares = coverShares(model);
  const bias = expectedMargins(model, shares);
  const paths = createPathExplainer(model, shares);
  const tables = createTableExplainer(model, shares);
  let kept: KeptExplainer | null = null;
  return {
    bias,
    contributions(rows, count, out) {
      const width = feature_count + 1;
      out.fill(0, 0, count * groups * width);
      const few = count < TABLE_ROWS_MIN;
      let walked = tables.too_large;
      if (few) {
        kept ??= createKeptExplainer(model, shares);
        for (let r = 0; r < count; r++) kept.add(rows, r * feature_count, out, r * groups * width);
        walked = kept.left_out;
      } else tables.add(rows, count, out);
      if (walked.length > 0) paths.add(rows, count, walked, out);
      for (let r = 0; r < count; r++) {
        for (let g = 0; g < groups; g++) out[(r * groups + g + 1) * width - 1] = bias[g] as number;
      }
    },
  };
}
