import { describe, expect, it } from 'vitest';
import { loadTensors, type TensorBackend } from './backend.ts';
import type { CarriedStates } from './carried-states.ts';
import { headLoss } from './head-loss.ts';
import { createLstmCells } from './lstm-cells.ts';
import { weightPlaces } from './lstm-model.ts';
import { drawsOf } from './model.fixture.ts';
import type { TrainingWindow } from './training-lanes.ts';
import { type GradientCall, windowGradient } from './window-gradient.ts';

const SHAPE = { width: 3, layers: 2, units: 4 };
const ROWS = 2;
const STEPS = 5;

function drawnCall(seed: number, has_dropout: boolean): GradientCall {
  const draw = drawsOf(seed);
  const drawn = (count: number, spread: number) =>
    Float32Array.from({ length: count }, () => (2 * draw() - 1) * spread);
  const { width, layers, units } = SHAPE;
  const weights = drawn(weightPlaces(width, layers, units).count, 0.8);
  const window: TrainingWindow = {
    rows: ROWS,
    steps: STEPS,
    entering: drawn(STEPS * ROWS * width, 2),
    kept: Float32Array.from({ length: STEPS * ROWS }, (_, i) => (i === 5 ? 0 : i === 3 ? 0.4 : 1)),
    failure: Float32Array.from({ length: STEPS * ROWS }, () => (draw() < 0.2 ? Number.NaN : draw() < 0.5 ? 1 : 0)),
    type: Uint8Array.from({ length: STEPS * ROWS }, () => (draw() < 0.2 ? 255 : Math.floor(4 * draw()))),
    lanes: [0, 1],
    gpu_steps: STEPS * ROWS,
  };
  return {
    network: { ...SHAPE, weights },
    window,
    before: {
      hidden: Array.from({ length: layers }, () => drawn(ROWS * units, 0.9)),
      cells: Array.from({ length: layers }, () => drawn(ROWS * units, 1.5)),
    },
    weights: { positive: 3, type: 0.5 },
    dropout: has_dropout
      ? Array.from({ length: layers }, () =>
          Float32Array.from({ length: STEPS * ROWS * units }, () => (draw() < 0.3 ? 0 : 1 / 0.7)),
        )
      : [],
    gradient: new Float32Array(weights.length),
  };
}

/** The same window in double precision, from the equations. */
function lossOf(
  call: GradientCall,
  weights: Float64Array,
): { loss: number; after: { hidden: number[][]; cells: number[][] } } {
  const { width, layers, units } = call.network;
  const places = weightPlaces(width, layers, units);
  const hidden = call.before.hidden.map((all) => [...all]);
  const cells = call.before.cells.map((all) => [...all]);
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  let loss = 0;
  for (let t = 0; t < STEPS; t++) {
    for (let row = 0; row < ROWS; row++) {
      const at = t * ROWS + row;
      const share = call.window.kept[at] as number;
      let below = Array.from(call.window.entering.subarray(at * width, (at + 1) * width));
      places.layers.forEach(({ kernel, recurrent, bias }, l) => {
        const [h, c] = [hidden, cells].map((all) => (all[l] as number[]).slice(row * units, (row + 1) * units)) as [
          number[],
          number[],
        ];
        const sum = (column: number): number =>
          below.reduce((all, x, i) => all + x * (weights[kernel + i * 4 * units + column] as number), 0) +
          h.reduce((all, x, i) => all + share * x * (weights[recurrent + i * 4 * units + column] as number), 0) +
          (weights[bias + column] as number);
        below = c.map((before, j) => {
          const cell = sigmoid(sum(units + j)) * share * before + sigmoid(sum(j)) * Math.tanh(sum(2 * units + j));
          const shown = sigmoid(sum(3 * units + j)) * Math.tanh(cell);
          (cells[l] as number[])[row * units + j] = cell;
          (hidden[l] as number[])[row * units + j] = shown;
          return shown * (call.dropout[l]?.[at * units + j] ?? 1);
        });
      });
      const heads = Float64Array.from({ length: 5 }, (_, k) =>
        below.reduce(
          (all, x, i) => all + x * (weights[places.head + i * 5 + k] as number),
          weights[places.head_bias + k] as number,
        ),
      );
      // The loss itself is judged below; here only its way back.
      loss += headLoss(heads, 0, call.window.failure[at] as number, call.window.type[at] as number, call.weights);
    }
  }
  return { loss, after: { hidden, cells } };
}

