import { inCategories } from './categories.ts';
import type { TreeModel } from './tree-model.ts';

/** Which way a value takes at an inner node; NaN is missing. f32 against f32, as XGBoost compares. */
export function goesRight(model: TreeModel, node: number, value: number): boolean {
  if (Number.isNaN(value)) return model.default_left[node] === 0;
  const set = model.category_set[node] as number;
  if (set === -1) return !(value < (model.threshold[node] as number));
  return inCategories(model.sets[set] as Uint32Array, value);
}
