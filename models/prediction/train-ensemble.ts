import type { FeatureVector } from '../../pipeline/contract/events.ts';
import type { FailureLabel } from '../../pipeline/contract/predictions.ts';
import { loadBundle, type PredictionBundle } from './bundle.ts';
import { type AlarmCosts, calibrate, createScoreCollector } from './calibrate.ts';
import { LANDMARK_DEFAULTS, type Landmarks } from './landmarks.ts';
import { refuseLeaks } from './leak-guard.ts';
import { type TrainPartsOptions, trainParts } from './train-parts.ts';

/** Vectors in the order of time, and what failed. */
export interface LabelledHistory {
  vectors(): Iterable<readonly FeatureVector[]> | AsyncIterable<readonly FeatureVector[]>;
  readonly failures: readonly FailureLabel[];
  /** Nothing after it is known (epoch ms). */
  readonly until: number;
}

export interface TrainEnsembleOptions extends TrainPartsOptions {
  readonly costs: AlarmCosts;
  /** See CalibrateOptions. */
  readonly background_ratio: number;
  /** A network that was trained before (train-network.ts, or of a bundle); null: none. */
  readonly lstm: PredictionBundle['lstm'];
}

/**
 * Trains a bundle: parts on landmarks, their combination (with a network that is given) on a later history of other GPUs.
 * Deterministic by seed. Errors: GV-MDL-301 for leaks, GV-MDL-303 for too few failures.
 */
export async function trainEnsemble(
  train: Landmarks,
  later: LabelledHistory,
  options: TrainEnsembleOptions,
): Promise<PredictionBundle> {
  const { say } = options;
  refuseLeaks(train, 30);
  const parts = trainParts(train, options);
  const uncombined = { ...parts, lstm: options.lstm };
  const collector = createScoreCollector(loadBundle(uncombined, 'trained parts'), LANDMARK_DEFAULTS);
  for await (const vectors of later.vectors()) for (const vector of vectors) collector.take(vector);
  const scored = collector.finish(later.failures, later.until);
  say(`combined on ${scored.landmarks.rows} later days of other GPUs`);
  return calibrate(uncombined, scored, options);
}
