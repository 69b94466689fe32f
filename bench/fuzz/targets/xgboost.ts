import { boostingParams } from '../../../models/boosting/boosting-params.ts';
import { trainBoosting } from '../../../models/boosting/train.ts';
import { readXgboostFile } from '../../../models/xgboost/read-model.ts';
import { createScorer } from '../../../models/xgboost/score.ts';
import { VitalsError } from '../../../pipeline/contract/errors.ts';
import { bytesOf, type FuzzTarget, law } from '../fuzz-target.ts';
import { keptInputs } from '../kept-inputs.ts';
import { ubjsonOf } from '../ubjson-of.ts';

/** A tree that tells hot boards. */
export function smallTrees(feature: string): object {
  const values = Float32Array.from({ length: 24 }, (_, row) => 60 + row);
  const labels = values.map((celsius) => Number(celsius > 75));
  const data = { values, rows: values.length, features: [feature], labels };
  return trainBoosting({ data, params: boostingParams.parse({ num_boost_round: 2, max_depth: 2 }) }).document;
}

const trees = smallTrees('gpu_temp_max');
const WORDS = [
  ...[
    'gbtree',
    'dart',
    'gblinear',
    'binary:logistic',
    'multi:softprob',
    'survival:cox',
    '"num_nodes":"5"',
    '"num_class":"3"',
  ],
  ...[
    '"categories_nodes":[0]',
    '"base_score":"[5E-1]"',
    '[$d#l',
    '{#i',
    '[$Z#L',
    '[$N#i',
    'SL',
    '"weight_drop":[1]',
    'size_leaf_vector',
  ],
];
const ROWS_VALUES_MAX = 1_000_000;

/** A model of XGBoost, JSON or UBJSON: what is taken has a number for every row. */
export const xgboost: FuzzTarget = {
  name: 'xgboost',
  summary: "XGBoost's model file, JSON and UBJSON",
  seeds: [bytesOf(JSON.stringify(trees)), ubjsonOf(trees), ...keptInputs('xgboost')],
  words: WORDS,
  bytes_max: 16_384,
  grown_bytes_max: 524_288,
  feed(input) {
    let model: ReturnType<typeof readXgboostFile>;
    try {
      model = readXgboostFile(input, 'fuzz');
    } catch (error) {
      if (error instanceof VitalsError) return false;
      throw error;
    }
    const { feature_count, groups } = model;
    law(feature_count * groups <= ROWS_VALUES_MAX * 100, `${feature_count} features, ${groups} outputs`);
    const scorer = createScorer(model);
    const rows = new Float32Array(3 * feature_count)
      .fill(80, 0, feature_count)
      .fill(Number.NaN, feature_count, 2 * feature_count);
    const out = new Float64Array(3 * groups);
    scorer.margins(rows, 3, out);
    for (const margin of out) law(!Number.isNaN(margin), 'a margin that is no number');
    return true;
  },
};
