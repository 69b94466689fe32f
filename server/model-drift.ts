import type { Clock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import type { FeatureVector } from '../pipeline/contract/events.ts';
import { days } from '../pipeline/contract/time.ts';
import { driftInputs, type FeatureDrift, featureDrift } from '../pipeline/honesty/feature-drift.ts';
import { type FleetShift, fleetShift } from '../pipeline/honesty/fleet-shift.ts';
import { readVectors, vectorRange } from '../sinks/questdb/read-vectors.ts';
import { cachedAnswer } from './cached-answer.ts';
import type { FleetView } from './fleet-view.ts';
import type { JudgedReference, ModelDesk } from './model-desk.ts';

export interface ModelDrift extends FleetShift {
  /** Null: what judges has learned from nothing. */
  readonly model: Pick<JudgedReference, 'name' | 'version' | 'trained_on'> | null;
  /** Event time of the newest vector, epoch ms; null when there is none. */
  readonly at: number | null;
  readonly gpus: number;
  readonly features: readonly FeatureDrift[];
}

export interface DriftReports {
  /** The drift of the model that judges now: at most five minutes old, and never that of the model before it. Throws as modelDrift. */
  report(): Promise<ModelDrift>;
  /** As last computed, at most an hour old, while what is older is computed anew behind it; null before the first time. */
  known(): ModelDrift | null;
}

const AGE_MS = 300_000;
/** Features are of windows of a day and more; reading those of a large fleet takes many statements. */
const KNOWN_AGE_MS = 3_600_000;
const KNOWN_RETRY_MS = 60_000;

export function driftReports(parts: {
  readonly models: Pick<ModelDesk, 'reference'>;
  readonly database: Database;
  readonly clock: Clock;
  readonly view: Pick<FleetView, 'size'>;
}): DriftReports {
  const { models, database, clock, view } = parts;
  let judged: JudgedReference | null = null;
  const anew = () => cachedAnswer(clock, AGE_MS, () => modelDrift(judged, database, view.size));
  let read = anew();
  let known: ModelDrift | null = null;
  let due = Number.NEGATIVE_INFINITY;

  async function report(): Promise<ModelDrift> {
    const reference = await models.reference();
    if (reference?.name !== judged?.name || reference?.version !== judged?.version) {
      judged = reference;
      read = anew();
    }
    return read();
  }

  return {
    report,
    known() {
      const now = clock.monotonic();
      if (now < due) return known;
      due = now + KNOWN_AGE_MS;
      report().then(
        (found) => {
          known = found;
        },
        () => {
          known = null;
          due = now + KNOWN_RETRY_MS;
        },
      );
      return known;
    },
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
  const nothing = { at: null, gpus: 0, features: [], ...fleetShift([]) };
  if (reference === null) return { model: null, ...nothing };
  const { name, version, trained_on } = reference;
  const model = { name, version, trained_on };
  const range = await vectorRange(database);
  if (range === null) return { model, ...nothing };
  const width = Math.max(FEATURES_MIN, Math.floor(VALUES_MAX / Math.max(1, gpus)));
  const features: FeatureDrift[] = [];
  let seen = 0;
  for (let first = 0; first < reference.features.length; first += width) {
    const part = <T>(list: readonly T[]): readonly T[] => list.slice(first, first + width);
    const names = part(reference.features);
    const vectors = await newestVectors(database, range.to, driftInputs(names));
    seen = Math.max(seen, new Set(vectors.map(({ gpu_uuid }) => gpu_uuid)).size);
    features.push(
      ...featureDrift(vectors, {
        features: names,
        bins: part(reference.bins),
        counts: part(reference.counts),
        importance: part(reference.importance),
        gpus: reference.gpus,
      }),
    );
  }
  return { model, at: range.to, gpus: seen, features, ...fleetShift(features) };
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
