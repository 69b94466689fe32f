import { describe, expect, it } from 'vitest';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { type LstmModel, networkWidth, placesOf } from './lstm-model.ts';
import { maskedInput } from './masked-input.ts';
import { drawnModel, drawnReadings } from './model.fixture.ts';
import { createLstmStepper } from './stepper.ts';

/** Bit for bit, as text. */
const bits = (values: Float32Array): string => Buffer.from(values.slice().buffer).toString('hex');

/** Steps one GPU through all its readings; what came out last, and the state it is left in. */
function stream(model: LstmModel, readings: ReturnType<typeof drawnReadings>) {
  const stepper = createLstmStepper(model);
  const states = new Float32Array(stepper.state_width);
  const outs = Array.from(readings.steps_elapsed, (elapsed, t) => {
    const out = new Float32Array(stepper.output_width);
    stepper.step(1, readings.raw.subarray(t * stepper.input_width), Float32Array.of(elapsed), states, out);
    return out;
  });
  return { outs, states };
}

/** The whole sequence in double precision, straight from the equations, without a stream. */
function sequence(model: LstmModel, readings: ReturnType<typeof drawnReadings>): number[][] {
  const { units, layers, weights, temperature } = model;
  const places = placesOf(model);
  const masked = maskedInput(model);
  const memory = new Float32Array(masked.memory_width);
  const hidden = Array.from({ length: layers }, () => Array<number>(units).fill(0));
  const cells = Array.from({ length: layers }, () => Array<number>(units).fill(0));
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  return Array.from(readings.steps_elapsed, (elapsed, t) => {
    const entering = new Float32Array(networkWidth(model.inputs));
    const kept = masked.prepare(readings.raw, t * masked.input_width, elapsed, memory, 0, entering, 0);
    let below = Array.from(entering);
    places.layers.forEach(({ kernel, recurrent, bias }, l) => {
      const h = (hidden[l] as number[]).map((x) => x * kept);
      const c = (cells[l] as number[]).map((x) => x * kept);
      const sums = Array.from({ length: 4 * units }, (_, column) => {
        let sum = weights[bias + column] as number;
        below.forEach((x, i) => {
          sum += x * (weights[kernel + i * 4 * units + column] as number);
        });
        h.forEach((x, i) => {
          sum += x * (weights[recurrent + i * 4 * units + column] as number);
        });
        return sum;
      });
      const gate = (g: number, j: number) => sums[g * units + j] as number;
      cells[l] = c.map((x, j) => sigmoid(gate(1, j)) * x + sigmoid(gate(0, j)) * Math.tanh(gate(2, j)));
      hidden[l] = (cells[l] as number[]).map((x, j) => sigmoid(gate(3, j)) * Math.tanh(x));
      below = hidden[l] as number[];
    });
    const heads = Array.from({ length: 5 }, (_, k) =>
      below.reduce(
        (sum, x, i) => sum + x * (weights[places.head + i * 5 + k] as number),
        weights[places.head_bias + k] as number,
      ),
    );
    const powers = heads.slice(1).map(Math.exp);
    const total = powers.reduce((a, b) => a + b, 0);
    return [sigmoid((heads[0] as number) / temperature), ...powers.map((x) => x / total)];
  });
}

