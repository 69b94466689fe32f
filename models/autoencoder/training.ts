import { treeDraws } from '../isolation-forest/tree-draws.ts';
import { type Autoencoder, autoencoder, weightCount } from './autoencoder.ts';
import { batchGradient } from './batch-gradient.ts';

export interface TrainingOptions {
  /** Units of the layers between the two that are as wide as a row. */
  readonly hidden: readonly number[];
  /** Steps of the whole training. */
  readonly batches: number;
  /** Rows that each step sees. */
  readonly batch_rows: number;
  /** Of the first step; it falls in a straight line to 0 after the last one. */
  readonly learning_rate: number;
  /** Share of the values that are given as something else, drawn evenly within this of 0, while they are wanted as they are. */
  readonly corrupted_share: number;
  readonly corruption: number;
  readonly seed: number;
}

/** A training as JSON can carry it, bit for bit; with the rows and options it goes on from there. */
export interface TrainingData {
  /** Steps done. */
  readonly batches: number;
  readonly weights: readonly number[];
  /** Running means of the gradient and of its square. */
  readonly first_moments: readonly number[];
  readonly second_moments: readonly number[];
}

/** An autoencoder that learns; a function of rows and options, whatever the slices. */
export interface Training {
  readonly done: boolean;
  /** Takes up to `batches` more steps, some 1 ms each for 64 rows and 34-16-6-16-34; true once all are done. */
  step(batches: number): boolean;
  /** As it is so far, copied. */
  model(): Autoencoder;
  data(): TrainingData;
}

const FIRST_DECAY = 0.9;
const SECOND_DECAY = 0.999;
const EPSILON = 1e-7;

/**
 * Begins an autoencoder over rows of one width, or goes on from where `from` stands; the rows are copied, what is no finite
 * number in them is neither given nor asked for. Every epoch goes through all rows in an order of its own.
 * State    12 B per weight, 8 B per value of the rows; no tensor between two calls.
 * Source   gradients by TensorFlow.js; steps after Kingma, Ba 2015 (Adam), algorithm 1; what is given is corrupted after
 *          Vincent et al. 2008, so that a value that does not fit is seen as such and spoils no other. The optimizer of TensorFlow.js does the
 *          same, but gives and takes its moments only asynchronously, so no snapshot could carry them.
 */
export function startTraining(
  rows: readonly ArrayLike<number>[],
  options: TrainingOptions,
  from: TrainingData | null = null,
): Training {
  const width = rows[0]?.length ?? 0;
  const widths = [width, ...options.hidden, width];
  const weights = from ? Float32Array.from(from.weights) : firstWeights(widths, options.seed);
  const first = from ? Float32Array.from(from.first_moments) : new Float32Array(weights.length);
  const second = from ? Float32Array.from(from.second_moments) : new Float32Array(weights.length);
  const matrix = Float32Array.from(rows.flatMap((row) => Array.from(row)));
  const gradient = new Float32Array(weights.length);
  const per_epoch = Math.max(1, Math.ceil(rows.length / options.batch_rows));
  const total = rows.length === 0 ? 0 : options.batches;
  let batches = from?.batches ?? 0;
  let epoch = -1;
  let order = new Uint32Array(0);

  const batchAt = (step: number) => {
    const needed = Math.floor(step / per_epoch);
    if (needed !== epoch) {
      epoch = needed;
      order = shuffled(rows.length, options.seed, epoch);
    }
    const at = (step % per_epoch) * options.batch_rows;
    const drawn = order.subarray(at, at + options.batch_rows);
    const draw = treeDraws(options.seed, -1 - step);
    const given = new Float32Array(drawn.length * width);
    const wanted = new Float32Array(drawn.length * width);
    const known = new Float32Array(drawn.length * width);
    drawn.forEach((row, r) => {
      for (let i = 0; i < width; i++) {
        const x = matrix[row * width + i] as number;
        if (!Number.isFinite(x)) continue;
        const isCorrupted = draw() < options.corrupted_share;
        given[r * width + i] = isCorrupted ? (2 * draw() - 1) * options.corruption : x;
        wanted[r * width + i] = x;
        known[r * width + i] = 1;
      }
    });
    return { rows: drawn.length, given, wanted, known };
  };

  const descend = (rate: number): void => {
    const first_share = 1 - FIRST_DECAY ** batches;
    const second_share = 1 - SECOND_DECAY ** batches;
    for (let i = 0; i < weights.length; i++) {
      const slope = gradient[i] as number;
      const mean = FIRST_DECAY * (first[i] as number) + (1 - FIRST_DECAY) * slope;
      const square = SECOND_DECAY * (second[i] as number) + (1 - SECOND_DECAY) * slope * slope;
      first[i] = mean;
      second[i] = square;
      weights[i] =
        (weights[i] as number) - (rate * (mean / first_share)) / (Math.sqrt(square / second_share) + EPSILON);
    }
  };

  return {
    get done() {
      return batches >= total;
    },
    step(count) {
      const until = Math.min(total, batches + count);
      while (batches < until) {
        batchGradient(widths, weights, batchAt(batches), gradient);
        const rate = options.learning_rate * (1 - batches / total);
        batches++;
        descend(rate);
      }
      return batches >= total;
    },
    model: () => autoencoder(widths, weights.slice()),
    data: () => ({
      batches,
      weights: Array.from(weights),
      first_moments: Array.from(first),
      second_moments: Array.from(second),
    }),
  };
}

/** Weights drawn evenly within sqrt(6 / (inputs + units)), biases of 0. Source: Glorot, Bengio 2010, eq. 16. */
function firstWeights(widths: readonly number[], seed: number): Float32Array {
  const draw = treeDraws(seed, 0);
  const weights = new Float32Array(weightCount(widths));
  let at = 0;
  widths.slice(1).forEach((units, l) => {
    const inputs = widths[l] as number;
    const limit = Math.sqrt(6 / (inputs + units));
    for (const end = at + inputs * units; at < end; at++) weights[at] = (2 * draw() - 1) * limit;
    at += units;
  });
  return weights;
}

function shuffled(count: number, seed: number, epoch: number): Uint32Array<ArrayBuffer> {
  const draw = treeDraws(seed, epoch + 1);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(draw() * (count - i));
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
  return order;
}
