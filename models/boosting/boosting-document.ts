import type { BoostingParams } from './boosting-params.ts';
import type { GrownTree } from './grown-tree.ts';
import type { Objective } from './objective.ts';

/** The version of XGBoost whose file format the document has. */
const FORMAT_VERSION = [2, 1, 4] as const;
/** How XGBoost writes that the root has no parent. */
const NO_PARENT = 2_147_483_647;

/** A model as XGBoost saves it in JSON, and loads it. */
export type BoostingDocument = { readonly [key: string]: unknown };

export function boostingDocument(options: {
  readonly params: BoostingParams;
  readonly objective: Objective;
  readonly features: readonly string[];
  /** Round by round, in a round output by output. */
  readonly trees: readonly GrownTree[];
  readonly attributes: Readonly<Record<string, string>>;
}): BoostingDocument {
  const { params, objective, features, trees } = options;
  const { outputs } = objective;
  const classes = params.objective === 'multi:softprob' ? outputs : 0;
  return {
    learner: {
      attributes: options.attributes,
      feature_names: features,
      feature_types: features.map(() => 'float'),
      gradient_booster: {
        model: {
          gbtree_model_param: { num_parallel_tree: '1', num_trees: String(trees.length) },
          iteration_indptr: Array.from({ length: trees.length / outputs + 1 }, (_, round) => round * outputs),
          tree_info: trees.map((_, i) => i % outputs),
          trees: trees.map((tree, i) => treeDocument(tree, i, features.length)),
        },
        name: 'gbtree',
      },
      learner_model_param: {
        base_score: String(shortest(objective.base_score)),
        boost_from_average: '1',
        num_class: String(classes),
        num_feature: String(features.length),
        num_target: '1',
      },
      objective: {
        name: params.objective,
        ...(params.objective === 'multi:softprob'
          ? { softmax_multiclass_param: { num_class: String(classes) } }
          : { reg_loss_param: { scale_pos_weight: String(shortest(objective.scale_pos_weight)) } }),
      },
    },
    version: FORMAT_VERSION,
  };
}

function treeDocument(tree: GrownTree, id: number, features: number): BoostingDocument {
  const isLeaf = (node: number): boolean => tree.left[node] === -1;
  const nodes = tree.left.map((_, node) => node);
  return {
    base_weights: nodes.map((node) => shortest((isLeaf(node) ? tree.leaf[node] : tree.weight[node]) as number)),
    categories: [],
    categories_nodes: [],
    categories_segments: [],
    categories_sizes: [],
    default_left: tree.default_left.map(Number),
    id,
    left_children: tree.left,
    loss_changes: tree.loss_change.map(shortest),
    parents: tree.parent.map((parent) => (parent === -1 ? NO_PARENT : parent)),
    right_children: tree.right,
    split_conditions: nodes.map((node) => shortest((isLeaf(node) ? tree.leaf[node] : tree.threshold[node]) as number)),
    split_indices: tree.feature,
    split_type: nodes.map(() => 0),
    sum_hessian: tree.hessian.map(shortest),
    tree_param: {
      num_deleted: '0',
      num_feature: String(features),
      num_nodes: String(nodes.length),
      size_leaf_vector: '1',
    },
  };
}

/** The shortest decimal that is read back as the same single-precision number. */
function shortest(value: number): number {
  for (let digits = 7; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short + 0;
  }
  return Number(value.toPrecision(9)) + 0;
}
