import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { findFeature } from '../../pipeline/contract/features.ts';
import { FAILURE_TYPES, type FailureLabel } from '../../pipeline/contract/predictions.ts';
import { type DurationMs, days } from '../../pipeline/contract/time.ts';
import { inputReader } from '../training/model-features.ts';

/** GPUs at instants: what was known of each then, and what became of it. */
export interface Landmarks {
  readonly features: readonly string[];
  readonly rows: number;
  /** Row by row, `rows` x `features.length`; NaN = unknown. */
  readonly values: Float32Array;
  /** Which of the vectors that made a landmark it was, from 0: some are left out afterwards. */
  readonly taken: Uint32Array;
  /** Index into `gpus`, and the instant (epoch ms). */
  readonly gpu: Uint32Array;
  readonly ts: Float64Array;
  /** Days until the first failure after it; NaN = none was seen. */
  readonly failure_days: Float64Array;
  /** Days that it was watched from then on, failure or not. */
  readonly watched_days: Float64Array;
  /** Place in FAILURE_TYPES of that failure; 255 = none was seen. */
  readonly type: Uint8Array;
  readonly gpus: readonly string[];
  /** Nothing after this instant is known (epoch ms). */
  readonly until: number;
}

const DAY_MS = days(1);
export const NO_TYPE = 255;

/**
 * 1 when it failed within so many days, 0 when it was watched so long without, NaN when nobody knows, and also where nobody
 * could have known a survivor: near the end of the span only failures are known, and would pass for the rule.
 */
export function outcome(landmarks: Landmarks, row: number, horizon_days: number): number {
  if ((landmarks.ts[row] as number) + horizon_days * DAY_MS > landmarks.until) return Number.NaN;
  const failure = landmarks.failure_days[row] as number;
  if (failure <= horizon_days) return 1;
  return (landmarks.watched_days[row] as number) >= horizon_days ? 0 : Number.NaN;
}

export interface KnownRows {
  readonly rows: readonly number[];
  readonly labels: readonly number[];
  /** GPUs among them that failed within the horizon. */
  readonly failing: number;
}

/** Landmarks whose outcome within so many days is known. */
export function knownRows(landmarks: Landmarks, horizon_days: number): KnownRows {
  const rows: number[] = [];
  const labels: number[] = [];
  const failing = new Set<number>();
  for (let row = 0; row < landmarks.rows; row++) {
    const label = outcome(landmarks, row, horizon_days);
    if (Number.isNaN(label)) continue;
    rows.push(row);
    labels.push(label);
    if (label === 1) failing.add(landmarks.gpu[row] as number);
  }
  return { rows, labels, failing: failing.size };
}

/** A failure that the labels of a GPU tell. */
type Failure = Pick<FailureLabel, 'gpu_uuid' | 'failed_at' | 'type' | 'status'>;

export interface LandmarkOptions {
  readonly features: readonly string[];
  /** Time between two landmarks of a GPU. */
  readonly every: DurationMs;
  /** After a failure so much is left out: what is seen then is the failure itself, or its repair. */
  readonly recovery: DurationMs;
}

export const LANDMARK_DEFAULTS = { every: days(1), recovery: days(2) } as const;

export interface LandmarkBuilder {
  /** Takes a vector, in the order of time per GPU; whether it made a landmark. */
  take(vector: FeatureVector): boolean;
  readonly rows: number;
  /**
   * What became of them: only confirmed labels count, a GPU is watched until its last vector or the end of its last failure,
   * never longer than `until` (epoch ms): labels of later failures are not known then.
   */
  finish(failures: readonly Failure[], until: number): Landmarks;
}

/**
 * Makes landmarks of the vectors of a span: of each GPU the first vector in every `every`, boards only (an instance is no
 * board of its own). What a landmark knows is its vector, and a vector knows nothing of later: one that does is refused.
 * Memory: 4 B a feature and row.
 * Errors   GV-MDL-301 for a vector with readings from after its own instant, or out of the order of time.
 */
