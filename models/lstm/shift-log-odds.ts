import { HEAD_WIDTH, type LstmModel, placesOf } from './lstm-model.ts';

/** The same network, whose log-odds of a failure are `by` more, after its temperature. O(weights). */
export function shiftLogOdds(model: LstmModel, by: number): LstmModel {
  const weights = model.weights.slice();
  const at = placesOf(model).head_bias;
  weights[at] = (weights[at] as number) + by * model.temperature;
  return { ...model, weights };
}

/** The same network with a temperature of 1: its log-odds come out of the head as they were told. O(weights). */
export function withoutTemperature(model: LstmModel): LstmModel {
  const weights = model.weights.slice();
  const { head, head_bias } = placesOf(model);
  for (let unit = 0; unit <= model.units; unit++) {
    const at = unit < model.units ? head + unit * HEAD_WIDTH : head_bias;
    weights[at] = (weights[at] as number) / model.temperature;
  }
  return { ...model, temperature: 1, weights };
}
