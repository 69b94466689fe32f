import type { FeatureVector } from '../../pipeline/contract/events.ts';
import type { FailureLabel } from '../../pipeline/contract/predictions.ts';
import { writeLstm } from '../lstm/lstm-document.ts';
import type { LstmSequences } from '../lstm/sequences.ts';
import { LSTM_TRAINING_DEFAULTS, type LstmTrainingOptions, trainLstm } from '../lstm/train-lstm.ts';
import { loadBundle, type PredictionBundle } from './bundle.ts';
import { type AlarmCosts, calibrate, createScoreCollector } from './calibrate.ts';
import { LANDMARK_DEFAULTS, type Landmarks } from './landmarks.ts';
import { refuseLeaks } from './leak-guard.ts';
import { LSTM_INPUTS } from './lstm-inputs.ts';
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
  /** Null leaves the recurrent network as it is in `lstm`, or out. */
  readonly sequences: { readonly train: LstmSequences; readonly valid: LstmSequences | null } | null;
  readonly lstm_options: Partial<LstmTrainingOptions>;
  /** A network that was trained before, from a bundle. */
  readonly lstm: PredictionBundle['lstm'];
  readonly monotonic: () => number;
}

/** Told every so many milliseconds at most while the network learns. */
const TELL_EVERY_MS = 15_000;

/**
 * Trains a whole bundle: parts on landmarks, the network on sequences, their combination on a later history of other GPUs.
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
  const lstm = options.sequences === null ? options.lstm : await trainedLstm(options.sequences, options);
  const uncombined = { ...parts, lstm };
  const collector = createScoreCollector(loadBundle(uncombined, 'trained parts'), LANDMARK_DEFAULTS);
  for await (const vectors of later.vectors()) for (const vector of vectors) collector.take(vector);
  const scored = collector.finish(later.failures, later.until);
  say(`combined on ${scored.landmarks.rows} later days of other GPUs`);
  return calibrate(uncombined, scored, { failures_min: options.failures_min, costs: options.costs, say });
}

async function trainedLstm(
  sequences: NonNullable<TrainEnsembleOptions['sequences']>,
  options: TrainEnsembleOptions,
): Promise<PredictionBundle['lstm']> {
  const { say, monotonic } = options;
  let told = Number.NEGATIVE_INFINITY;
  const trained = await trainLstm({
    inputs: LSTM_INPUTS,
    sequences: sequences.train,
    ...(sequences.valid === null ? {} : { valid: sequences.valid }),
    options: { ...LSTM_TRAINING_DEFAULTS, seed: options.seed, ...options.lstm_options },
    monotonic,
    on_progress({ epoch, batch, loss, eta_s }) {
      if (monotonic() - told < TELL_EVERY_MS) return;
      told = monotonic();
      const left = eta_s === null ? '' : `, ${Math.round(eta_s)} s left`;
      say(`network: epoch ${epoch + 1}, window ${batch}, loss ${loss.toFixed(4)}${left}`);
    },
  });
  const losses = trained.epochs.map(({ loss, valid_loss }) => `${loss.toFixed(4)}/${valid_loss?.toFixed(4) ?? '-'}`);
  say(`network: ${trained.gpu_steps} steps of GPUs on ${trained.backend}, loss ${losses.join(' ')}`);
  return { document: writeLstm(trained.model, 'f16') };
}
