import { describe, expect, it } from 'vitest';
import { draw, draws } from '../fleet/random.ts';
import { floors, medianOf, type Point, settled, trendOverLives } from './trend.ts';

const MINUTE_MS = 60_000;

/** A process sampled every minute: `level` plus noise plus `per_hour`, in lives that each begin at the level again. */
function lives(per_hour: number, life_minutes: number, count: number, seed = 1): Point[] {
  const from = draws(seed);
  return Array.from({ length: count * life_minutes }, (_, i) => ({
    t_ms: i * MINUTE_MS,
    life: Math.floor(i / life_minutes),
    value: 300 + (per_hour * (i % life_minutes)) / 60 + 10 * (draw(from) - 0.5),
  }));
}

describe('a slope over several lives', () => {
  it.each([0, 30, -20])('finds %d an hour though each life begins anew', (per_hour) => {
    const trend = trendOverLives(lives(per_hour, 20, 3));
    expect(trend.low).toBeLessThan(per_hour);
    expect(trend.high).toBeGreaterThan(per_hour);
    expect(trend.high - trend.low).toBeLessThan(20);
    expect(trend).toMatchObject({ points: 60, lives: 3 });
  });

  it('is wider for noise that lasts', () => {
    const points = lives(0, 60, 1);
    const slow = points.map((point, i) => ({ ...point, value: 300 + 5 * Math.sin(i / 5) }));
    const quick = points.map((point, i) => ({ ...point, value: 300 + 5 * Math.sin(i * 2.4) }));
    const width = (some: Point[]): number => trendOverLives(some).high - trendOverLives(some).low;
    expect(width(slow)).toBeGreaterThan(2 * width(quick));
  });

  it.each([
    ['no points', []],
    ['too few', lives(0, 5, 1)],
    ['one a life', lives(0, 1, 20)],
    ['all at once', lives(0, 20, 1).map((point) => ({ ...point, t_ms: 0 }))],
  ])('is not told of %s', (_, points) => {
    expect(trendOverLives(points).per_hour).toBeNaN();
  });
});

it('takes the least of each stretch, by life', () => {
  const points = [5, 3, 9, 4].map((value, i) => ({ t_ms: i * 20_000, value, life: i < 2 ? 'a' : 'b' }));
  expect(floors(points, MINUTE_MS).map(({ value }) => value)).toEqual([3, 9, 4]);
});

it('leaves out the beginning of each life', () => {
  const points = [0, 1, 2, 10, 11, 12].map((t) => ({ t_ms: t, value: t, life: t < 10 ? 'a' : 'b' }));
  expect(settled(points, 2).map(({ value }) => value)).toEqual([2, 12]);
});

it.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[], Number.NaN],
])('median of %j is %d', (values, expected) => {
  expect(medianOf(values)).toBe(expected);
});
