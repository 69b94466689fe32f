import { PLANTED_START_MS } from '../../models/prediction/planted.fixture.ts';
import type { FeatureVector } from '../contract/events.ts';
import { FEATURE_COUNT, findFeature } from '../contract/features.ts';
import type { FailureLabel } from '../contract/predictions.ts';
import { days, hours } from '../contract/time.ts';
import type { TrainingHistory } from './train-on-history.ts';

const CLOCK = findFeature('sm_clock_mhz_peer_deviation_1h');
const HEAT = findFeature('gpu_temp_celsius_mean_1h');
const AGE = findFeature('gpu_age_days');
const HOTTEST = findFeature('gpu_temp_max');

/** Evenly within 0..1, the same for the same three numbers. */
function chance(a: number, b: number, c: number): number {
  let x = Math.imul(a + 1, 0x9e3779b1) ^ Math.imul(b + 7, 0x85ebca6b) ^ Math.imul(c + 13, 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return ((x ^ (x >>> 15)) >>> 0) / 4_294_967_296;
}

/**
 * Boards of which some fail, whose clock lags a little behind their peers' in the month before: any hour by itself says next to
 * nothing, and trees do not see hours at all; a day of them says nearly everything. One vector an hour. `told_by` the temperature:
 * the same with heat instead.
 */
export function courseHistory(options: {
  readonly gpus: number;
  readonly days: number;
  readonly seed: number;
  readonly failing_share: number;
  readonly told_by?: 'clock' | 'temperature';
  /** Hours between two vectors. */
  readonly every_hours?: number;
}): TrainingHistory & { readonly failures: readonly FailureLabel[]; readonly reads: ReadonlySet<string>[] } {
  const { gpus, seed, failing_share, told_by = 'clock', every_hours = 1 } = options;
  const from = PLANTED_START_MS;
  const until = from + days(options.days);
  const lives = Array.from({ length: gpus }, (_, i) => {
    const fails = chance(seed, i, 1) < failing_share;
    return {
      i,
      gpu_uuid: `GPU-${seed}-${Math.floor(1e9 * chance(seed, i, 3))}`,
      failed_at: fails ? from + days(20) + chance(seed, i, 2) * days(options.days - 20) : Number.POSITIVE_INFINITY,
    };
  });
  const failures = lives.flatMap(({ gpu_uuid, failed_at }): FailureLabel[] =>
    failed_at < until
      ? [
          {
            ts: failed_at,
            gpu_uuid,
            node: 'n',
            failed_at,
            type: 'other',
            source: 'hand',
            note: '',
            status: 'confirmed',
          },
        ]
      : [],
  );
  const reads: ReadonlySet<string>[] = [];
  return {
    failures,
    from,
    until,
    reads,
    async *vectors(first, last, every_ms, only) {
      if (only !== undefined) reads.push(only);
      const step = Math.max(every_ms, hours(every_hours));
      for (let ts = Math.ceil(first / step) * step; ts < last; ts += step) {
        const vectors: FeatureVector[] = [];
        for (const { i, gpu_uuid, failed_at } of lives) {
          if (ts >= failed_at || (only !== undefined && !only.has(gpu_uuid))) continue;
          const hour = ts / hours(1);
          const lag = failed_at - ts < days(30) ? 1 : 0;
          const values = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
          values[CLOCK] = 2 * chance(i, hour, seed) - 1 - (told_by === 'clock' ? 0.5 * lag : 0);
          values[HEAT] = 60 + 10 * chance(i, hour, seed + 1) + (told_by === 'temperature' ? 2.5 * lag : 0);
          values[AGE] = 100 + (ts - from) / days(1);
          values[HOTTEST] = 70 + 5 * chance(i, hour, seed + 2);
          vectors.push(vectorOf(gpu_uuid, ts, values));
        }
        if (vectors.length > 0) yield vectors;
      }
    },
  };
}

const NOTHING = new Float64Array(0);

const vectorOf = (gpu_uuid: string, ts: number, values: Float64Array): FeatureVector => ({
  ts,
  gpu_uuid,
  node: 'n',
  instance: '',
  model: '',
  job: '',
  values,
  latest: NOTHING,
  latest_ts: ts,
  arrived_at: ts,
  final: false,
});
