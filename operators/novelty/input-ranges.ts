import { inputIndex, type KeptRow, NOVELTY_FEATURES } from './novelty-features.ts';

/** Between which values of its inputs a feature's line was learned: plain data, by feature, then input; null = by none. */
export type InputRanges = readonly (readonly (readonly [low: number, high: number] | null)[])[];

const GIVEN = NOVELTY_FEATURES.map(({ given }) => given.map(inputIndex));
/** Rows on either side that do not widen a range, and by what share of it a row may lie outside. */
const TAIL_SHARE = 0.05;
const MARGIN_SHARE = 0.5;

/** Learns them from rows: what nine of ten show, and half as far again on either side. */
export function learnInputRanges(rows: readonly KeptRow[]): InputRanges {
  return GIVEN.map((inputs) =>
    inputs.map((input) => {
      const known = rows.map((row) => row[input]).filter((x) => typeof x === 'number');
      if (known.length === 0) return null;
      known.sort((a, b) => a - b);
      const tail = Math.floor(known.length * TAIL_SHARE);
      const low = known[tail] as number;
      const high = known[known.length - 1 - tail] as number;
      const margin = (high - low) * MARGIN_SHARE;
      return [low - margin, high + margin];
    }),
  );
}

/**
 * Whether a row's inputs lie where the feature's line was learned. Outside, a line tells anything: a board that idles among busy
 * ones would be too cool for its work.
 */
export function isWithinRanges(ranges: InputRanges, row: KeptRow, f: number): boolean {
  const inputs = GIVEN[f] as readonly number[];
  return inputs.every((input, g) => {
    const range = ranges[f]?.[g] ?? null;
    const x = row[input];
    return range !== null && typeof x === 'number' && x >= range[0] && x <= range[1];
  });
}
