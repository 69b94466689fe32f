import { describe, expect, it } from 'vitest';
import { type Draws, draw, draws } from '../../bench/fleet/random.ts';
import { combine, fitBias, fitCombiner, logit, sigmoid } from './combiner.ts';

/** Rows whose true log-odds are bias + weights * inputs. */
function rowsOf(from: Draws, rows: number, bias: number, weights: readonly number[]) {
  const width = weights.length;
  const inputs = new Float64Array(rows * width);
  const labels = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let z = bias;
    for (let k = 0; k < width; k++) {
      const value = 6 * draw(from) - 3;
      inputs[row * width + k] = value;
      z += (weights[k] as number) * value;
    }
    labels[row] = draw(from) < sigmoid(z) ? 1 : 0;
  }
  return { inputs, width, labels };
}

describe('fitCombiner', () => {
  it('finds the weights that made the labels', () => {
    const { bias, weights } = fitCombiner(rowsOf(draws(1), 40_000, -2, [1, 0.5, 0]));
    expect(bias).toBeCloseTo(-2, 1);
    expect(weights[0]).toBeCloseTo(1, 1);
    expect(weights[1]).toBeCloseTo(0.5, 1);
    expect(weights[2]).toBeLessThan(0.05);
  });

  it('stands where the gradient of its penalised likelihood is 0', () => {
    const data = rowsOf(draws(2), 500, -1, [0.8, 0.3]);
    const fitted = fitCombiner(data);
    const gradient = [0, -(fitted.weights[0] as number), -(fitted.weights[1] as number)];
    for (let row = 0; row < data.labels.length; row++) {
      const off = (data.labels[row] as number) - sigmoid(combine(fitted, data.inputs, row * 2));
      gradient[0] = (gradient[0] as number) + off;
      gradient[1] = (gradient[1] as number) + off * (data.inputs[row * 2] as number);
      gradient[2] = (gradient[2] as number) + off * (data.inputs[row * 2 + 1] as number);
    }
    for (const slope of gradient) expect(Math.abs(slope)).toBeLessThan(1e-6);
  });

  it('is calibrated in the large: what it foresees is as much as what happened', () => {
    const data = rowsOf(draws(3), 2_000, -3, [1]);
    const fitted = fitCombiner(data);
    let foreseen = 0;
    for (let row = 0; row < data.labels.length; row++) foreseen += sigmoid(combine(fitted, data.inputs, row));
    expect(foreseen).toBeCloseTo(
      data.labels.reduce((sum, label) => sum + label, 0),
      6,
    );
  });

  it('leaves out what speaks against itself, and what is never there', () => {
    const { inputs, labels } = rowsOf(draws(4), 4_000, 0, [1, -1]);
    const three = new Float64Array(labels.length * 3).fill(Number.NaN);
    for (let row = 0; row < labels.length; row++) three.set(inputs.subarray(row * 2, row * 2 + 2), row * 3);
    const { weights } = fitCombiner({ inputs: three, width: 3, labels });
    expect(weights[0]).toBeGreaterThan(0.5);
    expect(weights.slice(1)).toEqual([0, 0]);
  });

  it('takes a row of weight 2 as two rows', () => {
    const data = rowsOf(draws(5), 300, -1, [1]);
    const twice = {
      width: 1,
      inputs: Float64Array.from([...data.inputs, ...data.inputs]),
      labels: [...data.labels, ...data.labels],
    };
    const weighted = fitCombiner({ ...data, weights: new Float64Array(300).fill(2) });
    expect(weighted.bias).toBeCloseTo(fitCombiner(twice).bias, 9);
  });

  it('takes a missing input for its mean', () => {
    const combiner = { bias: 1, weights: [2], means: [3] };
    expect(combine(combiner, [Number.NaN])).toBe(7);
    expect(combine(combiner, [0])).toBe(1);
  });

  it('stays finite where inputs tell everything apart', () => {
    const { bias, weights } = fitCombiner({ inputs: Float64Array.of(-1, -2, 1, 2), width: 1, labels: [0, 0, 1, 1] });
    expect(Number.isFinite(bias + (weights[0] as number))).toBe(true);
    expect(weights[0]).toBeGreaterThan(0);
  });
});

describe('fitBias', () => {
  it.each([0.5, 3, 250, 999])(
    'moves log-odds until they foresee %f of a thousand, and keeps their distances',
    (expected) => {
      const from = draws(7);
      const log_odds = Float64Array.from({ length: 1_000 }, () => 12 * draw(from) - 2);
      const bias = fitBias(log_odds, expected);
      const foreseen = log_odds.reduce((sum, one) => sum + sigmoid(bias + one), 0);
      expect(foreseen).toBeCloseTo(expected, 9);
    },
  );

  it('leaves alone what is right already', () => {
    expect(fitBias([0, 0, 0, 0], 2)).toBeCloseTo(0, 12);
  });

  it('stays finite where more is expected than there are rows', () => {
    const bias = fitBias([1, 1], 7);
    expect(2 * sigmoid(bias + 1)).toBeCloseTo(1.5, 9);
  });
});

it.each([0.001, 0.25, 0.5, 0.999])('log-odds and back: %f', (p) => {
  expect(sigmoid(logit(p))).toBeCloseTo(p, 12);
});
