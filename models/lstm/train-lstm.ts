import { setImmediate } from 'node:timers/promises';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { treeDraws } from '../isolation-forest/tree-draws.ts';
import { createAdam } from './adam.ts';
import { loadTensors, type TensorBackend } from './backend.ts';
import { emptyStates, putRows, takeRows } from './carried-states.ts';
import { firstWeights } from './first-weights.ts';
import { bestTemperature, judgeLstm } from './judge-lstm.ts';
import { type LstmModel, networkWidth } from './lstm-model.ts';
import { maskedInput } from './masked-input.ts';
import { chunksOf, type LstmInputSpec, type LstmSequences, learnFacts } from './sequences.ts';
import { shiftLogOdds, withoutTemperature } from './shift-log-odds.ts';
import { drawDropout, shuffled } from './training-draws.ts';
import { trainingWindows } from './training-lanes.ts';
import { windowGradient } from './window-gradient.ts';

export interface LstmTrainingOptions {
  readonly layers: number;
  readonly units: number;
  /** Missed steps after which what the cells remember counts half. */
  readonly state_half_life_steps: number;
  readonly seed: number;
  readonly epochs: number;
  /** Epochs without a better validation loss after which it ends. */
  readonly patience: number;
  /** Histories that are learned from side by side. */
  readonly lanes: number;
  /** Steps that a derivative reaches back. */
  readonly window_steps: number;
  /** Histories are learned in pieces of this many steps, each from a first day on; null = whole. */
  readonly chunk_steps: number | null;
  /** Pieces of an epoch, drawn anew for each; null = all. */
  readonly chunks_per_epoch: number | null;
  readonly learning_rate: number;
  readonly dropout: number;
  readonly gradient_norm_max: number;
  /** A step before a failure weighs as many as there are others to one of them, up to this. */
  readonly positive_weight_max: number;
  readonly type_weight: number;
  /** null = the native one where it is installed, else wasm. */
  readonly backend: TensorBackend | null;
}

export const LSTM_TRAINING_DEFAULTS: LstmTrainingOptions = {
  layers: 2,
  units: 128,
  state_half_life_steps: 1_008,
  seed: 1,
  epochs: 10,
  patience: 2,
  lanes: 128,
  window_steps: 36,
  chunk_steps: null,
  chunks_per_epoch: null,
  learning_rate: 1e-3,
  dropout: 0.2,
  gradient_norm_max: 1,
  positive_weight_max: 50,
  type_weight: 0.5,
  backend: null,
};

export interface LstmProgress {
  readonly epoch: number;
  /** Windows of this epoch so far. */
  readonly batch: number;
  /** Mean per labelled step of this epoch so far. */
  readonly loss: number;
  /** Until the last epoch, if none of them is the last before, or the time is over; null while nobody can know. */
  readonly eta_s: number | null;
}

export interface LstmEpoch {
  readonly epoch: number;
  readonly loss: number;
  /** null without validation. */
  readonly valid_loss: number | null;
}

export interface TrainedLstm {
  readonly model: LstmModel;
  readonly epochs: readonly LstmEpoch[];
  /** The one whose weights the model has; 0 = none was better than what it began with. */
  readonly best_epoch: number;
  /** All epochs were learned, or none of the last was better, or the time was over. */
  readonly ended: 'epochs' | 'patience' | 'time';
  readonly backend: TensorBackend;
  readonly positive_weight: number;
  /** Steps of GPUs that were learned from. */
  readonly gpu_steps: number;
}

export interface LstmTrainingCall {
  /** In the order of the sequences' inputs. */
  readonly inputs: readonly LstmInputSpec[];
  readonly sequences: LstmSequences;
  /** Later, other GPUs: decides when to end, and the temperature. */
  readonly valid?: LstmSequences;
  /** To begin with, instead of drawn weights: its inputs keep their mean and spread. It must fit (`canStartFrom`). */
  readonly start?: LstmModel;
  readonly options: LstmTrainingOptions;
  /** After so long it ends with the window that is going on; needs `monotonic`, and makes the result depend on it. */
  readonly time_max_ms?: number;
  readonly on_progress?: (progress: LstmProgress) => void;
  /** Monotonic ms, for the time that is left. */
  readonly monotonic?: () => number;
}

