import { expect } from 'vitest';
import type { Tier } from '../../pipeline/contract/windows.ts';
import { deviationOf, MOMENT, maxOf, meanOf, minOf, trendOf } from './moments.ts';

export interface Reading {
  readonly ts: number;
  readonly value: number;
}

/** The readings of all panes that overlap (t - L, t], from the definition. */
export const inWindow = (readings: readonly Reading[], tier: Tier, t: number): readonly Reading[] =>
  readings.filter(({ ts }) => (Math.floor(ts / tier.pane) + 1) * tier.pane > t - tier.length);

/** Sums with little error whatever the order (Neumaier 1974). */
function total(values: readonly number[]): number {
  let sum = 0;
  let lost = 0;
  for (const value of values) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return sum + lost;
}

/** Two passes over the raw readings, counted from the first of them so that no offset costs digits. */
export function slowMoments(readings: readonly Reading[]) {
  const count = readings.length;
  const origin = readings[0] ?? { ts: 0, value: 0 };
  const values = readings.map(({ value }) => value - origin.value);
  const days = readings.map(({ ts }) => (ts - origin.ts) / 86_400_000);
  const mean = total(values) / count;
  const day = total(days) / count;
  const squares = total(values.map((value) => (value - mean) ** 2));
  const daySquares = total(days.map((d) => (d - day) ** 2));
  const products = total(days.map((d, i) => (d - day) * ((values[i] as number) - mean)));
  return {
    count,
    mean: count === 0 ? Number.NaN : origin.value + mean,
    std: count < 2 ? Number.NaN : Math.sqrt(squares / (count - 1)),
    min: count === 0 ? Number.NaN : readings.reduce((min, { value }) => Math.min(min, value), Number.POSITIVE_INFINITY),
    max: count === 0 ? Number.NaN : readings.reduce((max, { value }) => Math.max(max, value), Number.NEGATIVE_INFINITY),
    trend: daySquares > 0 ? products / daySquares : Number.NaN,
    std_days: Math.sqrt(daySquares / (count - 1)),
  };
}

/**
 * 1e-6 relative; beyond that a spread may miss by the resolution of a double at that level, and a trend that is noise
 * around nothing by 1e-9 of the steepest one that the spread allows.
 */
export function expectMoments(moments: Float64Array, readings: readonly Reading[], label: string): void {
  const slow = slowMoments(readings);
  const near = (name: string, got: number, expected: number, floor = 0): void => {
    if (Number.isNaN(expected)) expect(got, `${label} ${name}`).toBeNaN();
    else
      expect(Math.abs(got - expected), `${label} ${name}: ${got} for ${expected}`).toBeLessThanOrEqual(
        1e-6 * Math.abs(expected) + floor,
      );
  };
  expect(moments[MOMENT.count], `${label} count`).toBe(slow.count);
  const largest = Math.max(Math.abs(slow.min), Math.abs(slow.max));
  const resolution = 4 * Number.EPSILON * largest;
  near('mean', meanOf(moments), slow.mean, slow.count === 0 ? 0 : 1e-13 * largest);
  near('std', deviationOf(moments), slow.std, Number.isNaN(slow.std) ? 0 : resolution);
  near('min', minOf(moments), slow.min);
  near('max', maxOf(moments), slow.max);
  near(
    'trend',
    trendOf(moments),
    slow.trend,
    Number.isNaN(slow.trend) ? 0 : (1e-9 * slow.std + resolution) / slow.std_days,
  );
}
