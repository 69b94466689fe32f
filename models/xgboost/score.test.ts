import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { randomRows, randomTrees } from '../../bench/random-trees.ts';
import { goesRight } from './goes-right.ts';
import {
  expectedOf,
  FIXTURES,
  fixtureBytes,
  flatRows,
  isPublished,
  libsvmRows,
  published,
} from './published.fixture.ts';
import { readXgboostFile } from './read-model.ts';
import { createScorer } from './score.ts';
import type { TreeModel } from './tree-model.ts';

/** One row at a time, node by node, in f32. */
function marginsByHand(model: TreeModel, rows: Float32Array, count: number): number[] {
  return Array.from({ length: count }, (_, r) => {
    const sums = Float32Array.from(model.base_margin);
    for (let t = 0; t < model.tree_count; t++) {
      let node = model.roots[t] as number;
      while (model.feature[node] !== -1) {
        const x = rows[r * model.feature_count + (model.feature[node] as number)] as number;
        node = (model.left[node] as number) + (goesRight(model, node, x) ? 1 : 0);
      }
      const group = model.tree_groups[t] as number;
      sums[group] = (sums[group] as number) + (model.value[node] as number);
    }
    return [...sums];
  }).flat();
}

const worst = (found: Float64Array, wanted: readonly number[]): number => {
  expect(found.length).toBe(wanted.length);
  return wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - (found[i] as number))), 0);
};

describe('scores as XGBoost does', () => {
  const files = [
    ...FIXTURES.map((name) => `${name}.generated.json`),
    'binary.generated.ubj',
    'categorical.generated.ubj',
  ];
  it.each(files)('%s', (file) => {
    const model = readXgboostFile(fixtureBytes(file), file);
    const expected = expectedOf(file.replace(/\..*/, ''));
    const rows = flatRows(expected.rows);
    const count = expected.rows.length;
    const scorer = createScorer(model);
    const margins = new Float64Array(count * model.groups);
    const predictions = new Float64Array(count * scorer.outputs);
    scorer.margins(rows, count, margins);
    scorer.predictions(rows, count, predictions);
    // multi:softmax answers the class even when the margin is asked for.
    if (model.transform !== 'class') expect(worst(margins, expected.margins.flat())).toBeLessThan(1e-6);
    expect(worst(predictions, expected.predictions.flat())).toBeLessThan(1e-6);
  });

  it.skipIf(!isPublished)('agaricus, as published', () => {
    const file = 'xgboost/agaricus_published_model_as_xgb1.7.json';
    const model = readXgboostFile(readFileSync(published(file)), file);
    const { rows, count } = libsvmRows('xgboost/agaricus_test.libsvm.gz', model.feature_count);
    const text = readFileSync(published('xgboost/published_agaricus_depth2_eta1_3rounds_prob.txt'), 'utf8');
    const wanted = text.trim().split('\n').map(Number);
    expect(wanted.length).toBe(1_611);
    const found = new Float64Array(count);
    createScorer(model).predictions(rows, count, found);
    expect(worst(found, wanted)).toBeLessThan(1e-5);
  });
});

describe('blocks of rows', () => {
  const shape = { trees: 7, depth: 6, features: 40, seed: 3 };
  const model = randomTrees(shape);

  it.each([0, 1, 3, 4, 5, 203, 204, 205, 411, 1_000])('%i rows', (count) => {
    const rows = randomRows(count, 40, { seed: count + 1, missing: 0.2 });
    const found = new Float64Array(count);
    createScorer(model).margins(rows, count, found);
    expect([...found]).toEqual(marginsByHand(model, rows, count));
  });

  it('takes rows from the middle of a larger buffer', () => {
    const all = randomRows(12, 40, { seed: 5, missing: 0.1 });
    const found = new Float64Array(4);
    createScorer(model).margins(all.subarray(5 * 40, 9 * 40), 4, found);
    expect([...found]).toEqual(marginsByHand(model, all.slice(5 * 40, 9 * 40), 4));
  });

  it('keeps leaves at their depth, whatever stands at the threshold', () => {
    const values = [-Infinity, -1e-40, -0, 0, 1e-40, 0.5, Infinity, Number.NaN];
    for (const threshold of values.slice(0, -1)) {
      for (const default_left of [0, 1]) {
        const tree = randomTrees({ trees: 1, depth: 1, features: 1, seed: 1 });
        tree.threshold[0] = threshold;
        tree.default_left[0] = default_left;
        const found = new Float64Array(values.length);
        createScorer(tree).margins(Float32Array.from(values), values.length, found);
        expect([...found], `${threshold}`).toEqual(marginsByHand(tree, Float32Array.from(values), values.length));
      }
    }
  });

  it('goes down trees too deep for steps in line', () => {
    const depth = 40;
    const chain = chainOf(depth);
    const rows = randomRows(50, 3, { seed: 2, missing: 0.1 });
    const found = new Float64Array(50);
    createScorer(chain).margins(rows, 50, found);
    expect([...found]).toEqual(marginsByHand(chain, rows, 50));
    expect(new Set(found).size).toBeGreaterThan(3);
  });
});

/** A tree whose right children go on and on. */
function chainOf(depth: number): TreeModel {
  const count = 2 * depth + 1;
  const node = (i: number): boolean => i === 0 || (i % 2 === 0 && i < count - 1);
  return {
    ...randomTrees({ trees: 1, depth: 1, features: 3, seed: 1 }),
    depths: Int32Array.of(depth),
    roots: Int32Array.of(0, count),
    feature: Int32Array.from({ length: count }, (_, i) => (node(i) ? (i / 2) % 3 : -1)),
    threshold: Float32Array.from({ length: count }, (_, i) => -1 + i / count),
    left: Int32Array.from({ length: count }, (_, i) => (node(i) ? i + 1 : i)),
    default_left: Uint8Array.from({ length: count }, (_, i) => (i % 4 === 0 ? 0 : 1)),
    value: Float32Array.from({ length: count }, (_, i) => (node(i) ? 0 : i)),
    cover: Float32Array.from({ length: count }, (_, i) => count - i),
    category_set: new Int32Array(count).fill(-1),
  };
}
