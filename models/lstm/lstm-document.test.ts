import { describe, expect, it } from 'vitest';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { packHalves, unpackHalves } from './half-floats.ts';
import { readLstm, writeLstm } from './lstm-document.ts';
import { drawnModel, drawnReadings, drawsOf } from './model.fixture.ts';
import { createLstmStepper } from './stepper.ts';

const model = drawnModel({ inputs: 5, units: 12, spread: 1 });
const throughJson = (precision: 'f32' | 'f16') =>
  readLstm(JSON.parse(JSON.stringify(writeLstm(model, precision))), 'a test');

describe('the document', () => {
  it('comes back bit for bit', () => {
    expect(throughJson('f32')).toEqual(model);
  });

  it('in half precision is near, and half as long', () => {
    const back = throughJson('f16');
    back.weights.forEach((weight, i) => {
      const wanted = model.weights[i] as number;
      expect(Math.abs(weight - wanted)).toBeLessThanOrEqual(Math.max(2 ** -25, Math.abs(wanted) * 2 ** -11));
    });
    expect(writeLstm(model, 'f16').weights.length).toBeLessThan(0.51 * writeLstm(model, 'f32').weights.length);
  });

  it('in half precision moves probabilities by less than 0.005 over 300 steps', () => {
    const readings = drawnReadings({ steps: 300, inputs: 5, seed: 4 });
    const [single, half] = [model, throughJson('f16')].map((one) => {
      const stepper = createLstmStepper(one);
      const states = new Float32Array(stepper.state_width);
      return Array.from(readings.steps_elapsed, (elapsed, t) => {
        const out = new Float32Array(5);
        stepper.step(1, readings.raw.subarray(t * 5), Float32Array.of(elapsed), states, out);
        return out[0] as number;
      });
    }) as [number[], number[]];
    expect(Math.max(...single.map((p, t) => Math.abs(p - (half[t] as number))))).toBeLessThan(0.005);
    expect(Math.max(...single) - Math.min(...single)).toBeGreaterThan(0.1);
  });

  const good = writeLstm(model, 'f32');
  const changed = (at: number, value: number): string => {
    const bytes = Buffer.from(good.weights, 'base64');
    bytes.writeFloatLE(value, at * 4);
    return bytes.toString('base64');
  };
  const firstInput = (over: object) => [{ ...good.inputs[0], ...over }, ...good.inputs.slice(1)];
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'gpu-vitals-lstm'],
    ['a list', [good]],
    ['another format', { ...good, format: 'onnx' }],
    ['another version', { ...good, version: 2 }],
    ['a field that nobody knows', { ...good, extra: 1 }],
    ['no layers', { ...good, layers: 0 }],
    ['layers without end', { ...good, layers: 1e9 }],
    ['units that are none', { ...good, units: 12.5 }],
    ['units without end', { ...good, units: 1e9 }],
    ['other units than weights', { ...good, units: 13 }],
    ['no inputs', { ...good, inputs: [] }],
    ['two inputs of one name', { ...good, inputs: firstInput({ name: good.inputs[1]?.name }) }],
    ['a spread of 0', { ...good, inputs: firstInput({ std: 0 }) }],
    ['a spread of next to nothing', { ...good, inputs: firstInput({ std: 5e-324 }) }],
    ['a mean without end', { ...good, inputs: firstInput({ mean: 1e300 }) }],
    ['a mean that is none', { ...good, inputs: firstInput({ mean: Number.NaN }) }],
    ['a group without inputs', { ...good, inputs: firstInput({ group: 300 }) }],
    ['a transform that nobody knows', { ...good, inputs: firstInput({ transform: '__proto__' }) }],
    ['other types', { ...good, types: ['memory', 'thermal', 'power', 'fan'] }],
    ['types in another order', { ...good, types: ['thermal', 'memory', 'power', 'other'] }],
    ['a temperature of 0', { ...good, temperature: 0 }],
    ['a half-life below 0', { ...good, state_half_life_steps: -1 }],
    ['the other precision', { ...good, precision: 'f16' }],
    ['weights that are no base64', { ...good, weights: '!!!!' }],
    ['too few weights', { ...good, weights: good.weights.slice(0, -8) }],
    ['no weights', { ...good, weights: '' }],
    ['a weight that is none', { ...good, weights: changed(7, Number.NaN) }],
    ['a weight without end', { ...good, weights: changed(7, Number.POSITIVE_INFINITY) }],
    ['a weight that makes no sense', { ...good, weights: changed(7, 1e30) }],
  ])('is refused for %s', (_, document) => {
    const read = () => readLstm(document, 'model.json');
    expect(read).toThrow(VitalsError);
    expect(read).toThrow(/recurrent network/);
  });

  it('survives any one byte being another', () => {
    const text = JSON.stringify(writeLstm(drawnModel({ inputs: 2, units: 1, layers: 1 }), 'f16'));
    const draw = drawsOf(9);
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(text);
      bytes[Math.floor(draw() * bytes.length)] = 32 + Math.floor(draw() * 95);
      let document: unknown;
      try {
        document = JSON.parse(bytes.toString());
      } catch {
        continue;
      }
      try {
        const stepper = createLstmStepper(readLstm(document, 'a test'));
        const out = new Float32Array(5);
        stepper.step(1, Float32Array.of(1, 2), Float32Array.of(0), new Float32Array(stepper.state_width), out);
        expect(out.every((p) => p >= 0 && p <= 1)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(VitalsError);
      }
    }
  });
});

it.each([
  [0, 0],
  [-0, -0],
  [1, 1],
  [-2.5, -2.5],
  [65504, 65504],
  [65520, Number.POSITIVE_INFINITY],
  [-1e30, Number.NEGATIVE_INFINITY],
  [2 ** -24, 2 ** -24],
  [2 ** -25, 0],
  [2 ** -25 * 1.01, 2 ** -24],
  [2 ** -14, 2 ** -14],
  [1023.5 * 2 ** -24, 2 ** -14],
  [1 + 2 ** -11, 1],
  [1 + 3 * 2 ** -11, 1 + 2 ** -9],
  [0.1, 0.0999755859375],
  [Number.NaN, Number.NaN],
])('%s is %s in half precision', (x, wanted) => {
  expect(unpackHalves(packHalves(Float32Array.of(x)))[0]).toBe(wanted);
});