/** Whether a training with these inputs and sizes can go on from this network: its mean and spread may be others. */
export function canStartFrom(
  start: LstmModel,
  inputs: readonly LstmInputSpec[],
  sizes: Pick<LstmTrainingOptions, 'layers' | 'units' | 'state_half_life_steps'>,
): boolean {
  return (
    start.layers === sizes.layers &&
    start.units === sizes.units &&
    start.state_half_life_steps === sizes.state_half_life_steps &&
    start.inputs.length === inputs.length &&
    start.inputs.every(({ name, transform, half_life_steps, group }, i) => {
      const own = inputs[i] as LstmInputSpec;
      return (
        name === own.name &&
        transform === own.transform &&
        half_life_steps === own.half_life_steps &&
        group === own.group
      );
    })
  );
}

/**
 * A recurrent network with two heads, learned in windows through which its state is carried; a function of sequences, options and
 * seed alone on one backend, and within 1e-4 on another. Positive steps weigh more while it learns, by w; the model's log-odds are then
 * lowered by ln w, so that its probabilities mean what they say, and divided by a temperature found on the validation.
 * With a network to begin with and a validation, what comes back is never worse there than that; where no epoch is better, it is that
 * network itself, bit for bit. It gives way to others after every window, which takes a third of a second for the defaults: to be run in a thread of its own.
 * Cost     2 x 128 with 32 inputs on one core with wasm some 15,000 steps of GPUs a second, so 18 million in 20 minutes: 500 GPUs over
 * 90 days nearly three times, or a week of each, drawn anew, in 36 epochs. Memory some 320 MB for 128 lanes of 36 steps.
 * Source   DOMAIN.md section 8; dropout between layers, never through time: Zaremba et al. 2014.
 * Errors   GV-CLI-002 where the sequences are unfit or know no failure, or all is one, or where the start does not fit; GV-CLI-004 where a learning rate is too high.
 */
