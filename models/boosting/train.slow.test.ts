import { describe, expect, it } from 'vitest';
import { readXgboostFile } from '../xgboost/read-model.ts';
import { createScorer } from '../xgboost/score.ts';
import { labelledRows, learnerOf, madeRows, treesOf } from './boosters.fixture.ts';
import type { BoostingData } from './boosting-data.ts';
import { boostingParams, xgboostParams } from './boosting-params.ts';
import { boostingText } from './boosting-text.ts';
import { type TrainedBoosting, trainBoosting } from './train.ts';

const logistic = (signal: number): number => (signal > 0.5 ? 1 : 0);
const made = madeRows(400, 5, 3);
const rows = labelledRows(made, logistic);
const METHODS = ['exact', 'hist'] as const;
const QUICK = { num_boost_round: 4, max_depth: 4 };

const train = (data: BoostingData, params: Record<string, unknown>): TrainedBoosting =>
  trainBoosting({ data, params: xgboostParams.parse({ ...QUICK, ...params }) });

function marginsOf({ document }: TrainedBoosting, values: Float32Array, width: number): Float64Array {
  const scorer = createScorer(readXgboostFile(Buffer.from(boostingText(document)), 'trained'));
  const count = values.length / width;
  const out = new Float64Array(count * scorer.outputs);
  scorer.margins(values, count, out);
  return out;
}

/** Every row as often as it is said. */
function repeated(data: BoostingData, times: Float32Array): BoostingData {
  const width = data.features.length;
  const picked = [...times].flatMap((count, row) => new Array<number>(count).fill(row));
  return {
    rows: picked.length,
    features: data.features,
    values: Float32Array.from(picked.flatMap((row) => [...data.values.subarray(row * width, (row + 1) * width)])),
    labels: Float32Array.from(picked, (row) => data.labels[row] as number),
  };
}