/** The native one where it is installed (`deploy/install-tfjs-node.sh`). */
const { name: best } = await loadTensors(null);
const BACKENDS: readonly TensorBackend[] = [...new Set<TensorBackend>(['wasm', 'cpu', best])];

describe.each(BACKENDS)('a window on %s', (backend) => {
  it.each([
    { seed: 1, has_dropout: false },
    { seed: 2, has_dropout: true },
  ])('has the loss, the states and the derivatives of the equations, seed $seed', async ({ seed, has_dropout }) => {
    const tensors = await loadTensors(backend);
    const call = drawnCall(seed, has_dropout);
    const result = tensors.run(() => windowGradient(call));
    const exact = Float64Array.from(call.network.weights);
    const wanted = lossOf(call, exact);
    expect(result.loss).toBeCloseTo(wanted.loss, 3);
    expect(result.labelled).toBe(call.window.failure.filter((x) => !Number.isNaN(x)).length);
    for (const name of ['hidden', 'cells'] satisfies (keyof CarriedStates)[]) {
      result.after[name].forEach((all, l) => {
        all.forEach((x, i) => {
          expect(Math.abs(x - (wanted.after[name][l]?.[i] as number))).toBeLessThan(1e-5);
        });
      });
    }
    const step = 1e-5;
    for (let i = 0; i < exact.length; i++) {
      const weight = exact[i] as number;
      exact[i] = weight + step;
      const above = lossOf(call, exact).loss;
      exact[i] = weight - step;
      const slope = (above - lossOf(call, exact).loss) / (2 * step);
      exact[i] = weight;
      expect(Math.abs((call.gradient[i] as number) - slope), `weight ${i}`).toBeLessThan(1e-4 * (1 + Math.abs(slope)));
    }
  });
});

it('leaves no tensor behind and no derivative where nothing is labelled', async () => {
  const tf = await import('@tensorflow/tfjs-core');
  const tensors = await loadTensors('wasm');
  const call = drawnCall(3, true);
  call.gradient.fill(7);
  const before = tf.memory().numTensors;
  const window = { ...call.window, failure: call.window.failure.map(() => Number.NaN) };
  const { loss, labelled } = tensors.run(() => windowGradient({ ...call, window }));
  expect([loss, labelled]).toEqual([0, 0]);
  expect(call.gradient.every((x) => x === 0)).toBe(true);
  tensors.run(() => windowGradient(call));
  expect(call.gradient.some((x) => x !== 0)).toBe(true);
  expect(tf.memory().numTensors).toBe(before);
});

it('shows what the cells that serve show', async () => {
  const tensors = await loadTensors('wasm');
  const call = drawnCall(4, false);
  const { after } = tensors.run(() => windowGradient(call));
  const { units, width } = SHAPE;
  const cells = createLstmCells({ ...SHAPE, weights: call.network.weights });
  const { memory } = cells;
  for (let row = 0; row < ROWS; row++) {
    for (let l = 0; l < SHAPE.layers; l++) {
      const part = (all: readonly Float32Array[]) => (all[l] as Float32Array).subarray(row * units, (row + 1) * units);
      memory.set(part(call.before.hidden), cells.hiddenAt(l, row));
      memory.set(part(call.before.cells), cells.cellAt(l, row));
    }
  }
  for (let t = 0; t < STEPS; t++) {
    for (let row = 0; row < ROWS; row++) {
      const at = t * ROWS + row;
      memory.set(call.window.entering.subarray(at * width, (at + 1) * width), cells.inputAt(row));
      for (let l = 0; l < SHAPE.layers; l++) {
        for (let j = 0; j < units; j++) {
          const share = call.window.kept[at] as number;
          const hidden = memory[(t === 0 ? cells.hiddenAt(l, row) : cells.shownAt(l, row)) + j] as number;
          memory[cells.hiddenAt(l, row) + j] = hidden * share;
          memory[cells.cellAt(l, row) + j] = (memory[cells.cellAt(l, row) + j] as number) * share;
        }
      }
    }
    cells.run(ROWS);
  }
  for (let row = 0; row < ROWS; row++) {
    for (let l = 0; l < SHAPE.layers; l++) {
      for (let j = 0; j < units; j++) {
        const shown = memory[cells.shownAt(l, row) + j] as number;
        expect(Math.abs(shown - (after.hidden[l]?.[row * units + j] as number))).toBeLessThan(1e-5);
      }
    }
  }
});
