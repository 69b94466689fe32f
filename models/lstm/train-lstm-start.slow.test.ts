import { describe, expect, it } from 'vitest';
import { FLEET_INPUTS, plantedFleet } from './fleet.fixture.ts';
import { judgeLstm } from './judge-lstm.ts';
import type { LstmModel } from './lstm-model.ts';
import { canStartFrom, LSTM_TRAINING_DEFAULTS, type LstmTrainingOptions, trainLstm } from './train-lstm.ts';

const TINY: LstmTrainingOptions = {
  ...LSTM_TRAINING_DEFAULTS,
  units: 4,
  layers: 2,
  epochs: 2,
  lanes: 5,
  window_steps: 7,
  learning_rate: 1e-2,
  backend: 'wasm',
};
const few = plantedFleet({ gpus: 12, steps: 50, seed: 3 });
const other = plantedFleet({ gpus: 12, steps: 50, seed: 8 });
const call = { inputs: FLEET_INPUTS, sequences: few, options: TINY };

const lossOf = async (model: LstmModel): Promise<number> => {
  const pause = () => Promise.resolve();
  return (await judgeLstm({ model, sequences: other, weights: { positive: 1, type: 0 }, pause })).loss;
};

describe('going on from a network', () => {
  it('comes back as it is after no epochs, and where none is better', async () => {
    const { model: start } = await trainLstm({ ...call, valid: other });
    for (const valid of [undefined, other]) {
      const again = await trainLstm({
        ...call,
        ...(valid === undefined ? {} : { valid }),
        start,
        options: { ...TINY, epochs: 0 },
      });
      expect(again).toMatchObject({ best_epoch: 0, ended: 'epochs', epochs: [] });
      expect(again.model).toBe(start);
    }
    // So fast that nothing is learned.
    const spoilt = await trainLstm({
      ...call,
      valid: other,
      start,
      options: { ...TINY, learning_rate: 3, dropout: 0 },
    });
    expect(spoilt.best_epoch).toBe(0);
    expect(spoilt.model).toBe(start);
  });

  it('has learned something before it begins, and is a function of its seed', async () => {
    const { model: start } = await trainLstm({ ...call, valid: other, options: { ...TINY, epochs: 12, patience: 12 } });
    const train = () =>
      trainLstm({ ...call, start, valid: other, options: { ...TINY, learning_rate: 1e-3, epochs: 1 } });
    const [on, same] = [await train(), await train()];
    const fresh = await trainLstm({ ...call, valid: other, options: { ...TINY, learning_rate: 1e-3, epochs: 1 } });
    expect(on.epochs[0]?.valid_loss).toBeLessThan(fresh.epochs[0]?.valid_loss as number);
    expect(await lossOf(on.model)).toBeLessThan(await lossOf(fresh.model));
    expect(same.model).toEqual(on.model);
    // What was learned about the inputs is what the weights were made for.
    expect(on.model.inputs).toEqual(start.inputs);
  });

  it('does not go on from one of another shape', async () => {
    const { model: start } = await trainLstm({ ...call, options: { ...TINY, epochs: 1 } });
    const [first] = FLEET_INPUTS;
    expect(canStartFrom(start, FLEET_INPUTS, TINY)).toBe(true);
    expect(canStartFrom(start, FLEET_INPUTS.slice(1), TINY)).toBe(false);
    expect(canStartFrom(start, FLEET_INPUTS.toReversed(), TINY)).toBe(false);
    expect(canStartFrom(start, FLEET_INPUTS, { ...TINY, units: 5 })).toBe(false);
    if (first === undefined) throw new Error('there are inputs');
    const otherwise = [{ ...first, transform: 'linear' as const }, ...FLEET_INPUTS.slice(1)];
    expect(canStartFrom(start, otherwise, TINY)).toBe(false);
    await expect(trainLstm({ ...call, start, options: { ...TINY, units: 5 } })).rejects.toMatchObject({
      code: 'GV-CLI-002',
    });
  });
});

describe('a limit of time', () => {
  it('ends with the window that is going on, and what was learned until then is judged', async () => {
    let now = 0;
    let told = 0;
    const limited = await trainLstm({
      ...call,
      valid: other,
      options: { ...TINY, epochs: 50, patience: 50 },
      monotonic: () => now,
      time_max_ms: 5_000,
      on_progress: () => {
        told++;
        now += 1_000;
      },
    });
    expect([limited.ended, told]).toEqual(['time', 5]);
    expect(limited.epochs).toHaveLength(1);
    expect(limited.best_epoch).toBe(1);
    expect(await lossOf(limited.model)).toBeGreaterThan(0);
  });

  it('changes nothing where it is not reached', async () => {
    const limited = await trainLstm({ ...call, valid: other, monotonic: () => 0, time_max_ms: 1 });
    expect(limited).toEqual(await trainLstm({ ...call, valid: other }));
  });
});
