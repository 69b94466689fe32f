import { expect, it } from 'vitest';
import { networkWidth } from './lstm-model.ts';
import { maskedInput } from './masked-input.ts';
import { drawnModel, drawnReadings } from './model.fixture.ts';
import { chunksOf, type LstmSequence, type LstmSequences } from './sequences.ts';
import { trainingWindows } from './training-lanes.ts';

const INPUTS = 3;
const LENGTHS = [17, 1, 30, 8, 23, 12];

const all = LENGTHS.map((steps, index): LstmSequence => {
  const { raw, steps_elapsed } = drawnReadings({ steps, inputs: INPUTS, seed: index });
  return {
    steps,
    inputs: raw,
    steps_elapsed,
    // Tells history and step.
    failure: Float32Array.from({ length: steps }, (_, t) => index * 100 + t),
    type: Uint8Array.from({ length: steps }, (_, t) => t % 4),
  };
});
const sequences: LstmSequences = {
  input_width: INPUTS,
  count: all.length,
  steps: (index) => LENGTHS[index] as number,
  sequence: (index) => all[index] as LstmSequence,
};

it.each([
  { lanes: 1, steps: 5, chunk_steps: 1_000 },
  { lanes: 4, steps: 5, chunk_steps: 1_000 },
  { lanes: 9, steps: 40, chunk_steps: 1_000 },
  { lanes: 3, steps: 4, chunk_steps: 10 },
])('passes every step once, as a stream would: $lanes lanes, $steps steps, pieces of $chunk_steps', (options) => {
  const model = drawnModel({ inputs: INPUTS, units: 4 });
  const width = networkWidth(model.inputs);
  const chunks = chunksOf(sequences, options.chunk_steps);
  const seen = new Map<number, { readonly entered: number[]; readonly kept: number }>();
  let gpu_steps = 0;
  const last_of_lane = new Map<number, number>();
  for (const window of trainingWindows({ ...options, sequences, chunks, masked: maskedInput(model) })) {
    gpu_steps += window.gpu_steps;
    expect(window.rows).toBe(window.lanes.length);
    for (let row = 0; row < window.rows; row++) {
      for (let step = 0; step < window.steps; step++) {
        const at = step * window.rows + row;
        const told = window.failure[at] as number;
        if (Number.isNaN(told)) continue;
        expect(seen.has(told)).toBe(false);
        expect(window.type[at]).toBe((told % 100) % 4);
        const kept = window.kept[at] as number;
        seen.set(told, { entered: [...window.entering.subarray(at * width, (at + 1) * width)], kept });
        // A lane goes on with the next step, or begins anew.
        const lane = window.lanes[row] as number;
        if (kept > 0) expect(told).toBe((last_of_lane.get(lane) as number) + 1);
        last_of_lane.set(lane, told);
      }
    }
  }
  expect(gpu_steps).toBe(LENGTHS.reduce((a, b) => a + b, 0));
  expect(seen.size).toBe(gpu_steps);

  for (const { index, from, to } of chunks) {
    const masked = maskedInput(model);
    const memory = new Float32Array(masked.memory_width);
    const out = new Float32Array(width);
    const { inputs, steps_elapsed } = all[index] as LstmSequence;
    for (let t = from; t < to; t++) {
      const elapsed = t === from ? 0 : (steps_elapsed[t] as number);
      const kept = masked.prepare(inputs, t * INPUTS, elapsed, memory, 0, out, 0);
      const wanted = { entered: [...out], kept: Math.fround(kept) };
      expect(seen.get(index * 100 + t)).toEqual(wanted);
    }
  }
});
