/**
 * How many cases of a sample say as much as one would that shares nothing with others: 1 where groups have nothing in common (boards
 * of a node do not care for each other), the size of a group where its members are all alike (they run the same job). 1 for less than
 * two groups, and where nothing varies. Groups are numbered from 0. O(cases).
 * Source   Kish 1965, 1 + (m - 1) rho; rho is the intraclass correlation of a one-way analysis of variance, none below 0.
 */
export function designEffect(values: ArrayLike<number>, group: ArrayLike<number>, groups: number): number {
  const cases = values.length;
  const size = new Float64Array(groups);
  const sums = new Float64Array(groups);
  let all = 0;
  for (let i = 0; i < cases; i++) {
    const [at, value] = [group[i] as number, values[i] as number];
    size[at] = (size[at] as number) + 1;
    sums[at] = (sums[at] as number) + value;
    all += value;
  }
  const filled = size.filter((count) => count > 0).length;
  if (filled < 2 || cases <= filled) return 1;
  const mean = all / cases;
  let between = 0;
  let squares = 0;
  for (let g = 0; g < groups; g++) {
    const count = size[g] as number;
    if (count === 0) continue;
    between += count * ((sums[g] as number) / count - mean) ** 2;
    squares += count ** 2;
  }
  let within = 0;
  for (let i = 0; i < cases; i++) {
    const at = group[i] as number;
    within += ((values[i] as number) - (sums[at] as number) / (size[at] as number)) ** 2;
  }
  const of_between = between / (filled - 1);
  const of_within = within / (cases - filled);
  /** Size of a group, as the expected mean squares have it. */
  const m = (cases - squares / cases) / (filled - 1);
  const spread = of_between + (m - 1) * of_within;
  const rho = spread > 0 ? (of_between - of_within) / spread : 0;
  return 1 + (m - 1) * Math.max(0, rho);
}