export async function trainLstm(call: LstmTrainingCall): Promise<TrainedLstm> {
  const { sequences, valid, options, start } = call;
  const { layers, units, seed } = options;
  if (start && !canStartFrom(start, call.inputs, options)) {
    throw new VitalsError('GV-CLI-002', 'The network to begin with has other inputs or another size', '');
  }
  const facts = learnFacts(sequences, call.inputs);
  const negative = facts.labelled - facts.positive;
  if (facts.positive === 0 || negative === 0) {
    throw new VitalsError('GV-CLI-002', `${facts.positive} of ${facts.labelled} labelled steps precede a failure`, '', {
      action: 'Give histories of GPUs that failed and of ones that did not.',
    });
  }
  const positive_weight = Math.min(options.positive_weight_max, Math.max(1, negative / facts.positive));
  const valid_facts = valid ? learnFacts(valid, call.inputs) : null;
  if (valid_facts?.labelled === 0) throw new VitalsError('GV-CLI-002', 'No step of the validation is labelled', '');
  const weights_of_loss = { positive: positive_weight, type: options.type_weight };
  /** What a labelled step weighs in the mean, so that windows without a failure are not shouted up. */
  const mean_weight = (negative + facts.positive * positive_weight) / facts.labelled;
  const { inputs } = start ?? facts;
  const shape = { inputs, layers, units, state_half_life_steps: options.state_half_life_steps };
  const width = networkWidth(inputs);
  const learnt_odds = Math.log(positive_weight);
  // While it learns its log-odds are those of a world in which failures weigh more.
  const weights = start
    ? shiftLogOdds(withoutTemperature(start), learnt_odds).weights
    : firstWeights(width, layers, units, seed);
  const modelOf = (of: Float32Array): LstmModel => ({ ...shape, temperature: 1, weights: of });

  const tensors = await loadTensors(options.backend);
  const adam = createAdam({
    count: weights.length,
    rate: options.learning_rate,
    norm_max: options.gradient_norm_max,
  });
  const gradient = new Float32Array(weights.length);
  const masked = maskedInput(shape);
  const chunks = chunksOf(sequences, options.chunk_steps ?? Number.MAX_SAFE_INTEGER);
  const epochs: LstmEpoch[] = [];
  let windows = 0;
  let gpu_steps = 0;
  const began = call.monotonic?.() ?? 0;
  const spent_ms = (): number => (call.monotonic?.() ?? began) - began;
  const time_max_ms = call.time_max_ms ?? Number.POSITIVE_INFINITY;
  const over = (): boolean => spent_ms() >= time_max_ms;

  const epochOf = async (epoch: number): Promise<number> => {
    const drawn = shuffled(chunks, treeDraws(seed, epoch)).slice(0, options.chunks_per_epoch ?? chunks.length);
    const steps_before = gpu_steps;
    const steps_of_epoch = drawn.reduce((sum, { from, to }) => sum + to - from, 0);
    const carried = emptyStates(options.lanes, layers, units);
    let loss = 0;
    let labelled = 0;
    let batch = 0;
    const { lanes, window_steps: steps } = options;
    for (const window of trainingWindows({ sequences, chunks: drawn, masked, lanes, steps })) {
      windows++;
      batch++;
      const before = takeRows(carried, window.lanes, units);
      const count = steps * window.rows * units;
      const dropout =
        options.dropout > 0 ? drawDropout({ dropout: options.dropout, seed, window: windows, layers, count }) : [];
      const network = { width, layers, units, weights };
      const result = tensors.run(() =>
        windowGradient({ network, window, before, weights: weights_of_loss, dropout, gradient }),
      );
      if (!Number.isFinite(result.loss)) {
        throw new VitalsError('GV-CLI-004', `The network came off its way in epoch ${epoch}`, '', {
          action: 'Train again with a lower learning rate.',
        });
      }
      putRows(carried, window.lanes, units, result.after);
      loss += result.loss;
      labelled += result.labelled;
      gpu_steps += window.gpu_steps;
      if (result.labelled > 0) {
        const scale = 1 / (result.labelled * mean_weight);
        for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i] as number) * scale;
        adam.step(weights, gradient);
      }
      const share = (epoch - 1 + (gpu_steps - steps_before) / steps_of_epoch) / options.epochs;
      const left_ms = Math.max(0, Math.min(spent_ms() * (1 / share - 1), time_max_ms - spent_ms()));
      const eta_s = call.monotonic ? left_ms / 1_000 : null;
      call.on_progress?.({ epoch, batch, loss: labelled === 0 ? Number.NaN : loss / labelled, eta_s });
      await setImmediate();
      if (over()) break;
    }
    return loss / Math.max(1, labelled);
  };

  const judge = (model: LstmModel, sequences_of: LstmSequences) =>
    judgeLstm({ model, sequences: sequences_of, weights: weights_of_loss, pause: () => setImmediate() });

  const start_loss = start && valid ? (await judge(modelOf(weights), valid)).loss : Number.POSITIVE_INFINITY;
  let best = { epoch: 0, loss: start_loss, weights: weights.slice() };
  let ended: TrainedLstm['ended'] = 'epochs';
  for (let epoch = 1; epoch <= options.epochs && ended === 'epochs'; epoch++) {
    const loss = await epochOf(epoch);
    const valid_loss = valid ? (await judge(modelOf(weights), valid)).loss : null;
    epochs.push({ epoch, loss, valid_loss });
    // Without validation the last one counts.
    const judged = valid_loss ?? -epoch;
    if (judged < best.loss) best = { epoch, loss: judged, weights: weights.slice() };
    if (over()) ended = 'time';
    else if (epoch < options.epochs && epoch - best.epoch >= options.patience) ended = 'patience';
  }
  const honest = shiftLogOdds(modelOf(best.weights), -learnt_odds);
  const temperature = valid && valid_facts?.positive ? bestTemperature(await judge(honest, valid)) : 1;
  return {
    model: start && best.epoch === 0 ? start : { ...honest, temperature },
    epochs,
    best_epoch: best.epoch,
    ended,
    backend: tensors.name,
    positive_weight,
    gpu_steps,
  };
}
