import { VitalsError } from '../../pipeline/contract/errors.ts';
import { averagePathLength } from './average-path-length.ts';
import type { Forest, ForestData } from './forest.ts';

/** The forest as JSON can carry it, bit for bit. */
export function forestData(forest: Forest): ForestData {
  return {
    features: forest.features,
    sample_size: forest.sample_size,
    medians: Array.from(forest.medians),
    roots: Array.from(forest.roots),
    feature: Array.from(forest.feature),
    value: Array.from(forest.value),
    child: Array.from(forest.child),
    size: Array.from(forest.size),
  };
}

/** Back from JSON. Errors: GV-CLI-002 for what is no forest; one that is taken can be walked without leaving its arrays. */
export function readForest(data: ForestData): Forest {
  const { features, sample_size } = data;
  const nodes = data.feature?.length ?? 0;
  const lists = [data.medians, data.roots, data.feature, data.value, data.child, data.size];
  if (!lists.every(isNumbers)) throw refused('a list is missing or holds something else than numbers');
  if (![data.value, data.child, data.size].every((list) => list.length === nodes)) {
    throw refused(`${nodes} nodes, but lists of other lengths`);
  }
  if (!Number.isInteger(features) || data.medians.length !== features || !(sample_size > 0)) {
    throw refused('width and sample size do not fit');
  }
  if (data.roots.length === 0 || !data.roots.every((root) => isIndex(root, nodes))) throw refused('a tree has no root');
  data.feature.forEach((feature, node) => {
    if (feature === -1) return;
    const child = data.child[node] as number;
    // Children lie behind their parent, so that every walk ends.
    if (!isIndex(feature, features) || !isIndex(child, nodes - 1) || child <= node) {
      throw refused(`node ${node} leads nowhere`);
    }
  });
  return {
    features,
    sample_size,
    medians: Float64Array.from(data.medians),
    roots: Uint32Array.from(data.roots),
    feature: Int32Array.from(data.feature),
    value: Float64Array.from(data.value),
    child: Uint32Array.from(data.child),
    size: Uint32Array.from(data.size),
  };
}

/** The arrays that scikit-learn keeps of each tree (`tree_`): -1 children and -2 features are leaves. */
export interface SklearnTree {
  readonly feature: readonly number[];
  readonly threshold: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly n_node_samples: readonly number[];
}

/**
 * A forest of scikit-learn's IsolationForest. It compares single-precision values: give it rows rounded by Math.fround to
 * get its scores, which are `-score_samples`.
 */
export function readSklearnForest(options: {
  readonly trees: readonly SklearnTree[];
  /** `max_samples_`. */
  readonly sample_size: number;
  readonly features: number;
}): Forest {
  const data = {
    roots: [] as number[],
    feature: [] as number[],
    value: [] as number[],
    child: [] as number[],
    size: [] as number[],
  };
  const reserve = (count: number): number => {
    const first = data.feature.length;
    for (let i = 0; i < count; i++) {
      for (const list of [data.feature, data.value, data.child, data.size]) list.push(0);
    }
    return first;
  };
  for (const tree of options.trees) {
    const root = reserve(1);
    data.roots.push(root);
    const waiting = [{ from: 0, to: root, depth: 0 }];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { from, to, depth } = next;
      const size = tree.n_node_samples[from] as number;
      const left = tree.left[from] as number;
      data.size[to] = size;
      if (left < 0) {
        data.feature[to] = -1;
        data.value[to] = depth + averagePathLength(size);
        continue;
      }
      const child = reserve(2);
      data.feature[to] = tree.feature[from] as number;
      data.value[to] = tree.threshold[from] as number;
      data.child[to] = child;
      waiting.push({ from: tree.right[from] as number, to: child + 1, depth: depth + 1 });
      waiting.push({ from: left, to: child, depth: depth + 1 });
    }
  }
  const medians = new Array<number>(options.features).fill(0);
  return readForest({ features: options.features, sample_size: options.sample_size, medians, ...data });
}

const isNumbers = (list: unknown): list is readonly number[] =>
  Array.isArray(list) && list.every((x) => typeof x === 'number');

const isIndex = (n: number, length: number): boolean => Number.isInteger(n) && n >= 0 && n < length;

const refused = (what: string): VitalsError =>
  new VitalsError('GV-CLI-002', `This is no isolation forest: ${what}`, '');
