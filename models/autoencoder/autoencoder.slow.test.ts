import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { treeDraws } from '../isolation-forest/tree-draws.ts';
import {
  type Autoencoder,
  autoencoder,
  autoencoderData,
  readAutoencoder,
  reconstructionErrors,
  rootMeanSquare,
  weightCount,
} from './autoencoder.ts';
import { batchGradient } from './batch-gradient.ts';
import { startTraining, type TrainingData, type TrainingOptions } from './training.ts';

/** Rows whose six values follow from two: a plane in six dimensions, with a little noise. */
function plane(count: number, seed: number): number[][] {
  const draw = treeDraws(seed, 0);
  const bell = (): number => draw() + draw() + draw() + draw() - 2;
  return Array.from({ length: count }, () => {
    const [a, b] = [bell(), bell()];
    return [a, b, a + b, a - b, 0.5 * a, -b].map((x) => x + 0.02 * bell());
  });
}

const OPTIONS: TrainingOptions = {
  hidden: [8, 2, 8],
  batches: 600,
  batch_rows: 32,
  learning_rate: 0.02,
  corrupted_share: 0.1,
  corruption: 2,
  seed: 1,
};

function trained(rows: readonly ArrayLike<number>[], options: TrainingOptions): Autoencoder {
  const training = startTraining(rows, options);
  training.step(options.batches);
  return training.model();
}

const errorOf = (model: Autoencoder, row: ArrayLike<number>): number =>
  rootMeanSquare(reconstructionErrors(model, row, new Float64Array(row.length)));

const random = (count: number, seed: number, size = 1): Float32Array => {
  const draw = treeDraws(seed, 9);
  return Float32Array.from({ length: count }, () => (2 * draw() - 1) * size);
};

/** The layers in TensorFlow.js, in its own words. */
function slowReconstruction(widths: readonly number[], weights: Float32Array, row: ArrayLike<number>): number[] {
  return tf.tidy(() => {
    let entering = tf.tensor2d(Float32Array.from(row), [1, row.length]);
    let at = 0;
    widths.slice(1).forEach((units, l) => {
      const inputs = widths[l] as number;
      const slopes = tf.tensor2d(weights.slice(at, at + inputs * units), [inputs, units]);
      const biases = tf.tensor1d(weights.slice(at + inputs * units, at + inputs * units + units));
      at += inputs * units + units;
      const sums = tf.add<tf.Tensor2D>(tf.matMul(entering, slopes), biases);
      entering = l === widths.length - 2 ? sums : tf.tanh(sums);
    });
    return Array.from(entering.dataSync());
  });
}

describe('autoencoder', () => {
  it('computes what TensorFlow.js computes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 4 }), fc.integer(), (hidden, seed) => {
        const widths = [34, ...hidden, 34];
        const weights = random(weightCount(widths), seed, 0.5);
        const row = Float64Array.from(random(34, seed + 1, 3));
        const errors = reconstructionErrors(autoencoder(widths, weights), row, new Float64Array(34));
        const slow = slowReconstruction(widths, weights, row);
        for (let i = 0; i < 34; i++) {
          expect(Math.abs((row[i] as number) - (errors[i] as number) - (slow[i] as number))).toBeLessThan(1e-5);
        }
      }),
      { numRuns: 40, seed: 12 },
    );
  });

  it('neither asks for what is missing nor is moved by it', () => {
    const widths = [4, 3, 4];
    const model = autoencoder(widths, random(weightCount(widths), 3));
    const whole = reconstructionErrors(model, [1, 0, -2, 0], new Float64Array(4));
    for (const missing of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const errors = reconstructionErrors(model, [1, missing, -2, missing], new Float64Array(4));
      expect([errors[0], errors[2]]).toEqual([whole[0], whole[2]]);
      expect([errors[1], errors[3]]).toEqual([Number.NaN, Number.NaN]);
      expect(rootMeanSquare(errors)).toBeCloseTo(Math.hypot(whole[0] as number, whole[2] as number) / Math.SQRT2, 12);
    }
    expect(rootMeanSquare([Number.NaN])).toBe(0);
  });

  it('comes back from JSON bit for bit', () => {
    const model = trained(plane(100, 2), { ...OPTIONS, batches: 20 });
    const back = readAutoencoder(JSON.parse(JSON.stringify(autoencoderData(model))));
    expect(back).toEqual(model);
  });

  it('refuses what is no autoencoder', () => {
    const data = autoencoderData(autoencoder([2, 1, 2], random(7, 1)));
    expect(readAutoencoder(data).widths).toEqual([2, 1, 2]);
    for (const bad of [
      {},
      { widths: data.widths },
      { ...data, widths: [2] },
      { ...data, widths: [2, 0, 2] },
      { ...data, widths: [2, 1, 3] },
      { ...data, weights: data.weights.slice(1) },
      { ...data, weights: data.weights.map((x, i) => (i === 3 ? Number.NaN : x)) },
      { ...data, weights: data.weights.map((x, i) => (i === 3 ? null : x)) },
    ]) {
      expect(() => readAutoencoder(bad as typeof data)).toThrow(/no autoencoder/);
    }
  });
});

