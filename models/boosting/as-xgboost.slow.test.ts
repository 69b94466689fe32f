import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { auc } from '../classification-metrics.ts';
import { readXgboostFile } from '../xgboost/read-model.ts';
import { createScorer } from '../xgboost/score.ts';
import { BOOSTERS, labelledRows, learnerOf, madeRows, nodesOf, treesOf } from './boosters.fixture.ts';
import type { BoostingData } from './boosting-data.ts';
import { xgboostParams } from './boosting-params.ts';
import { boostingText } from './boosting-text.ts';
import { type TrainedBoosting, trainBoosting } from './train.ts';

const SHARED = join(import.meta.dirname, '../../../shared/data/xgboost');
const missing = existsSync(SHARED) ? '' : ' (skipped: ../shared/data/xgboost is not there)';

/** What the scorer says of rows, from the text of the file. */
function predictionsOf({ document }: TrainedBoosting, values: Float32Array, rows: number): Float64Array {
  const model = readXgboostFile(Buffer.from(boostingText(document)), 'trained');
  const scorer = createScorer(model);
  const out = new Float64Array(rows * scorer.outputs);
  scorer.predictions(values, rows, out);
  return out;
}

describe('grows what XGBoost grows', () => {
  const made = madeRows(500, 4, 1);
  const LABELS: Readonly<Record<string, (signal: number) => number>> = {
    'binary:logistic': (signal) => (signal > 0.5 ? 1 : 0),
    'reg:squarederror': (signal) => signal,
    'multi:softprob': (signal) => (signal < 0.2 ? 0 : signal < 0.8 ? 1 : 2),
  };

  it.each(BOOSTERS.cases)('$name', ({ params, weighted, base_score, trees }) => {
    const parsed = xgboostParams.parse(params);
    const rows = labelledRows(made, LABELS[parsed.objective] as (signal: number) => number);
    const { document } = trainBoosting({
      data: weighted ? { ...rows, weights: made.weights } : rows,
      params: parsed,
    });
    expect(Number(learnerOf(document).learner_model_param.base_score)).toBeCloseTo(base_score, 6);
    const grown = treesOf(document).map(nodesOf);
    expect(grown.map((nodes) => nodes.length)).toEqual(trees.map((nodes) => nodes.length));
    grown.forEach((nodes, t) => {
      nodes.forEach(([feature, value, default_left, loss_change, hessian], n) => {
        const [their_feature, their_value, their_side, their_change, their_hessian] = trees[t]?.[n] ?? [];
        expect([t, n, feature, default_left]).toEqual([t, n, their_feature, their_side]);
        expect(value).toBeCloseTo(their_value ?? Number.NaN, 5);
        expect(loss_change).toBeCloseTo(their_change ?? Number.NaN, 2);
        expect(hessian).toBeCloseTo(their_hessian ?? Number.NaN, 3);
      });
    });
  });

  it('ranks later rows as well, by histograms of long columns', () => {
    const all = madeRows(12_000, 10, 2);
    const label = (signal: number) => (signal > 0.9 ? 1 : 0);
    const half = 6_000;
    const width = all.features.length;
    const first = {
      ...all,
      rows: half,
      values: all.values.subarray(0, half * width),
      signal: all.signal.slice(0, half),
    };
    const trained = trainBoosting({
      data: labelledRows(first, label),
      params: xgboostParams.parse(BOOSTERS.auc.params),
    });
    const later = predictionsOf(trained, all.values.slice(half * width), half);
    const figure = auc(Float32Array.from(all.signal.slice(half), label), later);
    expect(Math.abs(figure - BOOSTERS.auc.later)).toBeLessThan(0.005);
  });
});

describe(`agaricus${missing}`, () => {
  const FEATURES = 127;
  function libsvm(name: string): BoostingData {
    const lines = gunzipSync(readFileSync(join(SHARED, name)))
      .toString()
      .trim()
      .split('\n');
    const values = new Float32Array(lines.length * FEATURES).fill(Number.NaN);
    const labels = Float32Array.from(lines, (line, row) => {
      const [label, ...cells] = line.split(' ');
      for (const cell of cells) {
        const [index, value] = cell.split(':');
        values[row * FEATURES + Number(index)] = Number(value);
      }
      return Number(label);
    });
    return { values, rows: lines.length, features: Array.from({ length: FEATURES }, (_, i) => `f${i}`), labels };
  }

  it.skipIf(missing !== '')('gives the published probabilities', () => {
    const params = { tree_method: 'exact', max_depth: 2, eta: 1, num_boost_round: 3 };
    const trained = trainBoosting({
      data: libsvm('agaricus_train.libsvm.gz'),
      params: xgboostParams.parse(params),
    });
    const test = libsvm('agaricus_test.libsvm.gz');
    const found = predictionsOf(trained, test.values, test.rows);
    const wanted = readFileSync(join(SHARED, 'published_agaricus_depth2_eta1_3rounds_prob.txt'), 'utf8')
      .trim()
      .split('\n')
      .map(Number);
    expect(wanted).toHaveLength(1_611);
    expect(found).toHaveLength(1_611);
    expect(Math.max(...wanted.map((p, i) => Math.abs(p - (found[i] as number))))).toBeLessThan(1e-6);
  });
});
