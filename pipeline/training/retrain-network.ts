import { setImmediate } from 'node:timers/promises';
import { judgeLstm, type LstmJudgement } from '../../models/lstm/judge-lstm.ts';
import { readLstm } from '../../models/lstm/lstm-document.ts';
import type { LstmModel } from '../../models/lstm/lstm-model.ts';
import type { LstmSequences } from '../../models/lstm/sequences.ts';
import { shiftLogOdds } from '../../models/lstm/shift-log-odds.ts';
import { canStartFrom, LSTM_TRAINING_DEFAULTS, type LstmTrainingOptions } from '../../models/lstm/train-lstm.ts';
import type { NetworkOrigin, PredictionBundle } from '../../models/prediction/bundle.ts';
import { createSequenceCollector, type SequenceCollector } from '../../models/prediction/collect-sequences.ts';
import { combine, fitCombiner } from '../../models/prediction/combiner.ts';
import type { Landmarks } from '../../models/prediction/landmarks.ts';
import { LSTM_INPUTS } from '../../models/prediction/lstm-inputs.ts';
import { trainNetwork } from '../../models/prediction/train-network.ts';
import { VitalsError } from '../contract/errors.ts';
import { minutes } from '../contract/time.ts';
import { NETWORK_STEPS_MAX, type NetworkBoards, networkBoards } from './network-boards.ts';
import { NETWORK_FAILING_MIN, type RETRAIN_NETWORK } from './network-policy.ts';
import type { TrainingHistory } from './train-on-history.ts';
import type { TrainingPlan } from './training-plan.ts';

export interface NetworkRetraining {
  /** auto: once enough boards have failed, NETWORK_FAILING_MIN. */
  readonly when: (typeof RETRAIN_NETWORK)[number];
  /** The training ends with the window that is going on after so long; reading what it learns from is not counted. */
  readonly minutes_max: number;
  readonly monotonic: () => number;
  /** What differs from how the network is usually trained. */
  readonly lstm_options?: Partial<LstmTrainingOptions>;
  /** Steps of GPUs that are held at once. */
  readonly steps_max?: number;
}

/** What is known of the history already. */
export interface KnownOfHistory {
  /** Of the boards that teach, as known at `plan.train_until`. */
  readonly train: Landmarks;
  /** Of each of them the newest vector until then, epoch ms. */
  readonly watched_until: ReadonlyMap<string, number>;
  readonly plan: TrainingPlan;
}

export interface NetworkChoice {
  readonly lstm: PredictionBundle['lstm'];
  readonly metrics: Readonly<Record<string, number>>;
}

const STEP_MS = minutes(10);
/** Fewer vectors a day and board than one an hour are no course that the running system, at ten minutes, would recognise. */
const STEPS_A_DAY_MIN = 23;
/** A drawn week of a board at a time, as the shipped network was trained. */
const USUAL: Partial<LstmTrainingOptions> = { chunk_steps: 1_008, chunks_per_epoch: 600, epochs: 16, patience: 3 };
/** What goes on from learned weights goes in smaller steps, so that it does not lose what it began with. */
const RATE_ON = 3e-4;

/**
 * Has the recurrent network learn from what happened to the fleet's own boards, beginning with the network that it has where
 * that fits. The new one takes its place only where it foresees boards better that it has not learned from; in every other case
 * the old one stays, and `say` tells why. Boards that failed are learned from more often than they are: its log-odds are put back on the
 * fleet's own odds. What was not known at `plan.train_until` changes nothing. Deterministic by seed on one backend, unless the time
 * runs out. Memory and cost: NETWORK_STEPS_MAX and trainLstm; a statement to the database for every ten minutes of the span.
 * Errors: those of the history.
 */
