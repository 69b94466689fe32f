import { FEATURES, type FeatureDefinition } from '../../pipeline/contract/features.ts';
import { simulateLives } from './run-lives.ts';

/** What becomes of a feature when the same lives are sampled less often. */
export interface CadenceFigure {
  readonly feature: string;
  /** Pairs of vectors of one board and instant in which one of the two is not 0. */
  readonly pairs: number;
  /** Mean at the long interval over that at the short one, and of the medians likewise. */
  readonly mean_ratio: number;
  readonly median_ratio: number;
  /** Median distance within a pair, against the spread over boards (interquartile range, or the median where that is larger). */
  readonly pair_change: number;
  /** `same` where the number keeps its meaning; `unknown` where too few pairs tell. */
  readonly verdict: 'same' | 'different' | 'unknown';
}

export interface CadenceOptions {
  readonly gpus: number;
  readonly days: number;
  readonly seed: number;
  readonly short_ms: number;
  readonly long_ms: number;
  /** Reads what is compared from a vector's values, in the order of `names`; default: all features as they are. */
  readonly names?: readonly string[];
  readonly read?: (values: Float64Array, into: Float64Array) => void;
}

const PAIRS_MIN = 150;
const CHANGE_MAX = 0.15;
const SIX_HOURS_MS = 21_600_000;

/**
 * The same lives at two cadences, feature by feature. Gauges keep their meaning when a board's number moves by less than
 * 15 % of what tells boards apart; rates and counts, of which a single event more or less changes the number, when their
 * mean over the fleet stays within 15 %. Cost: 4 us a row.
 */
export function compareCadences(options: CadenceOptions): CadenceFigure[] {
  const { names = FEATURES.map(({ name }) => name), read = (values, into) => into.set(values) } = options;
  const sample = (interval_ms: number): Map<string, Float64Array> => {
    const { gpus, days, seed } = options;
    const lives = simulateLives({ gpus, days, seed, interval_ms, every_ms: SIX_HOURS_MS, failure_rate_scale: 30 });
    const out = new Map<string, Float64Array>();
    for (const vectors of lives.vectors()) {
      for (const { gpu_uuid, ts, values } of vectors) {
        const kept = new Float64Array(names.length);
        read(values, kept);
        out.set(`${gpu_uuid} ${ts}`, kept);
      }
    }
    return out;
  };
  const short = sample(options.short_ms);
  const long = sample(options.long_ms);
  return names.map((name, k) => figureOf(name, pairsOf(short, long, k)));
}

type Pair = readonly [short: number, long: number];

function pairsOf(short: ReadonlyMap<string, Float64Array>, long: ReadonlyMap<string, Float64Array>, k: number): Pair[] {
  const pairs: Pair[] = [];
  for (const [key, values] of short) {
    const a = values[k] as number;
    const b = long.get(key)?.[k] ?? Number.NaN;
    if (!Number.isNaN(a) && !Number.isNaN(b) && (a !== 0 || b !== 0)) pairs.push([a, b]);
  }
  return pairs;
}

const isEvents = ({ source }: FeatureDefinition): boolean => source.of === 'rate' || source.of === 'tally';

function figureOf(feature: string, pairs: readonly Pair[]): CadenceFigure {
  const short = pairs.map(([a]) => a).toSorted((a, b) => a - b);
  const long = pairs.map(([, b]) => b).toSorted((a, b) => a - b);
  const at = (sorted: readonly number[], share: number): number =>
    sorted[Math.floor(share * sorted.length)] ?? Number.NaN;
  const sum = (list: readonly number[]): number => list.reduce((total, x) => total + x, 0);
  const mean_ratio = sum(long) / sum(short);
  const median_ratio = at(long, 0.5) / at(short, 0.5);
  const changes = pairs.map(([a, b]) => Math.abs(b - a)).toSorted((a, b) => a - b);
  const spread = Math.max(at(short, 0.75) - at(short, 0.25), Math.abs(at(short, 0.5)));
  const pair_change = at(changes, 0.5) / spread;
  const events = FEATURES.some((one) => feature.endsWith(one.name) && isEvents(one));
  const same = pair_change <= CHANGE_MAX || (events && Math.abs(mean_ratio - 1) <= CHANGE_MAX);
  const verdict = pairs.length < PAIRS_MIN ? 'unknown' : same ? 'same' : 'different';
  return { feature, pairs: pairs.length, mean_ratio, median_ratio, pair_change, verdict };
}
