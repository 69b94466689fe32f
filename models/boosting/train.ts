import { VitalsError } from '../../pipeline/contract/errors.ts';
import { DEPTH_MAX } from '../xgboost/flatten-trees.ts';
import { binMatrix } from './bin-matrix.ts';
import { type BoostingData, checkBoostingData } from './boosting-data.ts';
import { type BoostingDocument, boostingDocument } from './boosting-document.ts';
import type { BoostingParams } from './boosting-params.ts';
import { evalMetric } from './eval-metric.ts';
import { growExactTree, sortColumns } from './exact-tree.ts';
import { addTreeMargins, type GrownTree } from './grown-tree.ts';
import { growHistTree, histSpace } from './hist-tree.ts';
import { objectiveOf } from './objective.ts';
import { sampleColumns, sampleRows } from './sampling.ts';
import { type SplitRule, splitRule } from './split-rule.ts';

export interface TrainedBoosting {
  /** As XGBoost saves and loads it. Plain data; `boostingText` makes the file of it. */
  readonly document: BoostingDocument;
  /** How many it has: up to the best one where early stopping was asked for, else all. */
  readonly rounds: number;
  /** The round, from 0, with the best figure of the valid rows; the last one without those. */
  readonly best_iteration: number;
  /** `eval_metric` of the valid rows after each round that was run; empty without those. */
  readonly history: readonly number[];
}

export interface BoostingRound {
  /** From 0. */
  readonly round: number;
  readonly rounds: number;
  /** `eval_metric` of the valid rows, null without those. */
  readonly figure: number | null;
}

/**
 * Gradient-boosted trees as XGBoost trains them.
 * Early stopping needs valid rows; without them all rounds are run. Where it was asked for, rounds behind the best one are
 * not kept, whether it stopped early or not; else all are, as XGBoost keeps them.
 * Errors   GV-MDL-201 for rows that nothing can be learned from.
 * Cost     synchronous and on one thread; equal bytes for equal input. `hist` keeps a byte or two a cell and adds, for
 *          100,000 rows of 200 columns, an eighth of a second a round at depth 6.
 * Source   Chen, Guestrin 2016; parameters and file format of XGBoost 2.1.
 */
export function trainBoosting(options: {
  readonly data: BoostingData;
  readonly valid?: BoostingData;
  readonly params: BoostingParams;
  readonly on_round?: (round: BoostingRound) => void;
}): TrainedBoosting {
  const { data, valid, params } = options;
  checkBoostingData(data, params, 'rows to learn from');
  if (valid !== undefined) {
    checkBoostingData(valid, params, 'valid rows');
    if (valid.features.join('\n') !== data.features.join('\n')) {
      throw new VitalsError('GV-MDL-201', 'the features differ from those of the rows to learn from', 'valid rows');
    }
  }
  const objective = objectiveOf(params, data);
  const { outputs } = objective;
  const margins = new Float32Array(data.rows * outputs).fill(objective.base_margin);
  const pairs = new Float32Array(2 * data.rows * outputs);
  const grow = grower(data, params, margins, outputs);

  const metric = evalMetric(params.eval_metric);
  const valid_margins = new Float32Array((valid?.rows ?? 0) * outputs).fill(objective.base_margin);
  const patience = valid === undefined ? null : params.early_stopping_rounds;
  const history: number[] = [];
  let best_iteration = 0;
  const trees: GrownTree[] = [];
  for (let round = 0; round < params.num_boost_round; round++) {
    objective.gradients(margins, pairs);
    for (let output = 0; output < outputs; output++) {
      const own = pairs.subarray(2 * output * data.rows, 2 * (output + 1) * data.rows);
      const tree = grow(own, round * outputs + output, output);
      trees.push(tree);
      if (valid !== undefined) addTreeMargins(tree, valid, valid_margins, output, outputs);
    }
    if (valid === undefined) {
      best_iteration = round;
      options.on_round?.({ round, rounds: params.num_boost_round, figure: null });
      continue;
    }
    const predictions = valid_margins.slice();
    objective.transform(predictions);
    const figure = metric.evaluate(predictions, valid);
    history.push(figure);
    const best = history[best_iteration] as number;
    if (metric.rising ? figure > best : figure < best) best_iteration = round;
    options.on_round?.({ round, rounds: params.num_boost_round, figure });
    if (patience !== null && round - best_iteration >= patience) break;
  }
  const rounds = patience === null ? params.num_boost_round : best_iteration + 1;
  const attributes: Record<string, string> = { best_iteration: String(rounds - 1) };
  if (patience !== null) attributes.best_score = String(history[best_iteration]);
  const kept = trees.slice(0, rounds * outputs);
  return {
    document: boostingDocument({ params, objective, features: data.features, trees: kept, attributes }),
    rounds,
    best_iteration,
    history,
  };
}

/** Grows the tree of a number from gradients and adds it to the margins of all rows. */
function grower(
  data: BoostingData,
  params: BoostingParams,
  margins: Float32Array,
  outputs: number,
): (pairs: Float32Array, number: number, output: number) => GrownTree {
  const rule: SplitRule = splitRule({ ...params, monotone: monotoneSigns(data.features, params) });
  const eta = Math.fround(params.eta);
  const limits = { rule, eta, max_depth: params.max_depth || DEPTH_MAX, gamma: params.gamma };
  const all = Uint32Array.from({ length: data.rows }, (_, row) => row);
  const samplesOf = (number: number) => ({
    rows: params.subsample < 1 ? sampleRows(data.rows, params.subsample, params.seed, number) : all,
    sample: sampleColumns(data.features.length, params, params.seed, number),
  });
  if (params.tree_method === 'exact') {
    const columns = sortColumns(data);
    return (pairs, number, output) => {
      const tree = growExactTree({ data, columns, pairs, ...samplesOf(number), ...limits });
      addTreeMargins(tree, data, margins, output, outputs);
      return tree;
    };
  }
  const matrix = binMatrix(data, params.max_bin);
  const space = histSpace(matrix);
  const { grow_policy, max_leaves } = params;
  return (pairs, number, output) => {
    const samples = samplesOf(number);
    const grown = { matrix, space, pairs, grow_policy, max_leaves, margins, output, outputs };
    const tree = growHistTree({ ...grown, ...samples, ...limits });
    const left_out = othersThan(samples.rows, data.rows);
    if (left_out.length > 0) addTreeMargins(tree, data, margins, output, outputs, left_out);
    return tree;
  };
}

/** Rows that are not among the sorted ones given. */
function othersThan(rows: Uint32Array, count: number): Uint32Array {
  const others = new Uint32Array(count - rows.length);
  for (let row = 0, at = 0, next = 0; row < count; row++) {
    if (rows[at] === row) at++;
    else others[next++] = row;
  }
  return others;
}

function monotoneSigns(features: readonly string[], { monotone_constraints: given }: BoostingParams): Int8Array {
  const signs = new Int8Array(features.length);
  const refuse = (what: string): never => {
    throw new VitalsError('GV-MDL-202', `monotone_constraints: ${what}`, '');
  };
  if (Array.isArray(given)) {
    if (given.length > features.length) refuse(`${given.length} signs for ${features.length} features`);
    signs.set(given);
    return signs;
  }
  for (const [name, sign] of Object.entries(given)) {
    const feature = features.indexOf(name);
    if (feature === -1) refuse(`there is no feature ${name}`);
    signs[feature] = sign;
  }
  return signs;
}
