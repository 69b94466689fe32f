/**
 * Count, mean, spread, extremes and the sums for least squares on time of one set of readings, as eight numbers in a
 * typed array: one cache line. Times are seconds since an origin that the owner of the array knows.
 *
 * Source  Welford 1962 for one reading, Chan, Golub & LeVeque 1983 for two sets; co-moments after Pébay 2008. Nothing is
 *         ever subtracted from a set, so nothing drifts.
 */
export const MOMENT = {
  count: 0,
  mean: 1,
  squares: 2,
  min: 3,
  max: 4,
  time: 5,
  timeSquares: 6,
  timeProducts: 7,
} as const;
export const MOMENTS = 8;

const SECONDS_PER_DAY = 86_400;

/** Adds the reading `value` at `time`. */
export function addReading(sets: Float64Array, at: number, value: number, time: number): void {
  const count = (sets[at] as number) + 1;
  sets[at] = count;
  if (count === 1) {
    sets[at + 1] = value;
    sets[at + 2] = 0;
    sets[at + 3] = value;
    sets[at + 4] = value;
    sets[at + 5] = time;
    sets[at + 6] = 0;
    sets[at + 7] = 0;
    return;
  }
  const weight = 1 / count;
  const before = value - (sets[at + 1] as number);
  const mean = (sets[at + 1] as number) + before * weight;
  const after = value - mean;
  const elapsed = time - (sets[at + 5] as number);
  const meanTime = (sets[at + 5] as number) + elapsed * weight;
  sets[at + 1] = mean;
  sets[at + 2] = (sets[at + 2] as number) + before * after;
  if (value < (sets[at + 3] as number)) sets[at + 3] = value;
  if (value > (sets[at + 4] as number)) sets[at + 4] = value;
  sets[at + 5] = meanTime;
  sets[at + 6] = (sets[at + 6] as number) + elapsed * (time - meanTime);
  sets[at + 7] = (sets[at + 7] as number) + elapsed * after;
}

/** Adds a whole set, given by its numbers; its time is counted from the origin of the set it is added to. */
export function addSet(
  sets: Float64Array,
  at: number,
  count: number,
  mean: number,
  squares: number,
  min: number,
  max: number,
  time: number,
  timeSquares: number,
  timeProducts: number,
): void {
  const had = sets[at] as number;
  if (had === 0) {
    sets[at] = count;
    sets[at + 1] = mean;
    sets[at + 2] = squares;
    sets[at + 3] = min;
    sets[at + 4] = max;
    sets[at + 5] = time;
    sets[at + 6] = timeSquares;
    sets[at + 7] = timeProducts;
    return;
  }
  const total = had + count;
  const share = count / total;
  const between = had * share;
  const apart = mean - (sets[at + 1] as number);
  const elapsed = time - (sets[at + 5] as number);
  sets[at] = total;
  sets[at + 1] = (sets[at + 1] as number) + apart * share;
  sets[at + 2] = (sets[at + 2] as number) + squares + apart * apart * between;
  if (min < (sets[at + 3] as number)) sets[at + 3] = min;
  if (max > (sets[at + 4] as number)) sets[at + 4] = max;
  sets[at + 5] = (sets[at + 5] as number) + elapsed * share;
  sets[at + 6] = (sets[at + 6] as number) + timeSquares + elapsed * elapsed * between;
  sets[at + 7] = (sets[at + 7] as number) + timeProducts + elapsed * apart * between;
}

/** NaN without a reading. */
export const meanOf = (set: Float64Array): number =>
  set[MOMENT.count] === 0 ? Number.NaN : (set[MOMENT.mean] as number);
export const minOf = (set: Float64Array): number =>
  set[MOMENT.count] === 0 ? Number.NaN : (set[MOMENT.min] as number);
export const maxOf = (set: Float64Array): number =>
  set[MOMENT.count] === 0 ? Number.NaN : (set[MOMENT.max] as number);

/** Sample standard deviation (n - 1); NaN with fewer than two readings. */
export const deviationOf = (set: Float64Array): number => {
  const count = set[MOMENT.count] as number;
  return count < 2 ? Number.NaN : Math.sqrt((set[MOMENT.squares] as number) / (count - 1));
};

/** Least-squares slope, per day; NaN when all readings are of one instant. */
export const trendOf = (set: Float64Array): number => {
  const spread = set[MOMENT.timeSquares] as number;
  return set[MOMENT.count] === 0 || !(spread > 0)
    ? Number.NaN
    : ((set[MOMENT.timeProducts] as number) / spread) * SECONDS_PER_DAY;
};
