import { treeDraws } from '../isolation-forest/tree-draws.ts';
import { HEAD_WIDTH, weightPlaces } from './lstm-model.ts';

/**
 * Weights drawn evenly within sqrt(6 / (inputs + outputs)), a gate being an output layer by itself; biases of 0, of forget gates 1.
 * Source: Glorot, Bengio 2010, eq. 16; Jozefowicz et al. 2015 (forget gates).
 */
export function firstWeights(width: number, layers: number, units: number, seed: number): Float32Array {
  const places = weightPlaces(width, layers, units);
  const weights = new Float32Array(places.count);
  const draw = treeDraws(seed, 0);
  const fill = (from: number, to: number, fans: number): void => {
    const limit = Math.sqrt(6 / fans);
    for (let at = from; at < to; at++) weights[at] = (2 * draw() - 1) * limit;
  };
  for (const { inputs, kernel, recurrent, bias } of places.layers) {
    fill(kernel, recurrent, inputs + units);
    fill(recurrent, bias, 2 * units);
    weights.fill(1, bias + units, bias + 2 * units);
  }
  fill(places.head, places.head_bias, units + HEAD_WIDTH);
  return weights;
}
