export interface PageHinkleyOptions {
  /** Readings before a change may be told. */
  readonly readings_min: number;
  /** Deviation from the mean that is taken for chance. */
  readonly delta: number;
  /** Sum that is a change. */
  readonly threshold: number;
  /** Factor by which the sum so far counts for the next reading, just below 1. */
  readonly alpha: number;
}

/** Numbers of state: readings, their mean, the sum. */
export const PAGE_HINKLEY_CELLS = 3;

/**
 * Page-Hinkley test for a rise of the mean: the sum of (reading - running mean - delta) that never falls below 0.
 *
 * State   PAGE_HINKLEY_CELLS numbers from `cells[at]`, all 0 when fresh; it starts anew by itself after a change.
 * Time    O(1).
 * Source  Page 1954; Hinkley 1971; Mouss et al. 2004, Test of Page-Hinkley, an approach for fault detection in an
 *         agro-alimentary production system; parameters as in scikit-multiflow and river, which decay the sum by alpha.
 */
export interface PageHinkley {
  /** Takes a reading; true when it completes a change. */
  update(cells: Float64Array, at: number, reading: number): boolean;
}

export const pageHinkley = ({ readings_min, delta, threshold, alpha }: PageHinkleyOptions): PageHinkley => ({
  update(cells, at, reading) {
    const readings = (cells[at] as number) + 1;
    const mean = (cells[at + 1] as number) + (reading - (cells[at + 1] as number)) / readings;
    const sum = Math.max(0, alpha * (cells[at + 2] as number) + (reading - mean - delta));
    const changed = readings >= readings_min && sum > threshold;
    cells[at] = changed ? 0 : readings;
    cells[at + 1] = changed ? 0 : mean;
    cells[at + 2] = changed ? 0 : sum;
    return changed;
  },
});
