import type { Clock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import type { FeatureVector } from '../pipeline/contract/events.ts';
import { days } from '../pipeline/contract/time.ts';
import { type FeatureDrift, featureDrift } from '../pipeline/honesty/feature-drift.ts';
import { readVectors, vectorRange } from '../sinks/questdb/read-vectors.ts';
import { cachedAnswer } from './cached-answer.ts';
import type { FleetView } from './fleet-view.ts';
import type { JudgedReference, ModelDesk } from './model-desk.ts';

export interface ModelDrift {
  /** Null: what judges has learned from nothing. */
  readonly model: Pick<JudgedReference, 'name' | 'version' | 'trained_on'> | null;
  /** Event time of the newest vector, epoch ms; null when there is none. */
  readonly at: number | null;
  readonly gpus: number;
  readonly features: readonly FeatureDrift[];
}

const AGE_MS = 300_000;

/** The drift of the model that judges now: at most five minutes old, and never that of the model before it. Throws as modelDrift. */
export function cachedDrift(parts: {
  readonly models: Pick<ModelDesk, 'reference'>;
  readonly database: Database;
  readonly clock: Clock;
  readonly view: Pick<FleetView, 'size'>;
}): () => Promise<ModelDrift> {
  const { models, database, clock, view } = parts;
  let judged: JudgedReference | null = null;
  const anew = () => cachedAnswer(clock, AGE_MS, () => modelDrift(judged, database, view.size));
  let read = anew();
  return async () => {
    const reference = await models.reference();
    if (reference?.name !== judged?.name || reference?.version !== judged?.version) {
      judged = reference;
      read = anew();
    }
    return read();
  };
}

/** Values read with one statement, so that others are answered between two. */
const VALUES_MAX = 250_000;
const FEATURES_MIN = 8;

/**
 * How far the features of a model have moved, over the newest vector of each GPU within a day. `gpus` is about how many there
 * are. Throws GV-API-003 when the database is away.
 */
async function modelDrift(reference: JudgedReference | null, database: Database, gpus: number): Promise<ModelDrift> {
  if (reference === null) return { model: null, at: null, gpus: 0, features: [] };
  const { name, version, trained_on } = reference;
  const model = { name, version, trained_on };
  const range = await vectorRange(database);
  if (range === null) return { model, at: null, gpus: 0, features: [] };
  const width = Math.max(FEATURES_MIN, Math.floor(VALUES_MAX / Math.max(1, gpus)));
  const features: FeatureDrift[] = [];
  let seen = 0;
  for (let first = 0; first < reference.features.length; first += width) {
    const part = (list: readonly (readonly number[])[]) => list.slice(first, first + width);
    const names = reference.features.slice(first, first + width);
    const vectors = await newestVectors(database, range.to, names);
    seen = Math.max(seen, new Set(vectors.map(({ gpu_uuid }) => gpu_uuid)).size);
    features.push(
      ...featureDrift(vectors, { features: names, bins: part(reference.bins), counts: part(reference.counts) }),
    );
  }
  return { model, at: range.to, gpus: seen, features };
}

async function newestVectors(
  database: Database,
  newest: number,
  features: readonly string[],
): Promise<readonly FeatureVector[]> {
  const day = days(1);
  for await (const vectors of readVectors(database, { from: newest - day + 1, to: newest + 1, every: day, features })) {
    return vectors;
  }
  return [];
}