export async function retrainNetwork(
  history: TrainingHistory,
  known: KnownOfHistory,
  options: {
    readonly lstm: PredictionBundle['lstm'];
    readonly network: NetworkRetraining;
    readonly simulated: boolean;
    readonly seed: number;
    readonly say: (line: string) => void;
  },
): Promise<NetworkChoice> {
  const { lstm, network, seed, say } = options;
  const { train, plan } = known;
  const stays = (why: string): NetworkChoice => {
    say(`network: ${lstm === null ? 'there is still none' : 'it goes on as it is'}, ${why}`);
    return { lstm, metrics: {} };
  };
  if (network.when === 'never') return stays('nobody asked for a training of it');
  const boards = networkBoards({
    train,
    failures: history.failures,
    from: plan.from,
    until: plan.train_until,
    seed,
    steps_max: network.steps_max ?? NETWORK_STEPS_MAX,
  });
  if (network.when === 'auto' && boards.failing < NETWORK_FAILING_MIN) {
    return stays(
      `${boards.failing} boards failed whose last 30 days were watched, ${NETWORK_FAILING_MIN} are needed (retrain-network always does with fewer)`,
    );
  }
  if (boards.failing === 0) return stays('no board failed whose last 30 days were watched');
  say(
    `network: learns from ${boards.failing_taken} of ${boards.failing} boards that failed and ${boards.survivors_taken} of ${boards.survivors} others`,
  );
  const sides = await collect(history, known, boards, network.steps_max ?? NETWORK_STEPS_MAX, say);
  if (typeof sides === 'string') return stays(sides);
  try {
    return await trainAndCompare(sides, boards, known, options, stays);
  } catch (error) {
    // What the trees have learned is not to be lost over it.
    if (!(error instanceof VitalsError)) throw error;
    return stays(`it could not be trained: ${error.message}`);
  }
}

interface Sides {
  readonly learn: LstmSequences;
  readonly valid: LstmSequences;
}

/** The course of the chosen boards; in words, why there is nothing to learn from it. */
async function collect(
  history: TrainingHistory,
  { plan, watched_until }: KnownOfHistory,
  boards: NetworkBoards,
  steps_max: number,
  say: (line: string) => void,
): Promise<Sides | string> {
  const [learn, valid] = [createSequenceCollector(), createSequenceCollector()];
  const steps = (): number => learn.steps + valid.steps;
  const days = new Set<string>();
  let told = 0;
  for await (const vectors of history.vectors(boards.from, boards.to, STEP_MS, boards.gpus)) {
    for (const vector of vectors) {
      if (!boards.wanted(vector.gpu_uuid, vector.ts) || steps() >= steps_max) continue;
      (boards.validates(vector.gpu_uuid) ? valid : learn).take(vector);
      days.add(`${vector.gpu_uuid} ${Math.floor(vector.ts / 86_400_000)}`);
    }
    const share = ((vectors[0]?.ts ?? boards.from) - boards.from) / (boards.to - boards.from);
    if (share < told + 0.2) continue;
    told = share;
    say(`network: ${steps()} steps of boards read, ${Math.round(100 * share)} % of the span`);
  }
  if (steps() < STEPS_A_DAY_MIN * days.size) {
    return `its boards were seen ${(steps() / Math.max(1, days.size)).toFixed(1)} times a day, it needs them every hour`;
  }
  const finish = (collector: SequenceCollector): LstmSequences =>
    collector.finish(history.failures, plan.train_until, watched_until);
  const sides = { learn: finish(learn), valid: finish(valid) };
  for (const [name, side] of Object.entries(sides)) {
    const { positive, negative } = labelsOf(side);
    if (positive > 0 && negative > 0) continue;
    return `of the boards that ${name === 'learn' ? 'teach' : 'judge'} it ${positive} steps precede a failure and ${negative} do not`;
  }
  return sides;
}

