import { auc, averagePrecision, brierScore } from '../../models/classification-metrics.ts';
import { loadBundle, type PredictionBundle, packBundle } from '../../models/prediction/bundle.ts';
import type { AlarmCosts } from '../../models/prediction/calibrate.ts';
import { COMPARE_DEFAULTS, type Comparison, compareModels } from '../../models/prediction/compare-models.ts';
import { createEnsemble } from '../../models/prediction/ensemble.ts';
import { createModelJudge, type JudgedLandmarks } from '../../models/prediction/judge-model.ts';
import { asKnownAt, createLandmarkBuilder, LANDMARK_DEFAULTS, outcome } from '../../models/prediction/landmarks.ts';
import { networkInWords } from '../../models/prediction/network-in-words.ts';
import { trainEnsemble } from '../../models/prediction/train-ensemble.ts';
import { tuneTrees } from '../../models/prediction/tune-trees.ts';
import { MODEL_FEATURES } from '../../models/training/model-features.ts';
import type { FeatureVector } from '../contract/events.ts';
import type { FailureModel } from '../contract/failure-model.ts';
import type { FailureLabel } from '../contract/predictions.ts';
import { type NetworkRetraining, retrainNetwork } from './retrain-network.ts';
import { planTraining } from './training-plan.ts';

export interface TrainingHistory {
  /** Vectors of a span in the order of time, one per GPU and `every_ms`; `only`: of these GPUs, and what a network reads of them. */
  vectors(
    from: number,
    to: number,
    every_ms: number,
    only?: ReadonlySet<string>,
  ): AsyncIterable<readonly FeatureVector[]>;
  readonly failures: readonly FailureLabel[];
  readonly from: number;
  readonly until: number;
}

export interface TrainOnHistoryOptions {
  readonly seed: number;
  readonly params: Readonly<Record<string, unknown>>;
  readonly costs: AlarmCosts;
  /** The fleet is simulated: what is learned from it says so. */
  readonly simulated: boolean;
  /** What judges today, and is to be beaten. */
  readonly champion: FailureModel;
  /** Its recurrent network goes on to be used, until this history makes a better one of it. */
  readonly lstm: PredictionBundle['lstm'];
  readonly network: NetworkRetraining;
  readonly failures_min: number;
  readonly margin: number;
  readonly say: (line: string) => void;
}

