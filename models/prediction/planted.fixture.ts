import { draw, draws } from '../../bench/fleet/random.ts';
import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { FEATURE_COUNT, findFeature } from '../../pipeline/contract/features.ts';
import { METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import type { FailureLabel, FailureType } from '../../pipeline/contract/predictions.ts';
import type { LabelledHistory } from './train-ensemble.ts';

const DAY_MS = 86_400_000;
export const PLANTED_START_MS = Date.UTC(2026, 0, 1);
export const PLANTED_FEATURES = [
  'gpu_temp_max',
  'gpu_temp_mean',
  'sm_active_mean',
  'ecc_sbe_volatile_per_day_7d',
  'gpu_age_days',
] as const;

/** A vector with these features, everything else unknown. */
export function plantedVector(
  gpu_uuid: string,
  ts: number,
  known: Readonly<Partial<Record<string, number>>>,
): FeatureVector {
  const values = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
  for (const [name, value] of Object.entries(known)) values[findFeature(name)] = value ?? Number.NaN;
  return {
    ts,
    gpu_uuid,
    node: 'n',
    instance: '',
    model: 'NVIDIA H100 80GB HBM3',
    job: '',
    values,
    latest: new Float64Array(METRIC_COUNT).fill(Number.NaN),
    latest_ts: ts,
    arrived_at: ts,
    final: false,
  };
}

/** What a board's day looks like: errors or heat grow over the twelve days before it fails of memory or heat. */
export function plantedDay(type: FailureType | null, left_days: number, luck: () => number): Record<string, number> {
  const near = type === null ? 0 : Math.max(0, 1 - left_days / 12);
  return {
    gpu_temp_max: 70 + 6 * luck() + (type === 'thermal' ? 22 * near : 0),
    gpu_temp_mean: 55 + 6 * luck(),
    sm_active_mean: 20 + 70 * luck(),
    ecc_sbe_volatile_per_day_7d: 4 * luck() + (type === 'memory' ? 3_000 * near ** 2 : 0),
    gpu_age_days: 100 + 900 * luck(),
  };
}

/** Boards of which two in five fail once, half of memory and half of heat, seen every twelve hours. */
export function plantedHistory(options: {
  readonly gpus: number;
  readonly days: number;
  readonly seed: number;
}): LabelledHistory {
  const { gpus, days, seed } = options;
  const until = PLANTED_START_MS + days * DAY_MS;
  const from = draws(seed);
  const lives = Array.from({ length: gpus }, (_, i) => {
    const fails = draw(from) < 0.4;
    const at = PLANTED_START_MS + draw(from) * 1.2 * days * DAY_MS;
    const type: FailureType = draw(from) < 0.5 ? 'memory' : 'thermal';
    return { gpu_uuid: `GPU-${seed}-${i}`, failed_at: fails && at < until ? at : null, type };
  });
  const failures: FailureLabel[] = lives.flatMap(({ gpu_uuid, failed_at, type }) =>
    failed_at === null
      ? []
      : [{ ts: failed_at, gpu_uuid, node: 'n', failed_at, type, source: 'hand', note: '', status: 'confirmed' }],
  );
  return {
    failures,
    until,
    *vectors() {
      const luck = draws(seed + 1);
      for (let ts = PLANTED_START_MS; ts < until; ts += DAY_MS / 2) {
        yield lives
          .filter(({ failed_at }) => failed_at === null || ts < failed_at)
          .map(({ gpu_uuid, failed_at, type }) => {
            const left_days = failed_at === null ? Number.POSITIVE_INFINITY : (failed_at - ts) / DAY_MS;
            return plantedVector(
              gpu_uuid,
              ts,
              plantedDay(failed_at === null ? null : type, left_days, () => draw(luck)),
            );
          });
      }
    },
  };
}
