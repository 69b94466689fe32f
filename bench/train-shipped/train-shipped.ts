import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { LstmSequence, LstmSequences } from '../../models/lstm/sequences.ts';
import type { LstmTrainingOptions } from '../../models/lstm/train-lstm.ts';
import type { PredictionBundle } from '../../models/prediction/bundle.ts';
import { createSequenceCollector } from '../../models/prediction/collect-sequences.ts';
import {
  createLandmarkBuilder,
  LANDMARK_DEFAULTS,
  type Landmarks,
  outcome,
} from '../../models/prediction/landmarks.ts';
import { type LabelledHistory, trainEnsemble } from '../../models/prediction/train-ensemble.ts';
import { trainNetwork } from '../../models/prediction/train-network.ts';
import { MODEL_FEATURES } from '../../models/training/model-features.ts';
import { fnv1a } from '../../pipeline/contract/ids.ts';
import { days, minutes } from '../../pipeline/contract/time.ts';
import { simulateLives } from '../lives/run-lives.ts';

/** How much life each part is learned from. */
export interface ShippedSize {
  /** Trees, Cox, forest: many boards for a short while, so that no board is learned by heart. */
  readonly trees: { readonly gpus: number; readonly days: number };
  /** The recurrent network, which sees every ten minutes. */
  readonly network: { readonly gpus: number; readonly days: number };
  /** Calibration, on a fleet of its own. */
  readonly calibrate: { readonly gpus: number; readonly days: number };
  readonly lstm: Partial<LstmTrainingOptions>;
}

export const SHIPPED_SIZE: ShippedSize = {
  trees: { gpus: 6_400, days: 125 },
  network: { gpus: 800, days: 90 },
  calibrate: { gpus: 400, days: 130 },
  /** A drawn week of a board at a time: some 600,000 steps an epoch, about 40 s of one core. */
  lstm: { chunk_steps: 1_008, chunks_per_epoch: 600, epochs: 16, patience: 3 },
};

export interface TrainShippedOptions {
  readonly size: ShippedSize;
  readonly seed: number;
  /** Times the published failure rate of 7 % a year, so that there is something to learn from. */
  readonly failure_rate_scale: number;
  /** What took long is kept here, and not done again. */
  readonly work: string;
  readonly say: (line: string) => void;
  readonly monotonic: () => number;
}

export interface TrainedShipped {
  readonly bundle: PredictionBundle;
  readonly facts: readonly string[];
  readonly rows: number;
  readonly gpus: number;
  readonly positives: number;
  readonly from: number;
  readonly to: number;
}

/** Alarm costs of the shipped threshold: a board drained for nothing, and a job lost with its board. */
export const SHIPPED_COSTS = { false_alarm_usd: 400, missed_failure_usd: 6_000 };
const FAILURES_MIN = 30;
const LANDMARK_EVERY = days(2);
/** Of the boards that live on one in so many is learned from: they are alike, and memory has an end. */
const SURVIVOR_OF = 3;
/** One board in eight decides when the network has learned enough. */
const VALID_OF = 8;