export interface TrainedModel {
  readonly bundle: PredictionBundle;
  readonly bytes: Uint8Array;
  readonly comparison: Comparison;
  /** Where the recurrent network comes from, in one line. */
  readonly network: string;
  /** Parameters of the trees beside the defaults: those given, and those tuned. */
  readonly params: Readonly<Record<string, unknown>>;
  /** On the last part of the history and GPUs left out of everything. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly data: {
    readonly from: number;
    readonly to: number;
    readonly rows: number;
    readonly gpus: number;
    readonly positives: number;
  };
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/**
 * Trains on what happened: the older part of the history teaches, a later one calibrates, the last one judges the new model
 * beside the champion, each on GPUs of its own. Nothing is known anywhere that was not known then.
 * Errors: GV-MDL-301 for leaks, GV-MDL-303 for too little history or too few failures.
 */
export async function trainOnHistory(history: TrainingHistory, options: TrainOnHistoryOptions): Promise<TrainedModel> {
  const { say, seed } = options;
  const plan = planTraining(history.from, history.until);
  const builder = createLandmarkBuilder({ ...LANDMARK_DEFAULTS, features: MODEL_FEATURES });
  const watched_until = new Map<string, number>();
  for await (const vectors of only(history.vectors(plan.from, plan.train_until, DAY_MS), plan.side, 'train')) {
    for (const vector of vectors) {
      builder.take(vector);
      if (vector.instance === '') watched_until.set(vector.gpu_uuid, vector.ts);
    }
  }
  const train = asKnownAt(builder.finish(history.failures, plan.train_until), plan.train_until);
  const gpus = new Set(train.gpu).size;
  const failing = new Set(Array.from(train.gpu).filter((_, row) => outcome(train, row, 30) === 1)).size;
  say(`${train.rows} days of ${gpus} GPUs until ${day(plan.train_until)}, ${failing} of which failed`);

  const network = await retrainNetwork(history, { train, watched_until, plan }, options);
  const { lstm } = network;
  // A network that is carried needs to see every hour; trees look once a day.
  const every_ms = lstm === null ? DAY_MS : HOUR_MS;
  const later = {
    vectors: () => only(history.vectors(plan.train_until, plan.calibrate_until, every_ms), plan.side, 'calibrate'),
    failures: history.failures,
    until: plan.calibrate_until,
  };
  const params = { ...tuneTrees(train, options), ...options.params };
  const bundle = await trainEnsemble(train, later, {
    name: 'failure-prediction',
    trained_on: originOf(lstm, options.simulated),
    seed,
    params,
    failures_min: options.failures_min,
    costs: options.costs,
    background_ratio: 1,
    lstm,
    say,
  });

  const judges = [options.champion, createEnsemble(loadBundle(bundle, 'trained model'), 'new')].map(createModelJudge);
  for await (const vectors of only(history.vectors(plan.calibrate_until, plan.until, every_ms), plan.side, 'judge')) {
    for (const vector of vectors) for (const judge of judges) judge.take(vector);
  }
  const [champion, challenger] = judges.map((judge) => monthAhead(judge.finish(history.failures, plan.until)));
  if (champion === undefined || challenger === undefined) throw new Error('two were judged');
  const comparison = compareModels(
    { ...challenger, champion: champion.said, challenger: challenger.said },
    { ...COMPARE_DEFAULTS, seed, margin: options.margin },
  );
  say(`against ${options.champion.name} ${options.champion.version}: ${comparison.why}`);
  return {
    bundle,
    bytes: packBundle(bundle),
    comparison,
    network: networkInWords(bundle.lstm),
    params,
    metrics: {
      ...network.metrics,
      ...figures('', challenger),
      ...figures('champion_', champion),
      average_precision_gain: comparison.precision.value,
      average_precision_gain_low: comparison.precision.low,
    },
    data: { from: plan.from, to: plan.until, rows: train.rows, gpus, positives: failing },
  };
}

/** A bundle on a real fleet is real as far as its network is, which may have been shipped. */
function originOf(lstm: PredictionBundle['lstm'], simulated: boolean): PredictionBundle['trained_on'] {
  if (simulated) return 'simulated';
  return lstm === null || lstm.origin?.trained_on === 'real' ? 'real' : 'mixed';
}

interface MonthAhead {
  readonly labels: readonly number[];
  readonly gpu: readonly number[];
  readonly said: readonly number[];
}

function monthAhead({ landmarks, said }: JudgedLandmarks): MonthAhead {
  const rows = Array.from({ length: landmarks.rows }, (_, row) => row).filter(
    (row) => !Number.isNaN(outcome(landmarks, row, 30)),
  );
  return {
    labels: rows.map((row) => outcome(landmarks, row, 30)),
    gpu: rows.map((row) => landmarks.gpu[row] as number),
    said: rows.map((row) => said[landmarks.taken[row] as number]?.p30 ?? 0),
  };
}

function figures(prefix: string, { labels, said }: MonthAhead): Record<string, number> {
  const told = {
    [`${prefix}auc_30d`]: auc(labels, said),
    [`${prefix}average_precision_30d`]: averagePrecision(labels, said),
    [`${prefix}brier_30d`]: brierScore(labels, said),
  };
  return Object.fromEntries(Object.entries(told).filter(([, value]) => Number.isFinite(value)));
}

async function* only(
  vectors: AsyncIterable<readonly FeatureVector[]>,
  side: (gpu_uuid: string) => string,
  wanted: string,
): AsyncGenerator<readonly FeatureVector[]> {
  for await (const some of vectors) yield some.filter(({ gpu_uuid }) => side(gpu_uuid) === wanted);
}

const day = (ts: number): string => new Date(ts).toISOString().slice(0, 10);
