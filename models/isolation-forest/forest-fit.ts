import { averagePathLength } from './average-path-length.ts';
import type { Forest } from './forest.ts';
import { treeDraws } from './tree-draws.ts';

export interface ForestOptions {
  readonly trees: number;
  /** Rows that each tree draws, without replacement; all of them where there are fewer. */
  readonly sample_size: number;
  readonly seed: number;
}

export const FOREST_DEFAULTS: ForestOptions = { trees: 100, sample_size: 256, seed: 42 };

/** A forest that grows; a function of rows and options, whatever the slices. */
export interface ForestFit {
  /** Trees so far. */
  readonly built: number;
  /** Grows up to `trees` more; true once all are there. Some 60 us a tree of 256 rows and 40 features. */
  step(trees: number): boolean;
  /** All trees so far, copied. */
  forest(): Forest;
}

interface Nodes {
  count: number;
  feature: Int32Array;
  value: Float64Array;
  child: Uint32Array;
  size: Uint32Array;
}

/** Grows all trees at once. */
export function fitForest(rows: readonly ArrayLike<number>[], options: ForestOptions = FOREST_DEFAULTS): Forest {
  const fit = startForestFit(rows, options);
  fit.step(options.trees);
  return fit.forest();
}

/**
 * Begins a forest over rows of one width; the rows are copied, with the column's median (0 where there is none) for every
 * value that is no finite number. A node splits a feature drawn among those that differ in it, between their smallest and
 * largest value; the depth ends at ceil(log2 of the sample).
 * State    8 B per value of the rows, 20 B per node.
 * Source   Liu, Ting, Zhou 2008, algorithms 1 and 2.
 */
export function startForestFit(rows: readonly ArrayLike<number>[], options: ForestOptions): ForestFit {
  const width = rows[0]?.length ?? 0;
  const medians = columnMedians(rows, width);
  const matrix = new Float64Array(rows.length * width);
  rows.forEach((row, r) => {
    for (let f = 0; f < width; f++) {
      const x = row[f] as number;
      matrix[r * width + f] = Number.isFinite(x) ? x : (medians[f] as number);
    }
  });
  const sample_size = Math.min(options.sample_size, rows.length);
  const roots: number[] = [];
  const nodes: Nodes = {
    count: 0,
    feature: new Int32Array(1024),
    value: new Float64Array(1024),
    child: new Uint32Array(1024),
    size: new Uint32Array(1024),
  };
  const order = new Uint32Array(rows.length);
  const candidates = new Uint32Array(width);
  return {
    get built() {
      return roots.length;
    },
    step(trees) {
      const until = Math.min(options.trees, roots.length + trees);
      while (roots.length < until) {
        const draw = treeDraws(options.seed, roots.length);
        roots.push(nodes.count);
        growTree({ matrix, width, sample_size, draw, order, candidates }, nodes);
      }
      return roots.length >= options.trees;
    },
    forest: () => ({
      features: width,
      sample_size,
      medians: medians.slice(),
      roots: Uint32Array.from(roots),
      feature: nodes.feature.slice(0, nodes.count),
      value: nodes.value.slice(0, nodes.count),
      child: nodes.child.slice(0, nodes.count),
      size: nodes.size.slice(0, nodes.count),
    }),
  };
}

interface Soil {
  readonly matrix: Float64Array;
  readonly width: number;
  readonly sample_size: number;
  readonly draw: () => number;
  /** Scratch: rows in the order of the nodes that hold them, and features that may still differ. */
  readonly order: Uint32Array;
  readonly candidates: Uint32Array;
}

function growTree(soil: Soil, nodes: Nodes): void {
  const { matrix, width, sample_size, draw, order, candidates } = soil;
  for (let i = 0; i < order.length; i++) order[i] = i;
  for (let i = 0; i < sample_size; i++) swap(order, i, i + Math.floor(draw() * (order.length - i)));
  let differing = 0;
  for (let f = 0; f < width; f++) {
    const first = matrix[(order[0] as number) * width + f] as number;
    for (let i = 1; i < sample_size; i++) {
      if (matrix[(order[i] as number) * width + f] === first) continue;
      candidates[differing++] = f;
      break;
    }
  }
  const depth_max = Math.ceil(Math.log2(Math.max(2, sample_size)));

  const grow = (node: number, from: number, until: number, depth: number): void => {
    const size = until - from;
    nodes.size[node] = size;
    nodes.feature[node] = -1;
    nodes.value[node] = depth + averagePathLength(size);
    if (size <= 1 || depth >= depth_max) return;
    for (let tried = 0; tried < differing; tried++) {
      swap(candidates, tried, tried + Math.floor(draw() * (differing - tried)));
      const f = candidates[tried] as number;
      let low = Number.POSITIVE_INFINITY;
      let high = Number.NEGATIVE_INFINITY;
      for (let i = from; i < until; i++) {
        const x = matrix[(order[i] as number) * width + f] as number;
        if (x < low) low = x;
        if (x > high) high = x;
      }
      if (low === high) continue;
      let threshold = low + draw() * (high - low);
      // Rounding may reach the largest value, and an overflowing range none: both sides must get rows.
      if (!(threshold >= low && threshold < high)) threshold = low;
      let middle = from;
      for (let i = from; i < until; i++) {
        if ((matrix[(order[i] as number) * width + f] as number) <= threshold) swap(order, i, middle++);
      }
      const left = addNode(nodes);
      addNode(nodes);
      nodes.feature[node] = f;
      nodes.value[node] = threshold;
      nodes.child[node] = left;
      grow(left, from, middle, depth + 1);
      grow(left + 1, middle, until, depth + 1);
      return;
    }
  };
  grow(addNode(nodes), 0, sample_size, 0);
}

function swap(array: Uint32Array, a: number, b: number): void {
  const held = array[a] as number;
  array[a] = array[b] as number;
  array[b] = held;
}

function addNode(nodes: Nodes): number {
  if (nodes.count === nodes.feature.length) {
    const larger = <T extends Int32Array | Float64Array | Uint32Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    const length = nodes.count * 2;
    nodes.feature = larger(nodes.feature, new Int32Array(length));
    nodes.value = larger(nodes.value, new Float64Array(length));
    nodes.child = larger(nodes.child, new Uint32Array(length));
    nodes.size = larger(nodes.size, new Uint32Array(length));
  }
  return nodes.count++;
}

function columnMedians(rows: readonly ArrayLike<number>[], width: number): Float64Array {
  const medians = new Float64Array(width);
  const column = new Float64Array(rows.length);
  for (let f = 0; f < width; f++) {
    let known = 0;
    for (const row of rows) {
      const x = row[f] as number;
      if (Number.isFinite(x)) column[known++] = x;
    }
    if (known === 0) continue;
    const sorted = column.subarray(0, known).sort();
    const half = known >> 1;
    medians[f] =
      known % 2 === 1 ? (sorted[half] as number) : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
  }
  return medians;
}
