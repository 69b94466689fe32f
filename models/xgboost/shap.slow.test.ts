import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { randomRows, randomTrees } from '../../bench/random-trees.ts';
import { coverShares } from './expectations.ts';
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
import { createExplainer } from './shap.ts';
import { createPathExplainer } from './shap-paths.ts';
import type { TreeModel } from './tree-model.ts';

/** Kept tables serve a few rows, tables many, paths large trees: the same rows every way, as often as fills more than one chunk. */
const WAYS = ['paths', 'kept', 'tables'] as const;

function explain(model: TreeModel, rows: Float32Array, count: number, way: (typeof WAYS)[number]): Float64Array {
  const explainer = createExplainer(model);
  const width = model.groups * (model.feature_count + 1);
  const out = new Float64Array(count * width);
  if (way === 'paths') {
    const every = Array.from({ length: model.tree_count }, (_, t) => t);
    createPathExplainer(model, coverShares(model)).add(rows, count, every, out);
    for (let i = 0; i < count * model.groups; i++) {
      out[(i + 1) * (model.feature_count + 1) - 1] = explainer.bias[i % model.groups] as number;
    }
    return out;
  }
  if (way === 'kept') {
    for (let r = 0; r < count; r++) {
      const row = rows.subarray(r * model.feature_count, (r + 1) * model.feature_count);
      explainer.contributions(row, 1, out.subarray(r * width, (r + 1) * width));
    }
    return out;
  }
  const repeats = Math.ceil(24 / count);
  const many = new Float32Array(rows.length * repeats);
  for (let i = 0; i < repeats; i++) many.set(rows, i * rows.length);
  const all = new Float64Array(count * repeats * width).fill(Number.NaN);
  explainer.contributions(many, count * repeats, all);
  return all.slice(-count * width);
}

/** What a tree says when only some features are known: the others take both ways, by cover. */
function partly(model: TreeModel, node: number, row: Float32Array, known: number): number {
  const feature = model.feature[node] as number;
  if (feature === -1) return model.value[node] as number;
  const child = model.left[node] as number;
  if ((known >> feature) & 1) {
    return partly(model, child + (goesRight(model, node, row[feature] as number) ? 1 : 0), row, known);
  }
  const all = model.cover[node] as number;
  return [0, 1].reduce((sum, side) => {
    const share = all === 0 ? 0.5 : (model.cover[child + side] as number) / all;
    return sum + share * partly(model, child + side, row, known);
  }, 0);
}

/** Shapley values from their definition: every set of features, 2^n of them. */
function shapleyByHand(model: TreeModel, row: Float32Array): number[] {
  const n = model.feature_count;
  const worth = Array.from({ length: 1 << n }, (_, known) =>
    Array.from({ length: model.tree_count }, (_, t) => partly(model, model.roots[t] as number, row, known)).reduce(
      (sum, one) => sum + one,
      0,
    ),
  );
  const factorial = (k: number): number => (k <= 1 ? 1 : k * factorial(k - 1));
  const size = (set: number): number => set.toString(2).replaceAll('0', '').length;
  const values = Array.from({ length: n }, (_, i) =>
    worth.reduce((sum, without, set) => {
      if ((set >> i) & 1) return sum;
      const weight = (factorial(size(set)) * factorial(n - size(set) - 1)) / factorial(n);
      return sum + weight * ((worth[set | (1 << i)] as number) - without);
    }, 0),
  );
  return [...values, (worth[0] as number) + (model.base_margin[0] as number)];
}

const worst = (found: Float64Array, wanted: readonly number[]): number => {
  expect(found.length).toBe(wanted.length);
  return wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - (found[i] as number))), 0);
};

