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

/** Input, forget, candidate, output. */
type Four<T> = readonly [T, T, T, T];

/** One layer, one step: what its way back needs. A gate is a sigmoid, the candidate's too; `offered` is what it stands for. */
interface Step {
  readonly entered: tf.Tensor2D;
  readonly gates: Four<tf.Tensor2D>;
  readonly offered: tf.Tensor2D;
  readonly before: tf.Tensor2D;
  readonly cell: tf.Tensor2D;
  readonly bent: tf.Tensor2D;
  readonly hidden: tf.Tensor2D;
  readonly share: tf.Tensor2D | null;
}

interface Layer {
  readonly places: LayerPlaces;
  readonly slopes: Four<tf.Tensor2D>;
  readonly biases: Four<tf.Tensor1D>;
  /** For the way back to the step before, and to what entered from below, where anything there learns. */
  readonly to_before: tf.Tensor2D;
  readonly to_below: tf.Tensor2D | null;
}

/**
 * Loss of a window and its derivative by every weight, through its steps and no further back (truncated back-propagation through
 * time; Werbos 1990). To be called on a backend (see Tensors.run), which then frees all tensors.
 * The build of tfjs-core for Node has operations, but not their gradients, so the way back is written out, in the operations that
 * WebAssembly is fast at: tanh as a sigmoid of twice its argument, products with transposed matrices as a transposition and a product,
 * and never a slice, which copies all it is cut from.
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
  const all = tf.tensor2d(scaled.subarray(0, height * columns), [height, columns]);
  const part = (row: number, rows: number, gate: number, width: number) =>
    tf.slice2d(all, [row, gate * units], [rows, width]);
  const biases = scaled.subarray(height * columns);
  const four = <T>(of: (gate: number) => T): Four<T> => [of(0), of(1), of(2), of(3)];
  return {
    places,
    slopes: four((gate) => part(0, height, gate, units)),
    // Made as they are: WebAssembly looks at the shape that a tensor was made with.
    biases: four((gate) => tf.tensor1d(biases.subarray(gate * units, (gate + 1) * units))),
    to_before: tf.transpose<tf.Tensor2D>(part(places.inputs, units, 0, columns)),
    to_below: learns_below ? tf.transpose<tf.Tensor2D>(part(0, places.inputs, 0, columns)) : null,
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
  { slopes, biases }: Layer,
  x: tf.Tensor2D,
  hidden_before: tf.Tensor2D,
  cell_before: tf.Tensor2D,
  share: tf.Tensor2D | null,
): Step {
  const result = tf.tidy(() => {
    const entered = tf.concat2d([x, share ? tf.mul(hidden_before, share) : hidden_before], 1);
    const before = share ? tf.mul<tf.Tensor2D>(cell_before, share) : cell_before;
    const gate = (g: 0 | 1 | 2 | 3): tf.Tensor2D =>
      tf.sigmoid(tf.fused.matMul({ a: entered, b: slopes[g], bias: biases[g] }) as tf.Tensor2D);
    const gates: Four<tf.Tensor2D> = [gate(0), gate(1), gate(2), gate(3)];
    const offered = stretched(gates[2]);
    const cell = tf.add<tf.Tensor2D>(tf.mul(gates[1], before), tf.mul(gates[0], offered));
    const bent = stretched(tf.sigmoid(tf.mul<tf.Tensor2D>(cell, 2)));
    const hidden = tf.mul<tf.Tensor2D>(gates[3], bent);
    return { entered, gates: [...gates], offered, before, cell, bent, hidden };
  });
  return { ...result, gates: result.gates as unknown as Four<tf.Tensor2D>, share };
}

/** From what is to be blamed on what a layer shows, step by step, to the weights' share of it, and to what entered from below. */
function backward(
  { places, to_before, to_below }: Layer,
  passed: readonly Step[],
  blame: readonly tf.Tensor2D[],
  gradient: Float32Array,
  units: number,
): tf.Tensor2D[] {
  const first = passed[0] as Step;
  const of_sums: tf.Tensor2D[] = [];
  let of_hidden = tf.zerosLike(first.hidden);
  let of_cell = tf.zerosLike(first.cell);
  for (let t = passed.length - 1; t >= 0; t--) {
    const { gates, share, ...step } = passed[t] as Step;
    const result = tf.tidy(() => {
      const hidden = tf.add<tf.Tensor2D>(blame[t] as tf.Tensor2D, of_hidden);
      const bend = tf.sub(1, tf.square(step.bent));
      const cell = tf.add<tf.Tensor2D>(of_cell, tf.mul(tf.mul(hidden, gates[3]), bend));
      const of_gates = [
        tf.mul(cell, step.offered),
        tf.mul(cell, step.before),
        tf.mul(tf.mul(cell, gates[0]), 2),
        tf.mul(hidden, step.bent),
      ];
      const sums = tf.concat2d(
        of_gates.map((of, g) => {
          const gate = gates[g] as tf.Tensor2D;
          return tf.mul<tf.Tensor2D>(of, tf.sub(gate, tf.square(gate)));
        }),
        1,
      );
      const before = tf.matMul<tf.Tensor2D>(sums, to_before);
      const kept = tf.mul<tf.Tensor2D>(cell, gates[1]);
      return {
        sums,
        hidden: share ? tf.mul<tf.Tensor2D>(before, share) : before,
        cell: share ? tf.mul<tf.Tensor2D>(kept, share) : kept,
      };
    });
    of_hidden = result.hidden;
    of_cell = result.cell;
    of_sums[t] = result.sums;
  }
  const entered = tf.transpose<tf.Tensor2D>(
    tf.concat2d(
      passed.map((step) => step.entered),
      0,
    ),
  );
  const all_sums = tf.concat2d(of_sums, 0);
  const ones = tf.ones<tf.Rank.R2>([1, all_sums.shape[0]]);
  const slopes = tf
    .matMul(tf.concat2d([entered, ones], 0), all_sums)
    .dataSync<'float32'>()
    .slice();
  doubleCandidates(slopes, units);
  gradient.set(slopes, places.kernel);
  return to_below ? of_sums.map((sums) => tf.matMul<tf.Tensor2D>(sums, to_below)) : [];
}
