import * as tf from '@tensorflow/tfjs-core';
import type { CarriedStates } from './carried-states.ts';
import { headLoss, type LossWeights } from './head-loss.ts';
import { HEAD_WIDTH, type LayerPlaces, weightPlaces } from './lstm-model.ts';
import type { TrainingWindow } from './training-lanes.ts';

export interface Network {
  readonly width: number;
  readonly layers: number;
  readonly units: number;
  /** As `weightPlaces` says. */
  readonly weights: Float32Array;
}

export interface WindowLoss {
  /** Sum over the steps that have a label. */
  readonly loss: number;
  readonly labelled: number;
  readonly after: CarriedStates;
}

export interface GradientCall {
  readonly network: Network;
  readonly window: TrainingWindow;
  readonly before: CarriedStates;
  readonly weights: LossWeights;
  /** Per layer, steps x rows x units: what its units are multiplied by on their way up; empty = nothing is dropped. */
  readonly dropout: readonly Float32Array[];
  /** Takes the derivative of the loss's sum by every weight. */
  readonly gradient: Float32Array;
}

/** One layer, one step: what its way back needs. */
type Step = {
  readonly [name in
    | 'entered'
    | 'gates'
    | 'opened'
    | 'kept'
    | 'offered'
    | 'shown'
    | 'before'
    | 'cell'
    | 'bent'
    | 'hidden']: tf.Tensor2D;
} & { readonly share: tf.Tensor2D | null };

interface Layer {
  readonly places: LayerPlaces;
  readonly slopes: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
  /** For the way back: by what entered from below, if anything below learns, and from the step before. */
  readonly back: tf.Tensor2D;
}

/**
 * Loss of a window and its derivative by every weight, through its steps and no further back (truncated back-propagation through
 * time; Werbos 1990). To be called on a backend (see Tensors.run), which then frees all tensors.
 * The build of tfjs-core for Node has operations, but not their gradients, so the way back is written out. A tanh is a sigmoid of
 * twice its argument, so that one operation bends all four gates; products with transposed matrices are spelled as a transposition and a
 * product, which WebAssembly does ten times faster.
 */
export function windowGradient(call: GradientCall): WindowLoss {
  const { network, window, before, dropout } = call;
  const { rows, steps } = window;
  const { units } = network;
  const places = weightPlaces(network.width, network.layers, units);
  const size = rows * units;
  const layers = places.layers.map((layer, l) => layerTensors(network, layer, l > 0));
  const shares = Array.from({ length: steps }, (_, t) => {
    const share = window.kept.subarray(t * rows, (t + 1) * rows);
    return share.every((x) => x === 1) ? null : tf.tensor2d(share, [rows, 1]);
  });
  const drops = dropout.map((all) =>
    Array.from({ length: steps }, (_, t) => tf.tensor2d(all.subarray(t * size, (t + 1) * size), [rows, units])),
  );

  const across = rows * network.width;
  let entering = Array.from({ length: steps }, (_, t) =>
    tf.tensor2d(window.entering.subarray(t * across, (t + 1) * across), [rows, network.width]),
  );
  const after = { hidden: [] as Float32Array[], cells: [] as Float32Array[] };
  const passed = layers.map((layer, l) => {
    let hidden = tf.tensor2d(before.hidden[l] as Float32Array, [rows, units]);
    let cell = tf.tensor2d(before.cells[l] as Float32Array, [rows, units]);
    const through = entering.map((x, t) => {
      const step = forward(layer, x, hidden, cell, shares[t] ?? null);
      hidden = step.hidden;
      cell = step.cell;
      return step;
    });
    after.hidden.push(hidden.dataSync<'float32'>().slice());
    after.cells.push(cell.dataSync<'float32'>().slice());
    entering = through.map((step, t) => {
      const drop = drops[l]?.[t];
      return drop ? tf.mul<tf.Tensor2D>(step.hidden, drop) : step.hidden;
    });
    return through;
  });

  const head_slopes = tf.tensor2d(network.weights.subarray(places.head, places.head_bias), [units, HEAD_WIDTH]);
  const head_bias = tf.tensor1d(network.weights.subarray(places.head_bias, places.count));
  const tops = tf.concat2d(entering, 0);
  const sums = tf.add<tf.Tensor2D>(tf.matMul(tops, head_slopes), head_bias).dataSync<'float32'>();
  const wrong = new Float32Array(sums.length);
  let loss = 0;
  let labelled = 0;
  window.failure.forEach((failure, i) => {
    loss += headLoss(sums, i * HEAD_WIDTH, failure, window.type[i] as number, call.weights, wrong);
    if (!Number.isNaN(failure)) labelled++;
  });
  call.gradient.fill(0);
  if (labelled === 0) return { loss, labelled, after };

  const of_sums = tf.tensor2d(wrong, [steps * rows, HEAD_WIDTH]);
  call.gradient.set(tf.matMul(tf.transpose(tops), of_sums).dataSync<'float32'>(), places.head);
  wrong.forEach((slope, i) => {
    const at = places.head_bias + (i % HEAD_WIDTH);
    call.gradient[at] = (call.gradient[at] as number) + slope;
  });
  const head_back = tf.transpose<tf.Tensor2D>(head_slopes);
  const heads = rows * HEAD_WIDTH;
  let blame = Array.from({ length: steps }, (_, t) =>
    tf.matMul<tf.Tensor2D>(tf.tensor2d(wrong.subarray(t * heads, (t + 1) * heads), [rows, HEAD_WIDTH]), head_back),
  );
  for (let l = network.layers - 1; l >= 0; l--) {
    const drop = drops[l];
    if (drop) blame = blame.map((of, t) => tf.mul<tf.Tensor2D>(of, drop[t] as tf.Tensor2D));
    blame = backward(layers[l] as Layer, passed[l] as readonly Step[], blame, call.gradient, units);
  }
  return { loss, labelled, after };
}