describe.each(WAYS)('by %s', (way) => {
  it.each(FIXTURES)('%s: as pred_contribs, summing to the margin', (name) => {
    const model = readXgboostFile(fixtureBytes(`${name}.generated.json`), name);
    const expected = expectedOf(name);
    const rows = flatRows(expected.rows);
    const count = expected.rows.length;
    const found = explain(model, rows, count, way);
    expect(worst(found, expected.contributions.flat(2))).toBeLessThan(1e-5);
    const margins = new Float64Array(count * model.groups);
    createScorer(model).margins(rows, count, margins);
    const width = model.feature_count + 1;
    margins.forEach((margin, i) => {
      const sum = found.subarray(i * width, (i + 1) * width).reduce((total, one) => total + one, 0);
      expect(sum).toBeCloseTo(margin, 5);
    });
  });

  it.each([
    { trees: 3, depth: 1, features: 2 },
    { trees: 3, depth: 4, features: 3 },
    { trees: 2, depth: 5, features: 8 },
    { trees: 1, depth: 7, features: 10 },
  ])('$trees trees, depth $depth, $features features: the definition of Shapley', (shape) => {
    const model = randomTrees({ ...shape, seed: shape.depth });
    // A branch that no row came by, and one that all did.
    if (shape.depth > 3) {
      const [a, b] = [model.left[1] as number, model.left[2] as number];
      model.cover[a] = 0;
      model.cover[a + 1] = model.cover[1] as number;
      model.cover[b] = 0;
      model.cover[b + 1] = 0;
      model.cover[model.left[b] as number] = 0;
      model.cover[(model.left[b] as number) + 1] = 0;
    }
    const count = 6;
    const rows = randomRows(count, shape.features, { seed: 9, missing: 0.2 });
    const found = explain(model, rows, count, way);
    const wanted = Array.from({ length: count }, (_, r) =>
      shapleyByHand(model, rows.subarray(r * shape.features, (r + 1) * shape.features)),
    );
    expect(worst(found, wanted.flat())).toBeLessThan(1e-12);
  });

  it.skipIf(!isPublished)('agaricus, as the reference run has it', () => {
    const file = 'xgboost/agaricus_published_model_as_xgb1.7.json';
    const model = readXgboostFile(readFileSync(published(file)), file);
    const { rows } = libsvmRows('xgboost/agaricus_test.libsvm.gz', model.feature_count);
    const csv = gunzipSync(readFileSync(published('shap/agaricus_published_model_pred_contribs_first200.csv.gz')));
    const [header = '', ...lines] = csv.toString().trim().split('\n');
    const columns = header.split(',').slice(1);
    const found = explain(model, rows.subarray(0, lines.length * model.feature_count), lines.length, way);
    const width = model.feature_count + 1;
    expect(lines.length).toBe(200);
    lines.forEach((line, r) => {
      const wanted = new Float64Array(width);
      columns.forEach((name, i) => {
        wanted[name === 'bias' ? width - 1 : Number(name.slice(1))] = Number(line.split(',')[i + 1]);
      });
      expect(worst(found.slice(r * width, (r + 1) * width), [...wanted])).toBeLessThan(1e-5);
    });
  });

  it.skipIf(!isPublished)('the small trees of the published notebook', () => {
    const { cases } = JSON.parse(readFileSync(published('shap/shap_notebook_simple_trees.json'), 'utf8')) as {
      cases: Record<string, unknown>[];
    };
    const trees: readonly (readonly [RegExp, (x0: number, x1: number) => number])[] = [
      [/^single split/, (x0) => x0],
      [/^x0 AND x1$/, (x0, x1) => x0 * x1],
      [/^x0 OR x1$/, (x0, x1) => Math.max(x0, x1)],
      [/^x0 XOR x1$/, (x0, x1) => x0 ^ x1],
      [/plus \+1 if x0$/, (x0, x1) => x0 * x1 + x0],
    ];
    for (const one of cases) {
      const f = trees.find(([name]) => name.test(String(one.f)))?.[1];
      if (f === undefined) throw new Error(`an unknown case ${String(one.f)}`);
      for (const [x, at] of [
        ['x=(1,1,1,1)', 1],
        ['x=(0,0,0,0)', 0],
      ] as const) {
        const found = explain(quarters(f), Float32Array.of(at, at, at, at), 1, way);
        expect(worst(found, [...(one[x] as number[]), one.bias as number])).toBeLessThan(1e-9);
      }
    }
    expect(cases.length).toBe(5);
  });
});

