import { fitCox } from '../survival/cox.ts';
import { coxDocument } from '../survival/cox-document.ts';
import type { PredictionBundle } from './bundle.ts';
import { squeezed } from './components.ts';
import { type Landmarks, selectLandmarks } from './landmarks.ts';

const FEATURES_MAX = 15;
/** A GPU enters once in so many days, watched for as long as a prediction reaches and as long again. */
const EVERY_MS = 28 * 86_400_000;
const WATCHED_DAYS = 180;
const RIDGE = 20;

/**
 * Cox over the fifteen features of most importance, squeezed, missing ones at the mean; time runs from the landmark. Null
 * where there are fewer failures than features.
 */
export function trainCox(
  landmarks: Landmarks,
  importance: readonly number[],
  say: (line: string) => void,
): PredictionBundle['cox'] {
  const chosen = importance
    .map((figure, k) => ({ figure, k }))
    .filter(({ figure }) => figure > 0)
    .sort((a, b) => b.figure - a.figure || a.k - b.k)
    .slice(0, FEATURES_MAX)
    .map(({ k }) => k);
  const last = new Map<number, number>();
  const some = selectLandmarks(landmarks, (row) => {
    const gpu = landmarks.gpu[row] as number;
    const ts = landmarks.ts[row] as number;
    if ((landmarks.watched_days[row] as number) <= 0 || ts - (last.get(gpu) ?? 0) < EVERY_MS) return false;
    last.set(gpu, ts);
    return true;
  });
  const events = Uint8Array.from(some.failure_days, (days) => (days <= WATCHED_DAYS ? 1 : 0));
  const failures = events.reduce((sum, event) => sum + event, 0);
  if (failures < chosen.length || chosen.length === 0) {
    say(`Cox: ${failures} failures are too few for ${chosen.length} features`);
    return null;
  }
  const width = landmarks.features.length;
  const covariates = new Float64Array(some.rows * chosen.length);
  for (const [i, k] of chosen.entries()) {
    let sum = 0;
    let known = 0;
    for (let row = 0; row < some.rows; row++) {
      const value = squeezed(some.values[row * width + k] as number);
      covariates[row * chosen.length + i] = value;
      if (Number.isNaN(value)) continue;
      sum += value;
      known += 1;
    }
    const mean = known === 0 ? 0 : sum / known;
    for (let row = 0; row < some.rows; row++) {
      const at = row * chosen.length + i;
      if (Number.isNaN(covariates[at] as number)) covariates[at] = mean;
    }
  }
  const stop = some.watched_days.map((watched, row) =>
    events[row] === 1 ? Math.max(1e-3, some.failure_days[row] as number) : Math.min(WATCHED_DAYS, watched),
  );
  const model = fitCox(
    { stop, events, covariates, names: chosen.map((k) => landmarks.features[k] as string) },
    { ridge: RIDGE },
  );
  say(`Cox: ${some.rows} rows, ${failures} failures, ${chosen.length} features`);
  return { features: [...model.names], document: coxDocument(model) };
}