describe.each(METHODS)('laws of %s', (tree_method) => {
  const SAMPLED = { tree_method, subsample: 0.7, colsample_bytree: 0.8, colsample_bylevel: 0.8, colsample_bynode: 0.8 };

  it('is a function of its input', () => {
    const text = (seed: number): string => boostingText(train(rows, { ...SAMPLED, seed }).document);
    expect(text(1)).toBe(text(1));
    expect(text(1)).not.toBe(text(2));
  });

  it('learns the same from a row of weight n as from n rows', () => {
    const weights = made.weights.map((weight) => weight + 1);
    const weighed = train({ ...rows, weights }, { tree_method });
    const again = train(repeated(rows, weights), { tree_method });
    const found = marginsOf(weighed, made.values, 5);
    marginsOf(again, made.values, 5).forEach((margin, i) => void expect(found[i]).toBeCloseTo(margin, 4));
  });

  it('does not ask for the order of the rows', () => {
    const order = Array.from({ length: rows.rows }, (_, i) => (i * 151) % rows.rows);
    const shuffled: BoostingData = {
      ...rows,
      values: Float32Array.from(order.flatMap((row) => [...rows.values.subarray(row * 5, row * 5 + 5)])),
      labels: Float32Array.from(order, (row) => rows.labels[row] as number),
    };
    const found = marginsOf(train(shuffled, { tree_method }), made.values, 5);
    const wanted = marginsOf(train(rows, { tree_method }), made.values, 5);
    wanted.forEach((margin, i) => void expect(found[i]).toBeCloseTo(margin, 4));
  });

  it('never falls where it must rise', () => {
    const bound = train(rows, { tree_method, num_boost_round: 20, monotone_constraints: { f0: 1, f1: -1 } });
    const free = train(rows, { tree_method, num_boost_round: 20 });
    const STEPS = 60;
    const stepsOf = (trained: TrainedBoosting, feature: number): number[] => {
      const against: number[] = [];
      for (let row = 0; row < 40; row++) {
        const grid = Float32Array.from({ length: STEPS * 5 }, (_, i) =>
          i % 5 === feature ? Math.floor(i / 5) / STEPS : (made.values[row * 5 + (i % 5)] as number),
        );
        const margins = marginsOf(trained, grid, 5);
        for (let i = 1; i < STEPS; i++) against.push((margins[i] as number) - (margins[i - 1] as number));
      }
      return against;
    };
    expect(Math.min(...stepsOf(bound, 0))).toBeGreaterThan(-1e-6);
    expect(Math.max(...stepsOf(bound, 1))).toBeLessThan(1e-6);
    expect(Math.min(...stepsOf(free, 0))).toBeLessThan(-0.01);
    expect(Math.max(...stepsOf(bound, 0))).toBeGreaterThan(0.01);
  });

  it('learns on which side missing values belong', () => {
    const values = Float32Array.from({ length: 80 }, (_, i) => (i % 4 === 0 ? Number.NaN : i % 4));
    for (const label_of_missing of [0, 1]) {
      const labels = values.map((value) => (Number.isNaN(value) ? label_of_missing : value > 1.5 ? 1 : 0));
      const trained = train({ values, rows: 80, features: ['x'], labels }, { tree_method, num_boost_round: 1 });
      const [root] = treesOf(trained.document);
      expect(root?.default_left[0]).toBe(1 - label_of_missing);
      const [low, high, none] = marginsOf(trained, Float32Array.of(1, 3, Number.NaN), 1);
      expect(none).toBe(label_of_missing === 0 ? low : high);
    }
  });

  it('never splits a constant feature, nor one without values', () => {
    const values = rows.values.slice();
    for (let row = 0; row < rows.rows; row++) {
      values[row * 5] = 7;
      values[row * 5 + 1] = Number.NaN;
    }
    const trees = treesOf(train({ ...rows, values }, { tree_method, num_boost_round: 10 }).document);
    const split = new Set(
      trees.flatMap((tree) => tree.split_indices.filter((_, node) => tree.left_children[node] !== -1)),
    );
    expect([...split].toSorted()).toEqual([2, 3, 4]);
  });

  it('keeps leaves heavy, gains large and trees shallow enough', () => {
    const limits = { min_child_weight: 12, gamma: 2, max_depth: 3 };
    for (const tree of treesOf(train(rows, { tree_method, ...limits }).document)) {
      expect(tree.left_children.length).toBeLessThanOrEqual(15);
      tree.left_children.forEach((left, node) => {
        if (left === -1) expect(tree.sum_hessian[node]).toBeGreaterThanOrEqual(12);
        else expect(tree.loss_changes[node]).toBeGreaterThanOrEqual(2);
      });
    }
  });

  it('splits only what a tree has drawn', () => {
    const trees = treesOf(train(rows, { tree_method, num_boost_round: 12, colsample_bytree: 0.4 }).document);
    const used = trees.map((tree) => new Set(tree.split_indices.filter((_, node) => tree.left_children[node] !== -1)));
    for (const features of used) expect(features.size).toBeLessThanOrEqual(2);
    expect(new Set(used.flatMap((features) => [...features])).size).toBe(5);
  });
});