/** A layer's weights with the candidate's doubled: kernel, recurrent kernel and bias lie one after the other. */
function layerTensors({ weights, units }: Network, places: LayerPlaces, learns_below: boolean): Layer {
  const columns = 4 * units;
  const scaled = weights.slice(places.kernel, places.bias + columns);
  doubleCandidates(scaled, units);
  const height = places.inputs + units;
  const slopes = tf.tensor2d(scaled.subarray(0, height * columns), [height, columns]);
  const from_before = tf.tensor2d(scaled.subarray(places.inputs * columns, height * columns), [units, columns]);
  return {
    places,
    slopes,
    bias: tf.tensor1d(scaled.subarray(height * columns)),
    back: tf.transpose<tf.Tensor2D>(learns_below ? slopes : from_before),
  };
}

function doubleCandidates(rows: Float32Array, units: number): void {
  for (let row = 0; row < rows.length; row += 4 * units) {
    for (let j = row + 2 * units; j < row + 3 * units; j++) rows[j] = 2 * (rows[j] as number);
  }
}

/** tanh of x, from the sigmoid of 2 x. */
const stretched = (sigmoid: tf.Tensor2D): tf.Tensor2D => tf.sub(tf.mul(sigmoid, 2), 1);

function forward(
  { slopes, bias }: Layer,
  x: tf.Tensor2D,
  hidden_before: tf.Tensor2D,
  cell_before: tf.Tensor2D,
  share: tf.Tensor2D | null,
): Step {
  const result = tf.tidy(() => {
    const entered = tf.concat2d([x, share ? tf.mul(hidden_before, share) : hidden_before], 1);
    const before = share ? tf.mul<tf.Tensor2D>(cell_before, share) : cell_before;
    const gates = tf.sigmoid(tf.add<tf.Tensor2D>(tf.matMul(entered, slopes), bias));
    const [opened, kept, candidate, shown] = tf.split(gates, 4, 1) as [
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    const offered = stretched(candidate);
    const cell = tf.add<tf.Tensor2D>(tf.mul(kept, before), tf.mul(opened, offered));
    const bent = stretched(tf.sigmoid(tf.mul<tf.Tensor2D>(cell, 2)));
    const hidden = tf.mul<tf.Tensor2D>(shown, bent);
    return { entered, gates, opened, kept, offered, shown, before, cell, bent, hidden };
  });
  return { ...result, share };
}

/** From what is to be blamed on what a layer shows, step by step, to the weights' share of it, and to what entered from below. */
function backward(
  { places, back }: Layer,
  passed: readonly Step[],
  blame: readonly tf.Tensor2D[],
  gradient: Float32Array,
  units: number,
): tf.Tensor2D[] {
  const first = passed[0] as Step;
  const learns_below = back.shape[1] > units;
  const below: tf.Tensor2D[] = [];
  const of_sums: tf.Tensor2D[] = [];
  let of_hidden = tf.zerosLike(first.hidden);
  let of_cell = tf.zerosLike(first.cell);
  for (let t = passed.length - 1; t >= 0; t--) {
    const step = passed[t] as Step;
    const result = tf.tidy(() => {
      const hidden = tf.add<tf.Tensor2D>(blame[t] as tf.Tensor2D, of_hidden);
      const bend = tf.sub(1, tf.square(step.bent));
      const cell = tf.add<tf.Tensor2D>(of_cell, tf.mul(tf.mul(hidden, step.shown), bend));
      const of_gates = tf.concat2d(
        [
          tf.mul(cell, step.offered),
          tf.mul(cell, step.before),
          tf.mul(tf.mul(cell, step.opened), 2),
          tf.mul(hidden, step.bent),
        ],
        1,
      );
      const sums = tf.mul<tf.Tensor2D>(of_gates, tf.mul(step.gates, tf.sub(1, step.gates)));
      const entered = tf.matMul<tf.Tensor2D>(sums, back);
      const [from_before, ...under] = learns_below
        ? (tf.split(entered, [places.inputs, units], 1).toReversed() as [tf.Tensor2D, tf.Tensor2D])
        : [entered];
      const kept_cell = tf.mul<tf.Tensor2D>(cell, step.kept);
      return {
        sums,
        under,
        hidden: step.share ? tf.mul<tf.Tensor2D>(from_before, step.share) : from_before,
        cell: step.share ? tf.mul<tf.Tensor2D>(kept_cell, step.share) : kept_cell,
      };
    });
    of_hidden = result.hidden;
    of_cell = result.cell;
    of_sums[t] = result.sums;
    const [under] = result.under;
    if (under) below[t] = under;
  }
  const all_sums = tf.concat2d(of_sums, 0);
  const entered = tf.transpose<tf.Tensor2D>(
    tf.concat2d(
      passed.map((step) => step.entered),
      0,
    ),
  );
  const ones = tf.ones<tf.Rank.R2>([1, all_sums.shape[0]]);
  const slopes = tf
    .matMul(tf.concat2d([entered, ones], 0), all_sums)
    .dataSync<'float32'>()
    .slice();
  doubleCandidates(slopes, units);
  gradient.set(slopes, places.kernel);
  return below;
}
