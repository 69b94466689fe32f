import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dbscan, NOISE, neighbourDistances } from './dbscan.ts';

type Point = readonly number[];

/** Squared, as the fast one compares it: at the radius itself a root would round another way. */
const squaredDistance = (a: Point, b: Point): number => a.reduce((sum, x, d) => sum + (x - (b[d] as number)) ** 2, 0);

/** In the words of the paper: who is density-reachable from whom. */
function slowDbscan(
  points: readonly Point[],
  radius: number,
  neighbours_min: number,
): { labels: number[]; cores: boolean[] } {
  const around = points.map((p) => points.flatMap((q, j) => (squaredDistance(p, q) <= radius * radius ? [j] : [])));
  const cores = around.map((list) => list.length >= neighbours_min);
  const labels = points.map(() => NOISE);
  let cluster = 0;
  points.forEach((_, start) => {
    if (!cores[start] || labels[start] !== NOISE) return;
    const reached = new Set([start]);
    for (const p of reached) if (cores[p]) for (const q of around[p] as number[]) reached.add(q);
    for (const p of reached) if (labels[p] === NOISE) labels[p] = cluster;
    cluster++;
  });
  return { labels, cores };
}

const flat = (points: readonly Point[]): Float64Array => Float64Array.from(points.flat());

function moons(): { points: Point[]; moon: number[] } {
  const points: Point[] = [];
  const moon: number[] = [];
  for (let i = 0; i <= 60; i++) {
    const angle = (i / 60) * Math.PI;
    points.push([Math.cos(angle), Math.sin(angle)], [1 - Math.cos(angle), 0.5 - Math.sin(angle)]);
    moon.push(0, 1);
  }
  return { points, moon };
}

function rings(): Point[] {
  return [1, 3, 5].flatMap((r) =>
    Array.from({ length: r * 20 }, (_, i) => {
      const angle = (i / (r * 20)) * 2 * Math.PI;
      return [r * Math.cos(angle), r * Math.sin(angle)];
    }),
  );
}

describe('dbscan', () => {
  it('is the slow one, on any points', () => {
    const coordinate = fc.oneof(fc.integer({ min: -6, max: 6 }), fc.double({ min: -6, max: 6, noNaN: true }));
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 3 })
          .chain((d) => fc.array(fc.array(coordinate, { minLength: d, maxLength: d }), { maxLength: 60 })),
        fc.constantFrom(0.5, 1, 2, 3),
        fc.integer({ min: 1, max: 6 }),
        (points, radius, neighbours_min) => {
          const fast = dbscan(flat(points), points[0]?.length ?? 1, { radius, neighbours_min });
          const slow = slowDbscan(points, radius, neighbours_min);
          expect(Array.from(fast.labels)).toEqual(slow.labels);
          expect(Array.from(fast.cores, Boolean)).toEqual(slow.cores);
          expect(fast.clusters).toBe(Math.max(NOISE, ...slow.labels) + 1);
        },
      ),
      { numRuns: 300, seed: 11 },
    );
  });

  it('tells two moons apart, which no mean does', () => {
    const { points, moon } = moons();
    const { labels, clusters } = dbscan(flat(points), 2, { radius: 0.2, neighbours_min: 4 });
    expect(clusters).toBe(2);
    expect(Array.from(labels)).toEqual(moon);
  });

  it('tells rings apart, and a stray point from all of them', () => {
    const ring = rings();
    const { labels, clusters } = dbscan(flat([...ring, [0, 0], [9, 9]]), 2, { radius: 0.4, neighbours_min: 3 });
    expect(clusters).toBe(3);
    expect(Array.from(labels)).toEqual([...ring.map((_, i) => (i < 20 ? 0 : i < 80 ? 1 : 2)), NOISE, NOISE]);
  });

  it.each<[string, Point[], number[], number?]>([
    ['no points', [], []],
    ['a lonely point', [[1, 1]], [NOISE]],
    [
      'points on top of each other',
      [
        [1, 1],
        [1, 1],
        [1, 1],
      ],
      [0, 0, 0],
    ],
    [
      'a point without a coordinate',
      [
        [0, 0],
        [0, 1],
        [1, 0],
        [Number.NaN, 0],
      ],
      [0, 0, 0, NOISE],
    ],
    [
      'a border between two clusters: the first has it',
      [[0], [0.3], [0.6], [1], [2], [3], [3.4], [3.7], [4]],
      [0, 0, 0, 0, 0, 1, 1, 1, 1],
      4,
    ],
  ])('labels %s', (_, points, expected, neighbours_min = 3) => {
    const { labels } = dbscan(flat(points), points[0]?.length ?? 2, { radius: 1, neighbours_min });
    expect(Array.from(labels)).toEqual(expected);
  });

  it('measures to the k-th neighbour as sorting does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: -9, max: 9, noNaN: true }), fc.integer({ min: -9, max: 9 })), {
          maxLength: 40,
        }),
        fc.integer({ min: 1, max: 5 }),
        (points, rank) => {
          const measured = neighbourDistances(flat(points), 2, rank);
          points.forEach((p, i) => {
            const sorted = points
              .filter((_, j) => j !== i)
              .map((q) => Math.sqrt(squaredDistance(p, q)))
              .sort((a, b) => a - b);
            expect(measured[i]).toBeCloseTo(sorted[rank - 1] ?? Number.POSITIVE_INFINITY, 9);
          });
        },
      ),
      { numRuns: 100, seed: 13 },
    );
  });
});
