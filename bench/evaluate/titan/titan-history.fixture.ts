import { historyOf, type TitanHistory, type TitanLine } from './titan-records.ts';

const DAY_MS = 86_400_000;
const START = Date.UTC(2015, 0, 1);
const text = (day: number): string =>
  new Date(START + Math.round(day * 86_400) * 1_000).toISOString().slice(0, 19).replace('T', ' ');

/** mulberry32: 0 <= x < 1. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface MadeHistoryOptions {
  readonly gpus: number;
  readonly months: number;
  readonly seed: number;
  /** From this day on it is the other end of the machine that fails. */
  readonly turn_day: number;
}

/** A made-up machine in the form of Titan's records: the top cage fails often; at `turn_day` the bottom one takes over. */
export function madeHistory({ gpus, months, seed, turn_day }: MadeHistoryOptions): TitanHistory {
  const next = randomOf(seed);
  const end = months * 30.4;
  const lines: TitanLine[] = [];
  for (let i = 0; i < gpus; i++) {
    const gpu = `0323712${String(i).padStart(6, '0')}`;
    const cage = i % 3;
    const location = `c${i % 25}-${(i >> 3) % 8}c${cage}s${(i >> 2) % 8}n${i % 4}`;
    let from = next() * 10;
    while (from < end) {
      const daily = (turned: boolean): number => (cage === (turned ? 0 : 2) ? 1 / 150 : 1 / 5_000);
      let failing = from - Math.log(1 - next()) / daily(from > turn_day);
      if (from < turn_day && failing > turn_day) failing = turn_day - Math.log(1 - next()) / daily(true);
      const taken = from - 2_000 * Math.log(1 - next());
      const remove = Math.min(failing, taken, end);
      const event = remove === failing ? (next() < 0.7 ? 'DBE' : 'OTB') : '';
      lines.push({ gpu, location, insert: text(from), remove: text(remove), event });
      from = remove + 3 + next() * 5;
    }
  }
  return historyOf(lines);
}

/** Days since 1970 of a day of the made-up machine. */
export const madeDay = (day: number): number => START / DAY_MS + day;