describe('gradient of a batch', () => {
  const widths = [5, 4, 2, 5];
  const weights = random(weightCount(widths), 4, 0.7);
  const given = random(15, 5);
  const batch = {
    rows: 3,
    given,
    wanted: given.map((x) => 2 * x),
    known: Float32Array.from({ length: 15 }, (_, i) => Number(i % 4 > 0)),
  };
  const lossAt = (moved: Float32Array): number =>
    batchGradient(widths, moved, batch, new Float32Array(moved.length)).loss;

  it('is the slope of the loss, whose missing values do not count', () => {
    const gradient = new Float32Array(weights.length);
    batchGradient(widths, weights, batch, gradient);
    for (let i = 0; i < weights.length; i++) {
      const up = weights.slice();
      const down = weights.slice();
      up[i] = (up[i] as number) + 0.01;
      down[i] = (down[i] as number) - 0.01;
      const slope = (lossAt(up) - lossAt(down)) / ((up[i] as number) - (down[i] as number));
      expect(gradient[i], `weight ${i}`).toBeCloseTo(slope, 3);
    }
    expect(gradient.some((slope) => Math.abs(slope) > 0.05)).toBe(true);
  });

  it('tells the mean square of the errors', () => {
    const model = autoencoder(widths, weights);
    let sum = 0;
    for (let row = 0; row < 3; row++) {
      const given = batch.given.slice(row * 5, row * 5 + 5);
      const errors = reconstructionErrors(model, given, new Float64Array(5));
      errors.forEach((error, i) => {
        const missed = (batch.wanted[row * 5 + i] as number) - ((given[i] as number) - error);
        sum += (batch.known[row * 5 + i] as number) * missed * missed;
      });
    }
    expect(lossAt(weights)).toBeCloseTo(sum / batch.known.reduce((a, b) => a + b, 0), 5);
  });
});

describe('training', () => {
  it('learns a plane, and tells what lies off it', () => {
    const model = trained(plane(200, 1), OPTIONS);
    const fresh = plane(100, 7).map((row) => errorOf(model, row));
    const untrained = plane(100, 7).map((row) => errorOf(startTraining(plane(200, 1), OPTIONS).model(), row));
    const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
    expect(mean(untrained)).toBeGreaterThan(0.4);
    expect(mean(fresh)).toBeLessThan(0.1);
    const off = [0.5, 0.5, -1, 0, 0.25, -0.5];
    expect(errorOf(model, off)).toBeGreaterThan(5 * mean(fresh));
    const errors = reconstructionErrors(model, off, new Float64Array(6)).map(Math.abs);
    expect(errors.indexOf(Math.max(...errors))).toBe(2);
  });

  it('is the same for the same seed, in any slices, through JSON, and another for another', () => {
    const rows = plane(100, 3);
    const options = { ...OPTIONS, batches: 30 };
    const whole = autoencoderData(trained(rows, options));
    for (const slice of [1, 7]) {
      let training = startTraining(rows, options);
      let calls = 1;
      while (!training.step(slice)) {
        calls++;
        const data: TrainingData = JSON.parse(JSON.stringify(training.data()));
        expect(training.done).toBe(false);
        training = startTraining(rows, options, data);
      }
      expect(calls).toBe(Math.ceil(30 / slice));
      expect(training.done).toBe(true);
      expect(training.data().batches).toBe(30);
      expect(autoencoderData(training.model())).toEqual(whole);
    }
    expect(autoencoderData(trained(rows, { ...options, seed: 2 }))).not.toEqual(whole);
  });

  it('steps as the Adam of TensorFlow.js does', () => {
    const rows = plane(32, 3);
    const options = { ...OPTIONS, batches: 12, corrupted_share: 0 };
    const widths = [6, ...options.hidden, 6];
    const training = startTraining(rows, options);
    const matrix = Float32Array.from(rows.flat());
    const batch = { rows: 32, given: matrix, wanted: matrix, known: new Float32Array(matrix.length).fill(1) };
    const before = tf.memory().numTensors;
    const adam = tf.train.adam(options.learning_rate);
    const variable = tf.variable(tf.tensor1d(training.model().weights), true, 'all');
    for (let step = 0; step < options.batches; step++) {
      Object.assign(adam, { learningRate: options.learning_rate * (1 - step / options.batches) });
      const gradient = new Float32Array(weightCount(widths));
      batchGradient(widths, variable.dataSync<'float32'>(), batch, gradient);
      tf.tidy(() => adam.applyGradients([{ name: 'all', tensor: tf.tensor1d(gradient) }]));
      training.step(1);
      const expected = variable.dataSync();
      training.model().weights.forEach((x, i) => {
        expect(Math.abs(x - (expected[i] as number))).toBeLessThan(1e-5);
      });
    }
    adam.dispose();
    variable.dispose();
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(1);
  });

  it('leaves no tensor behind', () => {
    const training = startTraining(plane(50, 1), OPTIONS);
    const before = tf.memory();
    training.step(10);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
    expect(tf.getBackend()).toBe('cpu');
  });

  it.each<[string, (number | undefined)[][]]>([
    ['one row', [[1, 2, 3]]],
    ['rows that are all alike', Array.from({ length: 20 }, () => [1, 2, 3])],
    ['rows without a single value', Array.from({ length: 20 }, () => [Number.NaN, undefined, Number.NaN])],
    ['a column that is never known', Array.from({ length: 20 }, (_, i) => [i / 20, -i / 20, Number.NaN])],
    ['values that no number holds', [[1, Number.POSITIVE_INFINITY, 3]]],
  ])('stays finite on %s', (_, rows) => {
    const model = trained(rows as number[][], { ...OPTIONS, batches: 80 });
    expect(model.weights.every(Number.isFinite)).toBe(true);
    for (const row of rows) expect(errorOf(model, row as number[])).toBeLessThan(0.5);
  });

  it('has nothing to do without rows', () => {
    const training = startTraining([], OPTIONS);
    expect(training.done).toBe(true);
    expect(training.step(5)).toBe(true);
  });
});
