import { describe, expect, it } from 'vitest';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { loadTensors, type TensorBackend } from './backend.ts';
import { areaUnderCurve, FLEET_INPUTS, plantedFleet } from './fleet.fixture.ts';
import { judgeLstm } from './judge-lstm.ts';
import { readLstm, writeLstm } from './lstm-document.ts';
import type { LstmSequence, LstmSequences } from './sequences.ts';
import { LSTM_TRAINING_DEFAULTS, type LstmProgress, type LstmTrainingOptions, trainLstm } from './train-lstm.ts';

const SMALL: LstmTrainingOptions = {
  ...LSTM_TRAINING_DEFAULTS,
  units: 12,
  layers: 2,
  epochs: 6,
  lanes: 16,
  window_steps: 20,
  learning_rate: 1e-2,
  backend: 'wasm',
};
const TINY: LstmTrainingOptions = { ...SMALL, units: 4, epochs: 2, lanes: 5, window_steps: 7 };

/** The native one where it is installed (`deploy/install-tfjs-node.sh`). */
const { name: best } = await loadTensors(null);
const OTHERS: readonly TensorBackend[] = best === 'wasm' ? ['cpu'] : ['cpu', best];

const few = plantedFleet({ gpus: 12, steps: 50, seed: 3 });

const changed = (
  of: LstmSequences,
  change: (one: LstmSequence, index: number) => Partial<LstmSequence>,
): LstmSequences => {
  const sequence = (index: number) => ({ ...of.sequence(index), ...change(of.sequence(index), index) });
  return { ...of, sequence, steps: (index) => sequence(index).steps };
};

describe('training', () => {
  it('finds what was planted better than chance, in seconds', async () => {
    const options = { ...SMALL, units: 8, layers: 1, epochs: 8 };
    const { model } = await trainLstm({
      inputs: FLEET_INPUTS,
      sequences: plantedFleet({ gpus: 48, steps: 120, seed: 1 }),
      options,
    });
    const judged = await judgeLstm({
      model,
      sequences: plantedFleet({ gpus: 48, steps: 120, seed: 4 }),
      weights: { positive: 1, type: 0 },
      pause: () => Promise.resolve(),
    });
    expect(areaUnderCurve(judged.log_odds, judged.failures)).toBeGreaterThan(0.75);
  });

  it('is a function of its seed', async () => {
    const train = (seed: number) =>
      trainLstm({ inputs: FLEET_INPUTS, sequences: few, options: { ...TINY, seed } }).then(({ model }) =>
        JSON.stringify(writeLstm(model, 'f32')),
      );
    const [a, b, other] = [await train(1), await train(1), await train(2)];
    expect(a).toBe(b);
    expect(a).not.toBe(other);
  });

  it.each(OTHERS)('comes within 1e-4 on %s', async (other) => {
    const train = (backend: TensorBackend) =>
      trainLstm({ inputs: FLEET_INPUTS, sequences: few, valid: few, options: { ...TINY, backend } });
    const [a, b] = [await train('wasm'), await train(other)];
    expect([a.backend, b.backend]).toEqual(['wasm', other]);
    a.epochs.forEach(({ loss, valid_loss }, i) => {
      expect(Math.abs(loss - (b.epochs[i]?.loss as number))).toBeLessThan(1e-4);
      expect(Math.abs((valid_loss as number) - (b.epochs[i]?.valid_loss as number))).toBeLessThan(1e-4);
    });
    a.model.weights.forEach((weight, i) => {
      expect(Math.abs(weight - (b.model.weights[i] as number))).toBeLessThan(1e-4);
    });
  });

  it('ends when the validation gets no better, and keeps the best', async () => {
    // What holds for one is the opposite of what holds for the other.
    const upside_down = changed(few, ({ failure }) => ({ failure: failure.map((x) => 1 - x) }));
    const options = { ...TINY, epochs: 30, patience: 3 };
    const trained = await trainLstm({ inputs: FLEET_INPUTS, sequences: few, valid: upside_down, options });
    expect(trained.epochs.length).toBeLessThan(30);
    expect(trained.epochs.length).toBe(trained.best_epoch + 3);
    const losses = trained.epochs.map(({ valid_loss }) => valid_loss as number);
    expect(trained.best_epoch).toBe(1 + losses.indexOf(Math.min(...losses)));
    const again = await trainLstm({
      inputs: FLEET_INPUTS,
      sequences: few,
      options: { ...options, epochs: trained.best_epoch },
    });
    expect(again.model.weights).toEqual(trained.model.weights);
  });

  it('tells how far it is', async () => {
    const told: LstmProgress[] = [];
    let now = 0;
    const trained = await trainLstm({
      inputs: FLEET_INPUTS,
      sequences: few,
      options: TINY,
      on_progress: (progress) => told.push(progress),
      monotonic: () => (now += 500),
    });
    expect(told.map(({ epoch }) => epoch)).toEqual(told.map(({ epoch }) => epoch).toSorted());
    expect(told.at(-1)).toMatchObject({ epoch: 2, eta_s: 0, loss: trained.epochs[1]?.loss });
    expect(told.every(({ eta_s, loss }) => (eta_s as number) >= 0 && loss > 0)).toBe(true);
    expect(trained.gpu_steps).toBe(2 * Array.from({ length: 12 }, (_, i) => few.steps(i)).reduce((a, b) => a + b, 0));
  });

  it('learns from a share of the pieces where it is told to', async () => {
    const options = { ...TINY, chunk_steps: 10, chunks_per_epoch: 9, epochs: 1 };
    const trained = await trainLstm({ inputs: FLEET_INPUTS, sequences: few, options });
    expect(trained.gpu_steps).toBeGreaterThan(40);
    expect(trained.gpu_steps).toBeLessThanOrEqual(90);
  });

  it.each([
    ['no failure', changed(few, ({ failure }) => ({ failure: failure.map(() => 0) }))],
    ['nothing but failures', changed(few, ({ failure }) => ({ failure: failure.map(() => 1) }))],
    ['no labels', changed(few, ({ failure }) => ({ failure: failure.map(() => Number.NaN) }))],
    ['labels that are none', changed(few, ({ failure }) => ({ failure: failure.map(() => 0.5) }))],
    ['a sequence that ends early', changed(few, ({ type }) => ({ type: type.subarray(1) }))],
    ['other inputs than named', { ...few, input_width: 4 }],
    ['no GPUs', { ...few, count: 0 }],
  ])('is refused for %s', async (_, sequences) => {
    const call = { inputs: FLEET_INPUTS, sequences, options: TINY };
    await expect(trainLstm(call)).rejects.toBeInstanceOf(VitalsError);
  });

  it('says so when the learning rate is too high', async () => {
    const call = { inputs: FLEET_INPUTS, sequences: few, options: { ...TINY, learning_rate: 1e38, epochs: 4 } };
    await expect(trainLstm(call)).rejects.toThrow(/came off its way/);
  });

  it('makes a document that serves the same', async () => {
    const { model } = await trainLstm({ inputs: FLEET_INPUTS, sequences: few, options: TINY });
    expect(readLstm(JSON.parse(JSON.stringify(writeLstm(model, 'f32'))), 'a test')).toEqual(model);
  });
});
