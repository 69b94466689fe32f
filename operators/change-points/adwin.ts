/** How many buckets of one size there may be before the two oldest become one of the next size. */
const BUCKETS_MAX = 5;
/** A cut is looked for every so many readings, */
const CLOCK = 32;
/** in windows longer than this, */
const WIDTH_MIN = 10;
/** between parts of at least this length. */
const PART_MIN = 5;

/**
 * Plain data. `rows[i]` holds the buckets of 2^i readings, oldest first, as pairs: sum of the readings, sum of their squared
 * deviations from the bucket's mean.
 */
export interface AdwinState {
  readings: number;
  width: number;
  sum: number;
  /** Sum of the squared deviations from the window's mean. */
  squares: number;
  readonly rows: number[][];
}

/** The likeliest place of a change (least squares): the means around it, and how many readings came after. */
export interface AdwinCut {
  readonly before: number;
  readonly after: number;
  readonly newer: number;
}

/** A window that has seen nothing. */
export const adwinStart = (): AdwinState => ({ readings: 0, width: 0, sum: 0, squares: 0, rows: [[]] });

/**
 * Adaptive windowing: keeps the longest window in which no two parts have means that differ by more than chance allows, and
 * tells when it had to let older readings go. `clock` is how many readings pass between two looks, 32 as published.
 *
 * State   about 10 numbers for each doubling of the window's length: 6 rows of 5 buckets for 160 readings.
 * Time    O(1) amortised; a look costs O(buckets).
 * Source  Bifet & Gavalda 2007, Learning from time-changing data with adaptive windowing (SDM); cut rule and bucket variances
 *         as MOA, scikit-multiflow and river have them, where the newest bucket of each row always counts as newer.
 */
export function adwinUpdate(state: AdwinState, reading: number, delta: number, clock: number = CLOCK): AdwinCut | null {
  insert(state, reading);
  state.readings++;
  if (state.readings % clock !== 0 || state.width <= WIDTH_MIN) return null;
  if (!hasCut(state, delta)) return null;
  const cut = likeliestCut(state);
  do dropOldest(state);
  while (hasCut(state, delta));
  return cut;
}

function insert(state: AdwinState, reading: number): void {
  const { rows } = state;
  (rows[0] as number[]).push(reading, 0);
  if (state.width > 0) {
    const deviation = reading - state.sum / state.width;
    state.squares += (deviation * deviation * state.width) / (state.width + 1);
  }
  state.width++;
  state.sum += reading;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number[];
    if (row.length <= 2 * BUCKETS_MAX) return;
    if (i + 1 === rows.length) rows.push([]);
    const size = 2 ** i;
    const [sum0, squares0, sum1, squares1] = row.splice(0, 4) as [number, number, number, number];
    const between = (sum0 - sum1) ** 2 / (2 * size);
    (rows[i + 1] as number[]).push(sum0 + sum1, squares0 + squares1 + between);
  }
}

function hasCut(state: AdwinState, delta: number): boolean {
  const { rows, width } = state;
  const chance = Math.log((2 * Math.log(width)) / delta);
  const variance = state.squares / width;
  let old_n = 0;
  let old_sum = 0;
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i] as number[];
    const size = 2 ** i;
    for (let b = 0; b < row.length - 2; b += 2) {
      old_n += size;
      old_sum += row[b] as number;
      const new_n = width - old_n;
      if (old_n < PART_MIN || new_n < PART_MIN) continue;
      const difference = Math.abs(old_sum / old_n - (state.sum - old_sum) / new_n);
      const m = 1 / (old_n - PART_MIN + 1) + 1 / (new_n - PART_MIN + 1);
      if (difference > Math.sqrt(2 * m * variance * chance) + (2 / 3) * chance * m) return true;
    }
  }
  return false;
}

function likeliestCut({ rows, width, sum }: AdwinState): AdwinCut {
  let cut: AdwinCut = { before: sum / width, after: sum / width, newer: width };
  let best = 0;
  let old_n = 0;
  let old_sum = 0;
  for (let i = rows.length - 1; i >= 0; i--) {
    const row = rows[i] as number[];
    for (let b = 0; b < row.length; b += 2) {
      old_n += 2 ** i;
      old_sum += row[b] as number;
      const newer = width - old_n;
      const before = old_sum / old_n;
      const after = (sum - old_sum) / newer;
      // What the two means explain of the window's squares; the very end is no place for a change.
      const explained = newer === 0 ? 0 : (before - after) ** 2 * old_n * newer;
      if (explained <= best) continue;
      best = explained;
      cut = { before, after, newer };
    }
  }
  return cut;
}

function dropOldest(state: AdwinState): void {
  const { rows } = state;
  const last = rows.length - 1;
  const size = 2 ** last;
  const row = rows[last] as number[];
  const [sum, squares] = row.splice(0, 2) as [number, number];
  state.width -= size;
  state.sum -= sum;
  const apart = sum / size - state.sum / state.width;
  state.squares -= squares + (size * state.width * apart * apart) / (size + state.width);
  if (row.length === 0 && last > 0) rows.pop();
}
