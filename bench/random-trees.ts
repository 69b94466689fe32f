import type { TreeModel } from '../models/xgboost/tree-model.ts';
import { draw, draws } from './fleet/random.ts';

/** Full trees with features, thresholds, default branches, covers and leaves by chance; margins stay around 0. */
export function randomTrees(shape: { trees: number; depth: number; features: number; seed: number }): TreeModel {
  const { trees, depth, features } = shape;
  const from = draws(shape.seed);
  const size = 2 ** (depth + 1) - 1;
  const inner = 2 ** depth - 1;
  const count = trees * size;
  const model = {
    objective: 'binary:logistic',
    transform: 'sigmoid' as const,
    groups: 1,
    feature_count: features,
    feature_names: [],
    feature_types: [],
    base_margin: new Float32Array(1),
    tree_count: trees,
    roots: Int32Array.from({ length: trees + 1 }, (_, t) => t * size),
    depths: new Int32Array(trees).fill(depth),
    tree_groups: new Int32Array(trees),
    feature: new Int32Array(count).fill(-1),
    threshold: new Float32Array(count),
    left: Int32Array.from({ length: count }, (_, node) => node),
    default_left: new Uint8Array(count),
    value: new Float32Array(count),
    cover: new Float32Array(count),
    category_set: new Int32Array(count).fill(-1),
    sets: [],
  };
  for (let node = 0; node < count; node++) {
    const place = node % size;
    const root = node - place;
    if (place === 0) model.cover[node] = 100_000;
    if (place >= inner) {
      model.value[node] = (draw(from) - 0.5) / 10;
      continue;
    }
    const left = root + 2 * place + 1;
    model.feature[node] = Math.floor(draw(from) * features);
    model.threshold[node] = draw(from) * 2 - 1;
    model.left[node] = left;
    model.default_left[node] = draw(from) < 0.5 ? 1 : 0;
    const share = 0.1 + 0.8 * draw(from);
    model.cover[left] = (model.cover[node] as number) * share;
    model.cover[left + 1] = (model.cover[node] as number) * (1 - share);
  }
  return model;
}

/** Rows of values in -1..1, row by row, with a share of them missing. */
export function randomRows(rows: number, features: number, options: { seed: number; missing: number }): Float32Array {
  const from = draws(options.seed);
  return Float32Array.from({ length: rows * features }, () =>
    draw(from) < options.missing ? Number.NaN : draw(from) * 2 - 1,
  );
}
