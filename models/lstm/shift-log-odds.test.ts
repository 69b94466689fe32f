import { expect, it } from 'vitest';
import { HEAD_WIDTH, type LstmModel } from './lstm-model.ts';
import { drawnModel, drawnReadings } from './model.fixture.ts';
import { shiftLogOdds, withoutTemperature } from './shift-log-odds.ts';
import { createLstmStepper } from './stepper.ts';

/** What a network tells at the end of 20 steps: log-odds, then the probabilities of the types. */
function told(model: LstmModel): number[] {
  const { raw, steps_elapsed } = drawnReadings({ steps: 20, inputs: 5, seed: 4 });
  const stepper = createLstmStepper(model);
  const states = new Float32Array(stepper.state_width);
  const out = new Float32Array(HEAD_WIDTH);
  for (let t = 0; t < 20; t++) stepper.step(1, raw.subarray(t * 5), steps_elapsed.subarray(t), states, out);
  const [p = Number.NaN, ...types] = out;
  return [Math.log(p / (1 - p)), ...types];
}

const model = { ...drawnModel({ inputs: 5, units: 8 }), temperature: 1.7 };

it('moves the log-odds of a failure by so much, and nothing else', () => {
  const [log_odds = Number.NaN, ...types] = told(model);
  const [moved = Number.NaN, ...others] = told(shiftLogOdds(model, -1.25));
  expect(moved - log_odds).toBeCloseTo(-1.25, 4);
  expect(others).toEqual(types);
});

it('tells the same with its temperature in its weights', () => {
  const [log_odds = Number.NaN, ...types] = told(model);
  const [same = Number.NaN, ...others] = told(withoutTemperature(model));
  expect(same).toBeCloseTo(log_odds, 4);
  expect(others).toEqual(types);
});
