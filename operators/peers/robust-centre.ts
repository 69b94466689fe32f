export interface RobustCentre {
  readonly median: number;
  /** Median absolute deviation from the median, unscaled. */
  readonly mad: number;
}

/** Median and MAD of the first `count` values, which it sorts. Cost: two sorts. */
export function robustCentre(values: Float64Array, count: number): RobustCentre {
  const sorted = values.subarray(0, count).sort();
  const median = middle(sorted);
  const distances = sorted.map((value) => Math.abs(value - median)).sort();
  return { median, mad: middle(distances) };
}

function middle(sorted: Float64Array): number {
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}