export function createLandmarkBuilder(options: LandmarkOptions): LandmarkBuilder {
  for (const name of options.features) {
    if (findFeature(name) < 0) throw new VitalsError('GV-MDL-302', `there is no feature ${name}`, 'features');
  }
  const read = inputReader(options.features);
  const width = options.features.length;
  let values = new Float32Array(1_024 * width);
  const gpu: number[] = [];
  const ts: number[] = [];
  const indexes = new Map<string, number>();
  const gpus: string[] = [];
  const next: number[] = [];
  const last: number[] = [];

  return {
    get rows() {
      return gpu.length;
    },
    take(vector) {
      if (vector.latest_ts > vector.ts) {
        throw new VitalsError(
          'GV-MDL-301',
          `a vector of ${new Date(vector.ts).toISOString()} knows a reading of ${new Date(vector.latest_ts).toISOString()}`,
          vector.gpu_uuid,
        );
      }
      let index = indexes.get(vector.gpu_uuid);
      if (index === undefined) {
        index = gpus.push(vector.gpu_uuid) - 1;
        indexes.set(vector.gpu_uuid, index);
        next.push(Number.NEGATIVE_INFINITY);
        last.push(Number.NEGATIVE_INFINITY);
      }
      if (vector.ts < (last[index] as number)) {
        throw new VitalsError('GV-MDL-301', 'vectors are not in the order of time', vector.gpu_uuid);
      }
      last[index] = vector.ts;
      if (vector.ts < (next[index] as number) || vector.instance !== '') return false;
      next[index] = (Math.floor(vector.ts / options.every) + 1) * options.every;
      const row = gpu.length;
      if ((row + 1) * width > values.length) {
        const larger = new Float32Array(values.length * 2);
        larger.set(values);
        values = larger;
      }
      read(vector.values, values, row * width);
      gpu.push(index);
      ts.push(vector.ts);
      return true;
    },
    finish(failures, until) {
      const byGpu = new Map<string, Failure[]>();
      for (const label of failures) {
        if (label.status !== 'confirmed' || label.failed_at > until) continue;
        byGpu.set(label.gpu_uuid, [...(byGpu.get(label.gpu_uuid) ?? []), label]);
      }
      for (const list of byGpu.values()) list.sort((a, b) => a.failed_at - b.failed_at);
      const kept: number[] = [];
      const failure_days: number[] = [];
      const watched_days: number[] = [];
      const type: number[] = [];
      for (let row = 0; row < gpu.length; row++) {
        const index = gpu[row] as number;
        const at = ts[row] as number;
        const own = byGpu.get(gpus[index] as string) ?? [];
        const ill = own.some(({ failed_at }) => failed_at <= at && at < failed_at + options.recovery);
        if (ill || at > until) continue;
        const failure = own.find(({ failed_at }) => failed_at > at);
        const end = Math.min(until, failure?.failed_at ?? Math.max(last[index] as number, own.at(-1)?.failed_at ?? 0));
        kept.push(row);
        failure_days.push(failure === undefined ? Number.NaN : (failure.failed_at - at) / DAY_MS);
        watched_days.push(Math.max(0, end - at) / DAY_MS);
        type.push(failure === undefined ? NO_TYPE : FAILURE_TYPES.indexOf(failure.type));
      }
      const some = new Float32Array(kept.length * width);
      for (const [to, from] of kept.entries()) some.set(values.subarray(from * width, (from + 1) * width), to * width);
      return {
        features: options.features,
        rows: kept.length,
        values: some,
        taken: Uint32Array.from(kept),
        gpu: Uint32Array.from(kept, (row) => gpu[row] as number),
        ts: Float64Array.from(kept, (row) => ts[row] as number),
        failure_days: Float64Array.from(failure_days),
        watched_days: Float64Array.from(watched_days),
        type: Uint8Array.from(type),
        gpus,
        until,
      };
    },
  };
}

/** Those rows alone. */
export function selectLandmarks(landmarks: Landmarks, keep: (row: number) => boolean): Landmarks {
  const rows: number[] = [];
  for (let row = 0; row < landmarks.rows; row++) if (keep(row)) rows.push(row);
  const width = landmarks.features.length;
  const values = new Float32Array(rows.length * width);
  for (const [to, from] of rows.entries()) {
    values.set(landmarks.values.subarray(from * width, (from + 1) * width), to * width);
  }
  return {
    ...landmarks,
    rows: rows.length,
    values,
    taken: Uint32Array.from(rows, (row) => landmarks.taken[row] as number),
    gpu: Uint32Array.from(rows, (row) => landmarks.gpu[row] as number),
    ts: Float64Array.from(rows, (row) => landmarks.ts[row] as number),
    failure_days: Float64Array.from(rows, (row) => landmarks.failure_days[row] as number),
    watched_days: Float64Array.from(rows, (row) => landmarks.watched_days[row] as number),
    type: Uint8Array.from(rows, (row) => landmarks.type[row] as number),
  };
}

/** The landmarks as they could be known at an instant: none from later, and no outcome from later. */
export function asKnownAt(landmarks: Landmarks, until: number): Landmarks {
  const known = selectLandmarks(landmarks, (row) => (landmarks.ts[row] as number) < until);
  const failure_days = Float64Array.from(known.failure_days);
  const watched_days = Float64Array.from(known.watched_days);
  const type = Uint8Array.from(known.type);
  for (let row = 0; row < known.rows; row++) {
    const left = (until - (known.ts[row] as number)) / DAY_MS;
    if ((watched_days[row] as number) <= left) continue;
    watched_days[row] = left;
    failure_days[row] = Number.NaN;
    type[row] = NO_TYPE;
  }
  return { ...known, failure_days, watched_days, type, until: Math.min(until, landmarks.until) };
}