describe('the stepper', () => {
  it.each([
    { inputs: 3, units: 4, steps: 200 },
    { inputs: 9, units: 10, steps: 300 },
    { inputs: 32, units: 64, steps: 150 },
  ])('as a stream gives what the whole sequence gives: $inputs inputs, $units units', ({ inputs, units, steps }) => {
    const model = { ...drawnModel({ inputs, units }), temperature: 1.7 };
    const readings = drawnReadings({ steps, inputs, seed: 3 });
    const streamed = stream(model, readings).outs;
    sequence(model, readings).forEach((wanted, t) => {
      wanted.forEach((x, k) => {
        expect(Math.abs(x - (streamed[t]?.[k] as number)), `step ${t}`).toBeLessThan(1e-5);
      });
    });
  });

  it('has the same bits however GPUs are put together', () => {
    const model = drawnModel({ inputs: 5, units: 12 });
    const stepper = createLstmStepper(model);
    const gpus = 75;
    const each = Array.from({ length: gpus }, (_, gpu) => drawnReadings({ steps: 6, inputs: 5, seed: gpu }));
    const alone = each.map((readings) => stream(model, readings));
    for (const size of [75, 64, 7, 2]) {
      const states = new Float32Array(gpus * stepper.state_width);
      const out = new Float32Array(gpus * 5);
      for (let t = 0; t < 6; t++) {
        for (let first = 0; first < gpus; first += size) {
          const batch = each.slice(first, first + size);
          stepper.step(
            batch.length,
            Float32Array.from(batch.flatMap(({ raw }) => Array.from(raw.subarray(t * 5, t * 5 + 5)))),
            Float32Array.from(batch, ({ steps_elapsed }) => steps_elapsed[t] as number),
            states.subarray(first * stepper.state_width),
            out.subarray(first * 5),
          );
        }
      }
      for (let gpu = 0; gpu < gpus; gpu++) {
        const state = states.subarray(gpu * stepper.state_width, (gpu + 1) * stepper.state_width);
        expect(bits(state)).toEqual(bits(alone[gpu]?.states as Float32Array));
        expect(bits(out.subarray(gpu * 5, gpu * 5 + 5))).toEqual(bits(alone[gpu]?.outs.at(-1) as Float32Array));
      }
    }
  });

  it('has the same bits without WebAssembly', () => {
    const model = drawnModel({ inputs: 6, units: 20 });
    const readings = drawnReadings({ steps: 40, inputs: 6, seed: 5 });
    const [a, b] = [{}, { engine: 'plain' as const }].map((option) => {
      const stepper = createLstmStepper(model, option);
      const states = new Float32Array(stepper.state_width);
      const out = new Float32Array(5);
      readings.steps_elapsed.forEach((elapsed, t) => {
        stepper.step(1, readings.raw.subarray(t * 6), Float32Array.of(elapsed), states, out);
      });
      return [...bits(states), ...bits(out)];
    });
    expect(a).toEqual(b);
  });

  it('begins anew whatever the state held', () => {
    const model = drawnModel({ inputs: 3, units: 8 });
    const stepper = createLstmStepper(model);
    const run = (filled: number, elapsed: number) => {
      const states = new Float32Array(stepper.state_width).fill(filled);
      const out = new Float32Array(5);
      stepper.step(1, Float32Array.of(1, 2, 3), Float32Array.of(elapsed), states, out);
      return [...out, ...states];
    };
    for (const elapsed of [0, -4, Number.NaN]) {
      for (const filled of [Number.NaN, Number.POSITIVE_INFINITY, 7]) {
        expect(run(filled, elapsed)).toEqual(run(0, 0));
      }
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 3.4e38, -3.4e38, 0])(
    'gives probabilities when all readings are %s',
    (x) => {
      const stepper = createLstmStepper(drawnModel({ inputs: 4, units: 8 }));
      const states = new Float32Array(stepper.state_width);
      const out = new Float32Array(5);
      for (const elapsed of [0, 1, 1, 1e9, Number.POSITIVE_INFINITY, 1, 0.5]) {
        stepper.step(1, new Float32Array(4).fill(x), Float32Array.of(elapsed), states, out);
        for (const p of out) expect(p >= 0 && p <= 1).toBe(true);
        expect((out[1] as number) + (out[2] as number) + (out[3] as number) + (out[4] as number)).toBeCloseTo(1, 6);
      }
    },
  );

  it('forgets with the length of a gap', () => {
    const stepper = createLstmStepper(drawnModel({ inputs: 3, units: 8, spread: 1 }));
    const left = (elapsed: number): Float32Array => {
      const states = new Float32Array(stepper.state_width);
      const out = new Float32Array(5);
      for (let t = 0; t < 50; t++) {
        stepper.step(1, Float32Array.of(3, 3, -3), Float32Array.of(t === 0 ? 0 : 1), states, out);
      }
      const missing = new Float32Array(3).fill(Number.NaN);
      stepper.step(1, missing, Float32Array.of(elapsed), states, out);
      return states.slice(0, 32);
    };
    const fresh = left(1e7);
    const distance = (state: Float32Array): number => Math.hypot(...state.map((x, i) => x - (fresh[i] as number)));
    const distances = [1, 10, 100, 1_000].map((elapsed) => distance(left(elapsed)));
    expect(distances).toEqual(distances.toSorted((a, b) => b - a));
    expect(distances[0]).toBeGreaterThan(3 * (distances[3] as number));
  });

  it('refuses arrays that are too short before it changes anything', () => {
    const stepper = createLstmStepper(drawnModel({ inputs: 3, units: 4 }));
    const [inputs, elapsed, states, out] = [6, 2, 2 * stepper.state_width, 10].map((n) =>
      new Float32Array(n).fill(1),
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const short = (array: Float32Array): Float32Array => array.subarray(1);
    const calls = [
      () => stepper.step(2, short(inputs), elapsed, states, out),
      () => stepper.step(2, inputs, short(elapsed), states, out),
      () => stepper.step(2, inputs, elapsed, short(states), out),
      () => stepper.step(2, inputs, elapsed, states, short(out)),
    ];
    for (const call of calls) expect(call).toThrow(VitalsError);
    expect(states.every((x) => x === 1)).toBe(true);
    expect(() => stepper.step(2, inputs, elapsed, states, out)).not.toThrow();
  });
});
