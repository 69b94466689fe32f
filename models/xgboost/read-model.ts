import { VitalsError } from '../../pipeline/contract/errors.ts';
import { boosterSchema, documentSchema, type Numbers, type TreeDocument } from './document-schema.ts';
import { flattenTrees } from './flatten-trees.ts';
import { OBJECTIVES } from './objectives.ts';
import type { TreeModel } from './tree-model.ts';
import { readUbjson } from './ubjson.ts';

/** Far more than a fleet has; a number in a damaged file must not become an allocation. */
const FEATURES_MAX = 100_000;
const GROUPS_MAX = 1_000;

/**
 * A model in XGBoost's own document (the schema of `save_model`, versions 1.0 to 3.x), checked and flattened. Boosters gbtree
 * and dart, one output a tree. All trees count, as in `Booster.predict`: the attribute best_iteration, which XGBoost's
 * scikit-learn wrapper obeys and its Booster does not, is not looked at. `where` is named in errors.
 * Throws VitalsError GV-MDL-001 when the document is damaged, GV-MDL-002 when it asks for what is not supported.
 */
export function readXgboostModel(document: unknown, where: string): TreeModel {
  const refuse = (what: string): never => {
    throw new VitalsError('GV-MDL-001', `the model is not a whole XGBoost document: ${what}`, where);
  };
  const unsupported = (what: string): never => {
    throw new VitalsError('GV-MDL-002', `the model has ${what}`, where);
  };
  const booster = boosterSchema.safeParse(document);
  if (!booster.success) return refuse(problem(booster.error));
  const { name } = booster.data.learner.gradient_booster;
  if (name !== 'gbtree' && name !== 'dart') unsupported(`the booster ${name.slice(0, 40)}`);
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success) return refuse(problem(parsed.error));

  const { learner } = parsed.data;
  const { gradient_booster, learner_model_param: param } = learner;
  const { model } = gradient_booster.name === 'dart' ? gradient_booster.gbtree : gradient_booster;
  const weights = gradient_booster.name === 'dart' ? gradient_booster.weight_drop : [];
  const { trees } = model;
  const objective = OBJECTIVES.get(learner.objective.name);
  if (objective === undefined) return unsupported(`the objective ${learner.objective.name.slice(0, 40)}`);

  const feature_count = param.num_feature;
  const groups = Math.max(param.num_class, param.num_target, 1);
  if (feature_count < 1 || feature_count > FEATURES_MAX)
    unsupported(`${feature_count} features, 1 to ${FEATURES_MAX} can be read`);
  if (groups > GROUPS_MAX) unsupported(`${groups} outputs, ${GROUPS_MAX} can be read`);
  if (param.num_class > 1 && param.num_target > 1) unsupported('several classes and several targets');
  for (const list of ['feature_names', 'feature_types'] as const) {
    const length = learner[list].length;
    if (length > 0 && length !== feature_count) refuse(`${list} has ${length} entries for ${feature_count} features`);
  }
  if (new Set(learner.feature_names).size !== learner.feature_names.length) refuse('a feature name is there twice');
  if (model.gbtree_model_param.num_trees !== trees.length) {
    refuse(`num_trees is ${model.gbtree_model_param.num_trees}, there are ${trees.length} trees`);
  }
  if (weights.length !== (gradient_booster.name === 'dart' ? trees.length : 0)) {
    refuse(`weight_drop has ${weights.length} entries for ${trees.length} trees`);
  }
  if (trees.some(({ tree_param }) => tree_param.size_leaf_vector > 1)) unsupported('leaves with several outputs');

  return {
    objective: learner.objective.name,
    transform: objective.transform,
    groups,
    feature_count,
    feature_names: learner.feature_names,
    feature_types: learner.feature_types,
    base_margin: baseMargin(param.base_score, groups, objective.toMargin, refuse),
    tree_count: trees.length,
    tree_groups: treeGroups(model.tree_info, trees, groups, refuse),
    ...flattenTrees(trees, feature_count, weights, refuse),
  };
}

/**
 * A model file: JSON (with the NaN and Infinity that XGBoost writes) or UBJSON, told apart by their first bytes.
 * Throws VitalsError GV-MDL-001 or GV-MDL-002, as above.
 */
export function readXgboostFile(bytes: Uint8Array, where: string): TreeModel {
  return readXgboostModel(parseXgboostFile(bytes, where), where);
}

/** The document of a file, JSON or UBJSON, not checked yet. */
export function parseXgboostFile(bytes: Uint8Array, where: string): unknown {
  const refuse = (what: string, cause?: unknown): never => {
    throw new VitalsError('GV-MDL-001', what, where, cause === undefined ? {} : { cause });
  };
  if (bytes.length === 0) refuse('the model file is empty');
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 8));
  if (head.startsWith('binf') || head.startsWith('bs64')) {
    throw new VitalsError('GV-MDL-002', "the model is in XGBoost's old binary format", where, {
      action: 'Load it with XGBoost and save it again as model.json or model.ubj.',
    });
  }
  if (/^\s*\{\s*["}]/.test(head)) {
    try {
      return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch (cause) {
      return refuse('the model is not JSON to its end', cause);
    }
  }
  if (head.startsWith('{')) return readUbjson(bytes, (what) => refuse(`the model is not UBJSON to its end: ${what}`));
  return refuse('the model is neither JSON nor UBJSON');
}

/** JSON with the NaN and Infinity that XGBoost writes into lists of numbers; NaN as null, which the schema reads as NaN. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
  }
  const strict = text.replace(/"(?:[^"\\]|\\.)*"|Infinity|NaN/g, (token) =>
    token === 'NaN' ? 'null' : token === 'Infinity' ? '1e999' : token,
  );
  return JSON.parse(strict);
}

function problem(error: { readonly issues: readonly { path: PropertyKey[]; message: string }[] }): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'it has another form';
  const path = issue.path.map(String).join('.').slice(0, 120);
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}

function baseMargin(
  scores: readonly number[],
  groups: number,
  toMargin: (score: number) => number,
  refuse: (what: string) => never,
): Float32Array {
  if (scores.length !== 1 && scores.length !== groups)
    refuse(`base_score has ${scores.length} entries for ${groups} outputs`);
  const margins = Float32Array.from({ length: groups }, (_, i) =>
    toMargin(scores[scores.length === 1 ? 0 : i] as number),
  );
  if (!margins.every(Number.isFinite)) refuse('base_score has no margin under the objective');
  return margins;
}

function treeGroups(
  tree_info: Numbers,
  trees: readonly TreeDocument[],
  groups: number,
  refuse: (what: string) => never,
): Int32Array {
  if (tree_info.length !== trees.length) refuse(`tree_info has ${tree_info.length} entries for ${trees.length} trees`);
  return Int32Array.from({ length: trees.length }, (_, t) => {
    const group = tree_info[t] as number;
    if (!Number.isInteger(group) || group < 0 || group >= groups)
      refuse(`tree ${t} adds to output ${group} of ${groups}`);
    return group;
  });
}
