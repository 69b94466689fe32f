/** How a row of margins becomes a row of predictions: XGBoost's own transform of the objective. */
export type Transform = 'identity' | 'sigmoid' | 'exp' | 'hinge' | 'softmax' | 'class';

/**
 * An ensemble of regression trees, all nodes in one block. A node is an index into the parallel arrays; the nodes of a tree
 * stand together in breadth-first order, and the two children of a node side by side (`left`, `left + 1`), so that a step
 * down is one load and one addition.
 */
export interface TreeModel {
  /** XGBoost's name of it, such as binary:logistic. */
  readonly objective: string;
  readonly transform: Transform;
  /** Margins a row: classes or targets. */
  readonly groups: number;
  readonly feature_count: number;
  /** One a feature, or none when the model was trained without names. */
  readonly feature_names: readonly string[];
  /** XGBoost's types (q, float, int, i, c), one a feature, or none. */
  readonly feature_types: readonly string[];
  /** What every row begins with, as margin, one a group. */
  readonly base_margin: Float32Array;
  readonly tree_count: number;
  /** First node of each tree, and the end of the last one: `tree_count + 1` entries. */
  readonly roots: Int32Array;
  /** Steps from the root of a tree to its deepest leaf. */
  readonly depths: Int32Array;
  /** The group that a tree adds to. */
  readonly tree_groups: Int32Array;
  /** Feature that a node asks for, -1 for a leaf. */
  readonly feature: Int32Array;
  /** A numeric node sends a value below this to the left. */
  readonly threshold: Float32Array;
  /** Left child, whose sister follows it; a leaf has itself. */
  readonly left: Int32Array;
  /** 1 = a missing value goes left. */
  readonly default_left: Uint8Array;
  /** What a leaf adds to the margin, weight of its tree included; 0 in other nodes. */
  readonly value: Float32Array;
  /** Sum of the Hessian of the training rows that came by; TreeSHAP's weights. */
  readonly cover: Float32Array;
  /** Category set of a categorical node, an index into `sets`; -1 for numeric nodes and leaves. */
  readonly category_set: Int32Array;
  /** Categories that go right, bit `c & 31` of word `c >>> 5`; the others, and what is no category, go left. */
  readonly sets: readonly Uint32Array[];
}
