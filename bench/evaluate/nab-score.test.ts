import { describe, expect, it } from 'vitest';
import { type NabAnswer, type NabProfile, nabScore, probationOf, scaledSigmoid } from './nab-score.ts';

const standard: NabProfile = { name: 'standard', tp: 1, fp: 0.11, fn: 1 };
const READINGS = 100;

/** 100 readings, 15 of them on probation; strange ones score 1. */
const answer = (strange: readonly number[], windows: NabAnswer['windows']): NabAnswer => ({
  scores: Float64Array.from({ length: READINGS }, (_, i) => (strange.includes(i) ? 1 : 0)),
  windows,
});
const one = [{ first: 40, last: 49 }];
const two = [...one, { first: 80, last: 89 }];
const at = (position: number): number => 2 / (1 + Math.exp(5 * position)) - 1;

describe('position to worth', () => {
  it.each([
    [-1, 0.98661],
    [-0.5, 0.84828],
    [0, 0],
    [1, -0.98661],
    [2.99, -1],
    [3, -1],
    [50, -1],
  ])('%d is worth %d', (position, worth) => {
    expect(scaledSigmoid(position)).toBeCloseTo(worth, 5);
  });
});

it('keeps a series on probation for 15 %, at most 750 readings', () => {
  expect([100, 4_033, 5_000, 22_695].map(probationOf)).toEqual([15, 604, 750, 750]);
});

describe('a score worked by hand', () => {
  // Null costs fn per window and perfect earns tp per window: 0..100 over 2 a window.
  it.each<[string, readonly number[], NabAnswer['windows'], number]>([
    ['says nothing', [], one, 0],
    ['first reading of the window', [40], one, 100],
    ['the window and again in it', [40, 41, 48], one, 100],
    ['middle of the window', [44], one, (100 * (at(-0.6) / at(-1) + 1)) / 2],
    ['last reading of the window', [49], one, (100 * (at(-0.1) / at(-1) + 1)) / 2],
    ['only on probation', [3, 14], one, 0],
    ['false before any window', [20], one, (100 * -0.11) / 2],
    ['false just behind the window', [50], one, (100 * (0.11 * at(1 / 9))) / 2],
    ['false far behind the window', [95], one, (100 * -0.11) / 2],
    ['found, and one false far away', [20, 40], one, (100 * (2 - 0.11)) / 2],
    ['one window of two', [80], two, 50],
    ['both', [40, 80], two, 100],
    ['behind the first and before the second', [60], two, (100 * (0.11 * at(11 / 9))) / 4],
  ])('%s', (_, strange, windows, score) => {
    expect(nabScore([answer(strange, windows)], standard, 0.5).score).toBeCloseTo(score, 10);
  });

  it('weighs by the profile', () => {
    const missed_one = [answer([40], two)];
    const few_misses: NabProfile = { name: 'reward_low_FN_rate', tp: 1, fp: 0.11, fn: 2 };
    expect(nabScore(missed_one, few_misses, 0.5).score).toBeCloseTo((100 * (1 - 2 + 4)) / 6, 10);
    const false_one = [answer([20], one)];
    const few_false: NabProfile = { name: 'reward_low_FP_rate', tp: 1, fp: 0.22, fn: 1 };
    expect(nabScore(false_one, few_false, 0.5).score).toBeCloseTo((100 * -0.22) / 2, 10);
  });

  it('adds up series, each with its own windows and probation', () => {
    const result = nabScore([answer([40], one), answer([20], one), answer([], [])], standard, 0.5);
    expect(result).toMatchObject({ windows: 2, windows_found: 1, false_readings: 1 });
    expect(result.score).toBeCloseTo((100 * (2 - 0.11)) / 4, 10);
  });
});

describe('threshold', () => {
  const graded: NabAnswer = {
    scores: Float64Array.from({ length: READINGS }, (_, i) => ({ 40: 0.9, 20: 0.8, 81: 0.7 })[i] ?? 0.1),
    windows: two,
  };

  it('is the best one for all series when none is given', () => {
    const best = nabScore([graded], standard, null);
    expect(best).toMatchObject({ threshold: 0.7, windows_found: 2, false_readings: 1 });
    for (const threshold of [0.05, 0.1, 0.5, 0.7, 0.75, 0.85, 0.95]) {
      expect(nabScore([graded], standard, threshold).score).toBeLessThanOrEqual(best.score);
    }
  });

  it('counts readings at the threshold', () => {
    expect(nabScore([graded], standard, 0.9).windows_found).toBe(1);
    expect(nabScore([graded], standard, 0.91)).toMatchObject({ score: 0, windows_found: 0, threshold: 0.91 });
  });

  it('says nothing rather than something harmful', () => {
    const result = nabScore([answer([20, 30], one)], standard, null);
    expect(result).toMatchObject({ score: 0, threshold: null, false_readings: 0 });
  });
});