describe('rounds', () => {
  const later = labelledRows(madeRows(200, 5, 4), logistic);

  it('ends when the valid rows gain no more, and keeps the rounds up to the best', () => {
    const seen: (number | null)[] = [];
    const params = boostingParams.parse({ early_stopping_rounds: 5, eta: 0.5 });
    const trained = trainBoosting({ data: rows, valid: later, params, on_round: ({ figure }) => seen.push(figure) });
    const { best_iteration, history, document } = trained;
    expect(history).toHaveLength(best_iteration + 6);
    expect(seen).toEqual(history);
    expect(Math.max(...history)).toBe(history[best_iteration]);
    expect(history.indexOf(history[best_iteration] as number)).toBe(best_iteration);
    expect([trained.rounds, treesOf(document).length]).toEqual([best_iteration + 1, best_iteration + 1]);
    expect(learnerOf(document).attributes).toEqual({
      best_iteration: String(best_iteration),
      best_score: String(history[best_iteration]),
    });
  });

  it('keeps all where nobody asked to stop early, and still tells which one was the best', () => {
    const params = xgboostParams.parse({ num_boost_round: 60, eta: 0.9, eval_metric: 'logloss' });
    const { best_iteration, history, document, rounds: kept } = trainBoosting({ data: rows, valid: later, params });
    expect([history.length, kept]).toEqual([60, 60]);
    expect(history[best_iteration]).toBe(Math.min(...history));
    expect(best_iteration).toBeLessThan(59);
    expect(treesOf(document)).toHaveLength(60);
    // What XGBoost's scikit-learn interface would cut by must not be less.
    expect(learnerOf(document).attributes).toEqual({ best_iteration: '59' });
    expect(boostingText(document)).toBe(boostingText(trainBoosting({ data: rows, params }).document));
  });

  it.each([
    ['binary:logistic', 'logloss', logistic, {}],
    ['binary:logistic', 'aucpr', logistic, {}],
    ['reg:squarederror', 'rmse', (signal: number) => signal, {}],
    ['multi:softprob', 'mlogloss', (signal: number) => (signal > 0.6 ? 2 : signal > 0.2 ? 1 : 0), { num_class: 3 }],
    ['multi:softprob', 'merror', (signal: number) => (signal > 0.6 ? 2 : signal > 0.2 ? 1 : 0), { num_class: 3 }],
  ] as const)('learns %s by %s', (objective, eval_metric, label, more) => {
    const params = xgboostParams.parse({ objective, eval_metric, num_boost_round: 12, ...more });
    const { history } = trainBoosting({
      data: labelledRows(made, label),
      valid: labelledRows(madeRows(200, 5, 4), label),
      params,
    });
    const [first, last] = [history[0] as number, history[11] as number];
    if (eval_metric === 'aucpr') expect(last).toBeGreaterThan(first);
    else expect(last).toBeLessThan(first);
  });

  it('names a logistic regression what it is, and learns what binary:logistic learns', () => {
    const regression = train(rows, { objective: 'reg:logistic', scale_pos_weight: 2 }).document;
    expect(learnerOf(regression)).toMatchObject({ objective: { name: 'reg:logistic' } });
    const text = boostingText(train(rows, { scale_pos_weight: 2 }).document);
    expect(boostingText(regression)).toBe(text.replace('binary:logistic', 'reg:logistic'));
    expect(readXgboostFile(Buffer.from(boostingText(regression)), 'regression').transform).toBe('sigmoid');
  });

  it.each(['depthwise', 'lossguide'])(
    'grows %s trees without a limit of depth as far as there is something to gain',
    (grow_policy) => {
      const free = { max_depth: 0, grow_policy, min_child_weight: 0, num_boost_round: 2 };
      const [deepest = 0] = readXgboostFile(Buffer.from(boostingText(train(rows, free).document)), 'deep').depths;
      expect(deepest).toBeGreaterThan(6);
      const limited = marginsOf(train(rows, { ...free, max_depth: 64 }), made.values, 5);
      expect(marginsOf(train(rows, free), made.values, 5)).toEqual(limited);
    },
  );

  it('weighs positives up to the negatives unless told otherwise', () => {
    const few = labelledRows(made, (signal) => (signal > 1 ? 1 : 0));
    const positives = few.labels.reduce((sum, label) => sum + label, 0);
    const balance = (few.rows - positives) / positives;
    const auto = train(few, { scale_pos_weight: 'auto' });
    expect(boostingText(auto.document)).toBe(boostingText(train(few, { scale_pos_weight: balance }).document));
    expect(boostingText(auto.document)).not.toBe(boostingText(train(few, {}).document));
  });
});

describe('refuses', () => {
  const cases: readonly [string, Partial<BoostingData>, RegExp][] = [
    ['labels of one class', { labels: new Float32Array(400) }, /every label is 0/],
    ['labels that are no class', { labels: new Float32Array(400).fill(0.5) }, /row 1: the label 0.5/],
    ['no rows', { rows: 0, values: new Float32Array(0), labels: new Float32Array(0) }, /no rows/],
    ['values that do not fit', { values: new Float32Array(7) }, /7 values/],
    ['an infinite value', { values: made.values.map((x, i) => (i === 12 ? Infinity : x)) }, /row 3, f2: infinite/],
    ['two features of one name', { features: ['a', 'b', 'c', 'd', 'a'] }, /same name/],
    ['a negative weight', { weights: new Float32Array(400).fill(-1) }, /weight of -1/],
    ['no weight at all', { weights: new Float32Array(400) }, /weights are 0/],
  ];
  it.each(cases)('%s', (_, change, what) => {
    expect(() => train({ ...rows, ...change }, {})).toThrow(what);
  });

  it('valid rows of other features, and constraints of none', () => {
    const other = { ...rows, features: ['a', 'b', 'c', 'd', 'e'] };
    expect(() => trainBoosting({ data: rows, valid: other, params: boostingParams.parse({}) })).toThrow(
      /features differ/,
    );
    expect(() => train(rows, { monotone_constraints: { g: 1 } })).toThrow(/no feature g/);
    expect(() => train(rows, { monotone_constraints: [0, 0, 0, 0, 0, 1] })).toThrow(/6 signs for 5/);
  });
});
