export interface CusumOptions {
  /** Deviation per unit of weight that is taken for chance and never adds up. */
  readonly slack: number;
  /** Sum that is a change. */
  readonly threshold: number;
  /** Most that one reading may add, so that a single wild one is no change; Infinity for Page's own rule. */
  readonly step_max: number;
}

/**
 * One-sided cumulative sum for a rise: S = max(0, S + deviation - slack), a change when S exceeds the threshold.
 *
 * State   one number in `cells[at]`, 0 when fresh.
 * Time    O(1).
 * Source  Page 1954, Continuous inspection schemes, Biometrika 41(1/2), here as the tabular form of the rise.
 */
export interface Cusum {
  /** Takes a deviation from the usual level, `weight` units long; true when it completes a change. The caller resets. */
  update(cells: Float64Array, at: number, deviation: number, weight: number): boolean;
}

export const cusum = ({ slack, threshold, step_max }: CusumOptions): Cusum => ({
  update(cells, at, deviation, weight) {
    const sum = Math.max(0, (cells[at] as number) + Math.min(step_max, (deviation - slack) * weight));
    cells[at] = sum;
    return sum > threshold;
  },
});
