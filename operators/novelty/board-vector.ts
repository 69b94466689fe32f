import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { type DurationMs, days, hours } from '../../pipeline/contract/time.ts';
import { observedHours } from '../core/observed-hours.ts';
import type { Watches } from './confirmation.ts';
import { type KeptRow, keptRow } from './novelty-features.ts';

/** What of a vector waits for its turn and is learned from: plain data, some 400 B as JSON. */
export interface BoardVector {
  readonly ts: number;
  readonly node: string;
  readonly gpu_uuid: string;
  readonly model: string;
  readonly row: KeptRow;
}

/**
 * Only whole boards of a known model, in samples for long enough: MIG instances repeat the board's readings, and young windows
 * tell of chance.
 */
export function boardVector(vector: FeatureVector, observed_min: DurationMs): BoardVector | null {
  if (vector.instance !== '' || vector.model === '') return null;
  if (!(observedHours(vector.values) >= observed_min / hours(1))) return null;
  const { ts, node, gpu_uuid, model } = vector;
  return { ts, node, gpu_uuid, model, row: keptRow(vector) };
}

/** What a detector knows of each GPU model, by a key that no name can turn into something else. */
type Models<M> = Record<string, M>;

const MODELS_MAX = 64;
const MODEL_KEPT = days(2);

/** The model's state in a record cell, made when it is new; null for more models than are kept. */
export function modelOf<M extends { seen: number }>(
  cell: unknown[],
  vector: BoardVector,
  make: (vector: BoardVector) => M,
): M | null {
  const models = (cell[0] ?? {}) as Models<M>;
  cell[0] = models;
  const key = `model ${vector.model}`;
  const known = models[key];
  if (known) {
    known.seen = Math.max(known.seen, vector.ts);
    return known;
  }
  if (Object.keys(models).length >= MODELS_MAX) return null;
  const made = make(vector);
  models[key] = made;
  return made;
}

/** Drops models that nothing was heard of for two days and nothing is open about; the rest, in the order of their coming. */
export function presentModels<M extends { readonly seen: number; readonly watches: Watches }>(
  cell: unknown[],
  now: number,
): M[] {
  const models = (cell[0] ?? {}) as Models<M>;
  for (const [key, { seen, watches }] of Object.entries(models)) {
    if (seen < now - MODEL_KEPT && Object.keys(watches).length === 0) delete models[key];
  }
  return Object.values(models);
}