it('explains rows the same on both sides of a chunk, and twice', () => {
  const model = randomTrees({ trees: 3, depth: 4, features: 12, seed: 8 });
  const rows = randomRows(1_100, 12, { seed: 4, missing: 0.1 });
  const explainer = createExplainer(model);
  const first = new Float64Array(1_100 * 13);
  const again = new Float64Array(1_100 * 13);
  explainer.contributions(rows, 1_100, first);
  explainer.contributions(rows, 1_100, again);
  expect(again).toEqual(first);
  const last = explain(model, rows.subarray(1_020 * 12), 80, 'paths');
  expect(worst(first.slice(1_020 * 13), [...last])).toBeLessThan(1e-12);
});

it.each([
  ['over many features', { trees: 2, depth: 11, features: 300 }],
  ['of many leaves', { trees: 1, depth: 12, features: 8 }],
])('walks trees %s, which are too large for tables', (_, shape) => {
  const { features } = shape;
  const model = randomTrees({ ...shape, seed: 6 });
  const rows = randomRows(30, features, { seed: 4, missing: 0.1 });
  const found = explain(model, rows, 30, 'tables');
  const margins = new Float64Array(30);
  createScorer(model).margins(rows, 30, margins);
  const width = features + 1;
  margins.forEach((margin, r) => {
    expect(found.subarray(r * width, (r + 1) * width).reduce((sum, one) => sum + one, 0)).toBeCloseTo(margin, 6);
  });
  for (const way of WAYS) expect(worst(found, [...explain(model, rows, 30, way)])).toBeLessThan(1e-12);
});

it.each(WAYS)('gives trees of a single leaf to the bias, by %s', (way) => {
  const model = randomTrees({ trees: 2, depth: 0, features: 2, seed: 3 });
  const bias = (model.value[0] as number) + (model.value[1] as number);
  expect([...explain(model, Float32Array.of(1, Number.NaN), 1, way)]).toEqual([0, 0, bias]);
});

it('refuses covers that are no numbers', () => {
  const model = randomTrees({ trees: 1, depth: 2, features: 2, seed: 1 });
  model.cover[3] = Number.NaN;
  expect(() => createExplainer(model)).toThrow(expect.objectContaining({ code: 'GV-MDL-002' }));
});

/** A tree over x0, then x1 where it matters, fitted on 25 rows of each of the four combinations. */
function quarters(f: (x0: number, x1: number) => number): TreeModel {
  const matters = [0, 1].map((x0) => f(x0, 0) !== f(x0, 1));
  const nodes: { feature: number; left: number; value: number; cover: number }[] = [
    { feature: 0, left: 1, value: 0, cover: 100 },
    { feature: -1, left: 1, value: f(0, 0), cover: 50 },
    { feature: -1, left: 2, value: f(1, 0), cover: 50 },
  ];
  for (const x0 of [0, 1]) {
    if (!matters[x0]) continue;
    nodes[1 + x0] = { feature: 1, left: nodes.length, value: 0, cover: 50 };
    for (const x1 of [0, 1]) nodes.push({ feature: -1, left: nodes.length, value: f(x0, x1), cover: 25 });
  }
  return {
    ...randomTrees({ trees: 1, depth: 1, features: 4, seed: 1 }),
    roots: Int32Array.of(0, nodes.length),
    depths: Int32Array.of(nodes.length > 3 ? 2 : 1),
    feature: Int32Array.from(nodes, ({ feature }) => feature),
    threshold: new Float32Array(nodes.length).fill(0.5),
    left: Int32Array.from(nodes, ({ left }) => left),
    default_left: new Uint8Array(nodes.length),
    value: Float32Array.from(nodes, ({ value }) => value),
    cover: Float32Array.from(nodes, ({ cover }) => cover),
    category_set: new Int32Array(nodes.length).fill(-1),
  };
}
