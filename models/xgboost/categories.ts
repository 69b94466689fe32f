/** XGBoost's bound: what is not below it, or is negative, is no category. */
const CATEGORY_END = 2 ** 24;

/** Whether a value that is not missing goes right: its whole part is one of the set. What is no category goes left. */
export function inCategories(set: Uint32Array, value: number): boolean {
  if (!(value >= 0 && value < CATEGORY_END)) return false;
  const category = Math.trunc(value);
  return (((set[category >>> 5] ?? 0) >>> (category & 31)) & 1) === 1;
}