/** Trains the bundle that comes with a release: simulated fleets only, each part on a fleet of its own seed. */
export async function trainShipped(options: TrainShippedOptions): Promise<TrainedShipped> {
  const { size, seed, failure_rate_scale, work, say } = options;
  mkdirSync(work, { recursive: true });
  const kept = async <T>(name: string, make: () => Promise<T> | T): Promise<T> => {
    const file = join(work, `${name}.bin`);
    try {
      return deserialize(readFileSync(file)) as T;
    } catch {
      const made = await make();
      writeFileSync(file, serialize(made));
      return made;
    }
  };

  const landmarks = await kept('landmarks', () => {
    const lives = simulateLives({ ...size.trees, seed, every_ms: LANDMARK_EVERY, failure_rate_scale });
    const builder = createLandmarkBuilder({ ...LANDMARK_DEFAULTS, every: LANDMARK_EVERY, features: MODEL_FEATURES });
    let reached = 0;
    for (const vectors of lives.vectors()) {
      for (const vector of vectors) builder.take(vector);
      if (++reached % 10 === 0) say(`fleet for the trees: day ${2 * reached} of ${size.trees.days}`);
    }
    return builder.finish(lives.failures, lives.end_ms);
  });
  const positives = failingWithin(landmarks, 30);
  say(`${landmarks.rows} landmarks of ${size.trees.gpus} boards, ${positives} of which failed`);

  const lstm = await kept('network', async () => {
    const sequences = collect(size.network, seed + 1, failure_rate_scale, say);
    const side = (valid: boolean): LstmSequences =>
      sequencesOf(sequences.filter((_, index) => (fnv1a(`${seed} ${index}`) % VALID_OF === 0) === valid));
    const sides = { train: side(false), valid: side(true) };
    const { document } = await trainNetwork(sides, { ...options, lstm_options: size.lstm });
    return { document, origin: null };
  });

  const calibrate = simulateLives({ ...size.calibrate, seed: seed + 2, every_ms: minutes(10), failure_rate_scale });
  const later: LabelledHistory = {
    vectors: () => calibrate.vectors(),
    failures: calibrate.failures,
    until: calibrate.end_ms,
  };
  const bundle = await trainEnsemble(landmarks, later, {
    ...options,
    name: 'simulated-fleets',
    trained_on: 'simulated',
    params: {},
    failures_min: FAILURES_MIN,
    costs: SHIPPED_COSTS,
    background_ratio: 1 / failure_rate_scale,
    lstm,
  });
  const lengths = (part: { gpus: number; days: number }): string => `${part.gpus} boards for ${part.days} days`;
  return {
    bundle,
    rows: landmarks.rows,
    gpus: size.trees.gpus,
    positives,
    from: landmarks.ts.reduce((least, ts) => Math.min(least, ts), Number.POSITIVE_INFINITY),
    to: landmarks.until,
    facts: [
      `Simulated fleets (bench/lives) at ${failure_rate_scale} times the published failure rate of about 7 % a year. What every board has in common was brought back to that rate afterwards: what its readings say was not.`,
      `Trees, Cox and forest: ${lengths(size.trees)}, ${landmarks.rows} landmarks, one in two days,, ${positives} boards failed.`,
      `Recurrent network: ${lengths(size.network)}, a step every 10 minutes; all that failed, one in ${SURVIVOR_OF} of the others.`,
      `Combination and calibration: ${lengths(size.calibrate)} of another seed.`,
    ],
  };
}

function failingWithin(landmarks: Landmarks, days: number): number {
  const gpus = new Set<number>();
  for (let row = 0; row < landmarks.rows; row++) {
    if (outcome(landmarks, row, days) === 1) gpus.add(landmarks.gpu[row] as number);
  }
  return gpus.size;
}

function collect(
  part: { gpus: number; days: number },
  seed: number,
  failure_rate_scale: number,
  say: (line: string) => void,
): LstmSequence[] {
  const lives = simulateLives({ ...part, seed, every_ms: minutes(10), failure_rate_scale });
  const collector = createSequenceCollector();
  const failing = new Set(lives.failures.map(({ gpu_uuid }) => gpu_uuid));
  const chosen = (gpu_uuid: string): boolean => failing.has(gpu_uuid) || fnv1a(gpu_uuid) % SURVIVOR_OF === 0;
  let reached = 0;
  for (const vectors of lives.vectors()) {
    for (const vector of vectors) if (chosen(vector.gpu_uuid)) collector.take(vector);
    if (++reached % (144 * 20) === 0) say(`fleet for the network: day ${reached / 144} of ${part.days}`);
  }
  const sequences = collector.finish(lives.failures, lives.end_ms);
  return Array.from({ length: sequences.count }, (_, index) => sequences.sequence(index));
}

function sequencesOf(list: readonly LstmSequence[]): LstmSequences {
  const first = list[0];
  return {
    input_width: first === undefined ? 0 : first.inputs.length / Math.max(1, first.steps),
    count: list.length,
    steps: (index) => list[index]?.steps ?? 0,
    sequence: (index) => list[index] as LstmSequence,
  };
}
