import { type LoadedBundle, loadBundle } from '../../../models/prediction/bundle.ts';
import { createSequenceCollector } from '../../../models/prediction/collect-sequences.ts';
import { createLandmarkBuilder, LANDMARK_DEFAULTS } from '../../../models/prediction/landmarks.ts';
import { trainEnsemble } from '../../../models/prediction/train-ensemble.ts';
import { trainNetwork } from '../../../models/prediction/train-network.ts';
import { MODEL_FEATURES } from '../../../models/training/model-features.ts';
import { simulateLives } from '../../lives/run-lives.ts';

export interface StandInSize {
  readonly gpus: number;
  readonly days: number;
  readonly failure_rate_scale: number;
  readonly interval_ms: number;
  readonly every_ms: number;
  /** Rounds of the trees, drawn weeks that the network learns from an epoch, and epochs. */
  readonly rounds: number;
  readonly chunks: number;
  readonly epochs: number;
}

export interface StandInOptions {
  readonly seed: number;
  readonly costs: { readonly false_alarm_usd: number; readonly missed_failure_usd: number };
  readonly say: (line: string) => void;
  readonly monotonic: () => number;
}

/** Failing GPUs without which nothing is learned from so small a fleet. */
const FAILURES_MIN = 4;
const WEEK_MS = 604_800_000;

/** A small bundle from two simulated fleets of its own seeds, for where no model is shipped: it shows the machinery, no more. */
export async function standInModel(size: StandInSize, options: StandInOptions): Promise<LoadedBundle> {
  const { seed, say } = options;
  const train = simulateLives({ ...size, seed });
  const landmarks = createLandmarkBuilder({ ...LANDMARK_DEFAULTS, features: MODEL_FEATURES });
  const histories = createSequenceCollector();
  for (const vectors of train.vectors()) {
    for (const vector of vectors) {
      landmarks.take(vector);
      histories.take(vector);
    }
  }
  say(`stand-in: learns from ${size.gpus} GPUs, ${size.days} days, ${train.failures.length} failures`);
  const { document } = await trainNetwork(
    { train: histories.finish(train.failures, train.end_ms), valid: null },
    {
      ...options,
      lstm_options: {
        chunk_steps: Math.round(WEEK_MS / size.every_ms),
        chunks_per_epoch: size.chunks,
        epochs: size.epochs,
        lanes: Math.min(64, size.chunks),
      },
    },
  );
  const later = simulateLives({ ...size, seed: seed + 1 });
  const bundle = await trainEnsemble(
    landmarks.finish(train.failures, train.end_ms),
    { vectors: () => later.vectors(), failures: later.failures, until: later.end_ms },
    {
      ...options,
      name: 'stand-in',
      trained_on: 'simulated',
      params: { num_boost_round: size.rounds },
      failures_min: FAILURES_MIN,
      background_ratio: 1,
      lstm: { document, origin: null },
    },
  );
  return loadBundle(JSON.parse(JSON.stringify(bundle)), 'stand-in');
}
