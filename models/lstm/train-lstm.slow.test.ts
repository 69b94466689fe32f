import { expect, it } from 'vitest';
import { areaUnderCurve, FLEET_INPUTS, plantedFleet } from './fleet.fixture.ts';
import { judgeLstm } from './judge-lstm.ts';
import { createLstmStepper } from './stepper.ts';
import { LSTM_TRAINING_DEFAULTS, trainLstm } from './train-lstm.ts';

it('finds what was planted: which GPUs fail, and of what', async () => {
  const options = {
    ...LSTM_TRAINING_DEFAULTS,
    units: 12,
    epochs: 6,
    lanes: 16,
    window_steps: 20,
    learning_rate: 1e-2,
    backend: 'wasm' as const,
  };
  const fleet = plantedFleet({ gpus: 90, steps: 160, seed: 1 });
  const later = plantedFleet({ gpus: 60, steps: 160, seed: 2 });
  const { model, epochs } = await trainLstm({ inputs: FLEET_INPUTS, sequences: fleet, valid: later, options });
  const unseen = plantedFleet({ gpus: 60, steps: 160, seed: 4 });
  const judged = await judgeLstm({
    model,
    sequences: unseen,
    weights: { positive: 1, type: 0 },
    pause: () => Promise.resolve(),
  });
  expect(areaUnderCurve(judged.log_odds, judged.failures)).toBeGreaterThan(0.93);
  expect(epochs.at(-1)?.loss).toBeLessThan(0.7 * (epochs[0]?.loss as number));
  // Its probabilities mean what they say, in the mean and at the top.
  const told = Array.from(judged.log_odds, (x) => 1 / (1 + Math.exp(-x / model.temperature)));
  const mean = (list: ArrayLike<number>) => Array.from(list).reduce((a, b) => a + b, 0) / list.length;
  expect(Math.abs(Math.log(mean(told) / mean(judged.failures)))).toBeLessThan(Math.log(1.5));

  const stepper = createLstmStepper(model);
  const right = Array.from({ length: 20 }, (_, i) => i * 3).filter((index) => {
    const { steps, inputs, type } = unseen.sequence(index);
    const states = new Float32Array(stepper.state_width);
    const out = new Float32Array(5);
    for (let t = 0; t < steps; t++) {
      stepper.step(1, inputs.subarray(t * 3), Float32Array.of(t === 0 ? 0 : 1), states, out);
    }
    return out.indexOf(Math.max(...out.subarray(1)), 1) === 1 + (type[steps - 1] as number);
  });
  expect(right.length).toBeGreaterThan(16);
});
