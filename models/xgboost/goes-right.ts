import type { TreeModel } from './tree-model.ts';

/** XGBoost's bound: what is not below it, or is negative, is no category. */
const CATEGORY_END = 2 ** 24;

/** Which way a value takes at an inner node; NaN is missing. f32 against f32, as XGBoost compares. */
export function goesRight(model: TreeModel, node: number, value: number): boolean {
  if (Number.isNaN(value)) return model.default_left[node] === 0;
  const set = model.category_set[node] as number;
  if (set === -1) return !(value < (model.threshold[node] as number));
  return inCategories(model.sets[set] as Uint32Array, value);
}

/** Whether the whole part of a value is one of the categories that go right. What is no category goes left. */
function inCategories(set: Uint32Array, value: number): boolean {
  if (!(value >= 0 && value < CATEGORY_END)) return false;
  const category = Math.trunc(value);
  return (((set[category >>> 5] ?? 0) >>> (category & 31)) & 1) === 1;
}
