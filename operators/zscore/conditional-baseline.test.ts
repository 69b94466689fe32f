import { describe, expect, it } from 'vitest';
import { random } from '../core/laws.fixture.ts';
import {
  agreedScore,
  begin,
  type Expectation,
  learn,
  MODEL_WIDTH,
  expect as predict,
  type SlopePrior,
  seenMinutes,
  shift,
  usualCause,
  usualReading,
} from './conditional-baseline.ts';

const VAGUE: SlopePrior = { mean: 0, sigma: 1e6, noise: 0 };
const FLOOR = 0.5;

const unknown = (): Expectation => ({
  expected: 0,
  sigma: 1,
  robust_sigma: 1,
  robust_expected: 0,
  slope: 0,
  doubt: 0,
});

/** A model after readings of y at x, each weighing as the mean of all would weigh it, or `weight` at least. */
function taught(readings: readonly (readonly [x: number, y: number])[], prior = VAGUE, weight = 0): Float32Array {
  const model = new Float32Array(MODEL_WIDTH);
  const known = unknown();
  readings.forEach(([x, y], i) => {
    if (i === 0) {
      begin(model, 0, x, y);
    } else {
      predict(model, 0, x, 0, FLOOR, prior, known);
      learn(model, 0, x, y, Math.max(weight, 1 / (i + 1)), FLOOR, Number.POSITIVE_INFINITY, known);
    }
  });
  return model;
}

function ask(model: Float32Array, x: number, prior = VAGUE, swing = 0): Expectation {
  const out = unknown();
  predict(model, 0, x, swing, FLOOR, prior, out);
  return out;
}

const next = random(5);
const noisy = (n: number, line: (x: number) => number, noise: number): [number, number][] =>
  Array.from({ length: n }, () => {
    const x = 100 + 500 * next();
    return [x, line(x) + noise * (next() + next() + next() - 1.5) * 2];
  });

describe('conditional baseline', () => {
  it.each([
    ['all alike', 0],
    ['with forgetting', 0.02],
  ])('differential: the line is the weighted least squares of a slow twin, %s', (_, weight) => {
    const readings = noisy(400, (x) => 30 + 0.05 * x, 1);
    const model = taught(readings, VAGUE, weight);
    const weights: number[] = [];
    readings.forEach((_reading, i) => {
      const w = i === 0 ? 1 : Math.max(weight, 1 / (i + 1));
      for (let j = 0; j < i; j++) weights[j] = (weights[j] as number) * (1 - w);
      weights.push(w);
    });
    const mean = (of: (reading: [number, number]) => number): number =>
      readings.reduce((sum, reading, i) => sum + (weights[i] as number) * of(reading), 0);
    const [mx, my] = [mean(([x]) => x), mean(([, y]) => y)];
    const slope = mean(([x, y]) => (x - mx) * (y - my)) / mean(([x]) => (x - mx) ** 2);
    expect(seenMinutes(model, 0)).toBe(400);
    expect(usualCause(model, 0)).toBeCloseTo(mx, 2);
    expect(usualReading(model, 0)).toBeCloseTo(my, 3);
    expect(ask(model, 500).expected).toBeCloseTo(my + slope * (500 - mx), 2);
  });

  it('finds the noise by both variants', () => {
    const { sigma, robust_sigma } = ask(taught(noisy(5_000, (x) => 30 + 0.05 * x, 4)), 350);
    expect(sigma).toBeGreaterThan(3.6);
    expect(sigma).toBeLessThan(4.4);
    expect(robust_sigma).toBeGreaterThan(3.4);
    expect(robust_sigma).toBeLessThan(4.6);
  });

  it('keeps the median where most readings are, whatever the tail does to the mean', () => {
    const readings = noisy(5_000, () => 50, 1).map(([x, y], i): [number, number] => [x, i % 10 === 0 ? y + 40 : y]);
    const { expected, robust_expected, sigma, robust_sigma } = ask(taught(readings), 350);
    expect(expected).toBeGreaterThan(53);
    expect(Math.abs(robust_expected - 50)).toBeLessThan(1);
    expect(robust_sigma).toBeLessThan(sigma / 4);
  });

  it('is unsure away from where it was taught, and where the cause itself is not known', () => {
    const flat = taught(noisy(600, () => 50, 1).map(([, y]) => [300, y]));
    const prior: SlopePrior = { mean: 0.05, sigma: 0.02, noise: 15 };
    expect(ask(flat, 300, prior).sigma).toBeLessThan(1.2);
    expect(ask(flat, 600, prior).expected).toBeCloseTo(ask(flat, 300, prior).expected + 15, 1);
    expect(ask(flat, 600, prior).sigma).toBeGreaterThan(6);
    expect(ask(flat, 300, prior, 100).sigma).toBeGreaterThan(5);
  });

  it('takes movement within the noise of the cause for no sign of a flat slope', () => {
    const jitter = Array.from({ length: 2_000 }, (): [number, number] => [300 + 4 * (next() - 0.5), 50]);
    const prior: SlopePrior = { mean: 0.05, sigma: 0.02, noise: 15 };
    expect(ask(taught(jitter), 300, prior).slope).toBeCloseTo(0.05, 2);
  });

  it('moves no further for a wild reading than for one at its reach', () => {
    const readings = noisy(500, () => 50, 1);
    const move = (y: number): number => {
      const model = taught(readings);
      const known = ask(model, 350);
      const before = usualReading(model, 0);
      learn(model, 0, 350, y, 0.1, FLOOR, 3, known);
      return usualReading(model, 0) - before;
    };
    expect(move(1_000)).toBeCloseTo(move(60), 4);
    expect(move(51)).toBeLessThan(move(60));
  });

  it('keeps its slope when it is shifted', () => {
    const model = taught(noisy(500, (x) => 30 + 0.05 * x, 1));
    const before = [ask(model, 200).expected, ask(model, 600).expected];
    shift(model, 0, 7);
    expect(ask(model, 200).expected).toBeCloseTo((before[0] as number) + 7, 3);
    expect(ask(model, 600).expected).toBeCloseTo((before[1] as number) + 7, 3);
  });

  it.each([
    ['both above, the variance is wider', 10, { sigma: 5, robust_sigma: 2 }, 2],
    ['both above, the MAD is wider', 10, { sigma: 2, robust_sigma: 5 }, 2],
    ['both below', -10, { sigma: 4, robust_sigma: 5 }, -2],
    ['one above, one below', 1, { sigma: 1, robust_sigma: 1, robust_expected: 2 }, 0],
    ['exactly as expected', 0, { sigma: 1, robust_sigma: 1 }, 0],
  ])('agrees on the smaller score: %s', (_, y, known, score) => {
    expect(agreedScore(y, { ...unknown(), ...known })).toBeCloseTo(score, 9);
  });
});
