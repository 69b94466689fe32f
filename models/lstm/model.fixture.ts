import { type LstmModel, type LstmShape, placesOf } from './lstm-model.ts';

/** Draws that a seed decides, evenly within 0..1. */
export function drawsOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** A network of any shape with weights evenly within +-`spread`. */
export function drawnModel(options: {
  readonly inputs: number;
  readonly units: number;
  readonly layers?: number;
  readonly seed?: number;
  readonly spread?: number;
}): LstmModel {
  const { inputs, units, layers = 2, seed = 1, spread = 0.3 } = options;
  const shape: LstmShape = {
    inputs: Array.from({ length: inputs }, (_, i) => ({
      name: `metric_${i}`,
      transform: i % 3 === 0 ? 'log1p' : 'linear',
      mean: 0.1 * i,
      std: 1 + 0.2 * i,
      half_life_steps: 6 + i,
      group: i >> 1,
    })),
    layers,
    units,
    state_half_life_steps: 100,
  };
  const draw = drawsOf(seed);
  const weights = Float32Array.from({ length: placesOf(shape).count }, () => (2 * draw() - 1) * spread);
  return { ...shape, temperature: 1, weights };
}

/** Readings around 0, some missing, and steps with gaps among them; the first one begins anew. */
export function drawnReadings(options: { readonly steps: number; readonly inputs: number; readonly seed: number }): {
  readonly raw: Float32Array;
  readonly steps_elapsed: Float32Array;
} {
  const draw = drawsOf(options.seed);
  return {
    raw: Float32Array.from({ length: options.steps * options.inputs }, () =>
      draw() < 0.2 ? Number.NaN : 6 * draw() - 3,
    ),
    steps_elapsed: Float32Array.from({ length: options.steps }, (_, t) =>
      t === 0 ? 0 : draw() < 0.15 ? 1 + Math.ceil(draw() * 20) : 1,
    ),
  };
}