async function trainAndCompare(
  { learn, valid }: Sides,
  boards: NetworkBoards,
  { plan }: KnownOfHistory,
  options: Parameters<typeof retrainNetwork>[2],
  stays: (why: string) => NetworkChoice,
): Promise<NetworkChoice> {
  const { lstm, network, seed, say } = options;
  const usual = { ...LSTM_TRAINING_DEFAULTS, ...USUAL, ...network.lstm_options };
  const former = lstm === null ? null : readLstm(lstm.document, 'the network of the champion');
  const start = former !== null && canStartFrom(former, LSTM_INPUTS, usual) ? former : undefined;
  const judge = (model: LstmModel): Promise<LstmJudgement> =>
    judgeLstm({ model, sequences: valid, weights: { positive: 1, type: 0 }, pause: () => setImmediate() });
  const loss_before = former !== null && readsTheSame(former) ? calibratedLoss(await judge(former)) : rateLoss(valid);
  const sampled = labelsOf(learn);
  const { document, trained } = await trainNetwork(
    { train: learn, valid },
    {
      seed,
      say,
      monotonic: network.monotonic,
      time_max_ms: network.minutes_max * 60_000,
      lstm_options: { ...usual, ...(start === undefined ? {} : { learning_rate: RATE_ON }), ...network.lstm_options },
      ...(start === undefined ? {} : { start }),
      adjust: (model) => shiftLogOdds(model, Math.log(boards.odds / (sampled.positive / sampled.negative))),
    },
  );
  const loss = calibratedLoss(await judge(readLstm(document, 'the trained network')));
  const metrics = {
    network_retrained_loss: loss,
    network_former_loss: loss_before,
    network_retrained_gpu_steps: trained.gpu_steps,
    network_retrained_failing_gpus: boards.failing_taken,
  };
  const compared = `its loss on boards left out is ${loss.toFixed(4)}, ${loss_before.toFixed(4)} before`;
  // What it began with, and weights rounded to halves, are no other network.
  if (start !== undefined && trained.best_epoch === 0) return { ...stays(`no epoch was better: ${compared}`), metrics };
  if (!(loss < loss_before)) return { ...stays(compared), metrics };
  say(`network: the new one is used, ${compared}`);
  const began_with = start === undefined ? 'nothing' : (lstm?.origin?.trained_on ?? 'simulated');
  const origin: NetworkOrigin = {
    trained_on: options.simulated ? 'simulated' : ['nothing', 'real'].includes(began_with) ? 'real' : 'mixed',
    began_with,
    from: Math.floor(boards.from),
    to: plan.train_until,
    gpus: boards.failing_taken + boards.survivors_taken,
    failing_gpus: boards.failing_taken,
    gpu_steps: trained.gpu_steps,
    backend: trained.backend,
    ended: trained.ended,
    loss,
    loss_before,
  };
  return { lstm: { document, origin }, metrics };
}

/** Whether it can be asked about these histories at all; one of an older release may have looked at something else. */
const readsTheSame = ({ inputs }: LstmModel): boolean =>
  inputs.map(({ name }) => name).join('\n') === LSTM_INPUTS.map(({ name }) => name).join('\n');

function labelsOf(sequences: LstmSequences): { readonly positive: number; readonly negative: number } {
  let positive = 0;
  let negative = 0;
  for (let index = 0; index < sequences.count; index++) {
    for (const label of sequences.sequence(index).failure) {
      if (label === 1) positive++;
      if (label === 0) negative++;
    }
  }
  return { positive, negative };
}

/**
 * Log loss per step at the best slope and bias of its log-odds: the combination finds both anew, so that a network is not
 * better for knowing how often the boards of this sample fail.
 */
function calibratedLoss({ log_odds, failures }: LstmJudgement): number {
  const fitted = fitCombiner({ inputs: Float64Array.from(log_odds), width: 1, labels: failures });
  let sum = 0;
  for (let i = 0; i < log_odds.length; i++) {
    const x = combine(fitted, log_odds, i);
    sum += Math.max(x, 0) - x * (failures[i] as number) + Math.log1p(Math.exp(-Math.abs(x)));
  }
  return sum / log_odds.length;
}

/** What it costs to say of every step how often failures come: a network must be worth more than none. */
function rateLoss(sequences: LstmSequences): number {
  const { positive, negative } = labelsOf(sequences);
  const p = positive / (positive + negative);
  return -p * Math.log(p) - (1 - p) * Math.log1p(-p);
}
