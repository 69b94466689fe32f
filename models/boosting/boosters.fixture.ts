import { readFileSync } from 'node:fs';
import type { BoostingData } from './boosting-data.ts';

interface Booster {
  readonly name: string;
  readonly params: Record<string, unknown>;
  readonly weighted: boolean;
  readonly base_score: number;
  /** Level by level: feature (-1 for a leaf), threshold or leaf, 1 when missing goes left, loss change, hessian. */
  readonly trees: readonly (readonly Node[])[];
}

type Node = readonly [feature: number, value: number, default_left: number, loss_change: number, hessian: number];

/** What XGBoost grew of `madeRows`; see fixtures/make-fixtures.py. */
export const BOOSTERS: {
  readonly cases: readonly Booster[];
  readonly auc: { readonly params: Record<string, unknown>; readonly later: number };
} = JSON.parse(readFileSync(new URL('fixtures/boosters.generated.json', import.meta.url), 'utf8'));

/** The rows of make-fixtures.py: missing values, every second column of few values, and a signal to learn. */
export function madeRows(rows: number, columns: number, seed: number) {
  let state = seed;
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  const values = new Float32Array(rows * columns);
  const signal = new Float64Array(rows);
  const weights = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const own = Array.from({ length: columns }, draw).map((x, i) => (i % 2 === 0 ? x : Math.floor(x * 8) / 8));
    const [a = 0, b = 0, c = 0, d = 0] = own;
    values.set(own, row * columns);
    signal[row] = a - b + 2 * c * d + (draw() - 0.5);
    weights[row] = Math.floor(draw() * 4);
    for (let i = 0; i < columns; i++) if (draw() < 0.1) values[row * columns + i] = Number.NaN;
  }
  return { values, signal, weights, rows, features: Array.from({ length: columns }, (_, i) => `f${i}`) };
}

/** The same with labels: above a limit, between two, or the signal itself. */
export function labelledRows(made: ReturnType<typeof madeRows>, label: (signal: number) => number): BoostingData {
  return {
    values: made.values,
    rows: made.rows,
    features: made.features,
    labels: Float32Array.from(made.signal, label),
  };
}

interface Learner {
  readonly learner: {
    readonly attributes: Record<string, string>;
    readonly learner_model_param: Record<string, string>;
    readonly gradient_booster: { readonly model: { readonly trees: readonly TreeLists[] } };
  };
}

interface TreeLists {
  readonly left_children: readonly number[];
  readonly right_children: readonly number[];
  readonly split_indices: readonly number[];
  readonly split_conditions: readonly number[];
  readonly default_left: readonly number[];
  readonly loss_changes: readonly number[];
  readonly sum_hessian: readonly number[];
}

export const learnerOf = (document: unknown): Learner['learner'] => (document as Learner).learner;

export const treesOf = (document: unknown): readonly TreeLists[] => learnerOf(document).gradient_booster.model.trees;

/** Level by level, as in the fixtures. */
export function nodesOf(tree: TreeLists): Node[] {
  const order = [0];
  for (let i = 0; i < order.length; i++) {
    const node = order[i] as number;
    if (tree.left_children[node] === -1) continue;
    order.push(tree.left_children[node] as number, tree.right_children[node] as number);
  }
  return order.map((node) => [
    tree.left_children[node] === -1 ? -1 : (tree.split_indices[node] as number),
    tree.split_conditions[node] as number,
    tree.default_left[node] as number,
    tree.loss_changes[node] as number,
    tree.sum_hessian[node] as number,
  ]);
}
