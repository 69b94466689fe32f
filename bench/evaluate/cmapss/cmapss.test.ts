import { describe, expect, it } from 'vitest';
import { treeDraws } from '../../../models/isolation-forest/tree-draws.ts';
import { engineFigures, phm08Score } from './cmapss-figures.ts';
import { cmapssTable } from './cmapss-table.ts';
import { engineFeatures, movingSensors, writeEngineFeatures } from './engine-features.ts';
import { type Engine, enginesOf, readCmapss, SENSORS } from './read-cmapss.ts';

/** An engine whose first sensors wear quadratically towards the end of `life`; the others never move. */
function madeEngine(unit: number, life: number, cycles: number): Engine {
  const draw = treeDraws(unit, 7);
  const sensors = new Float64Array(cycles * SENSORS).fill(5);
  for (let t = 0; t < cycles; t++) {
    const worn = Math.max(0, 1 - (life - t) / 100) ** 2;
    for (let s = 0; s < 4; s++) sensors[t * SENSORS + s] = 10 * s + 4 * worn + 0.3 * draw();
  }
  return { unit, cycles, sensors };
}

const featuresAt = (engine: Engine, cycle: number, sensors: readonly number[]): Record<string, number> => {
  const names = engineFeatures(sensors);
  const values = new Float32Array(names.length);
  writeEngineFeatures(engine, cycle, sensors, values, 0);
  return Object.fromEntries(names.map((name, k) => [name, values[k] as number]));
};

describe('features of an engine', () => {
  const engine = madeEngine(1, 90, 60);
  const reading = (cycle: number, s = 2): number => engine.sensors[(cycle - 1) * SENSORS + s] as number;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const last = (cycle: number, n: number): number[] =>
    Array.from({ length: Math.min(n, cycle) }, (_, k) => reading(cycle - k)).reverse();

  it.each([1, 2, 7, 30, 60])('after cycle %i are means and least-squares slopes of the cycles up to it', (cycle) => {
    const found = featuresAt(engine, cycle, [2]);
    expect(found.cycle).toBe(cycle);
    for (const n of [1, 5, 10, 20, 30]) expect(found[`s3_mean_${n}`]).toBeCloseTo(mean(last(cycle, n)), 4);
    for (const n of [10, 20, 30]) {
      const own = last(cycle, n);
      // Every pair of points votes for its own slope, with the square of its distance.
      let up = 0;
      let across = 0;
      for (const [i, a] of own.entries()) {
        for (const [j, b] of own.entries()) {
          up += (j - i) * (b - a);
          across += (j - i) ** 2;
        }
      }
      if (across === 0) expect(found[`s3_trend_${n}`]).toBeNaN();
      else expect(found[`s3_trend_${n}`]).toBeCloseTo(up / across, 5);
    }
    const first = Array.from({ length: Math.min(10, cycle) }, (_, k) => reading(k + 1));
    expect(found.s3_since_new).toBeCloseTo(mean(last(cycle, 10)) - mean(first), 4);
  });

  it('do not know what comes later', () => {
    const cut: Engine = { ...engine, cycles: 25, sensors: engine.sensors.slice(0, 25 * SENSORS) };
    expect(featuresAt(cut, 25, [0, 1, 2, 3])).toEqual(featuresAt(engine, 25, [0, 1, 2, 3]));
  });

  it('leave out sensors that never move', () => {
    expect(movingSensors([engine, madeEngine(2, 70, 50)])).toEqual([0, 1, 2, 3]);
  });
});

describe('remaining life', () => {
  const test = Array.from({ length: 12 }, (_, k) => ({ life: 60 + 8 * k, cycles: 40 + 3 * k }));
  const figures = engineFigures(
    {
      train: Array.from({ length: 20 }, (_, k) => madeEngine(k + 1, 60 + 5 * k, 60 + 5 * k)),
      test: test.map(({ life, cycles }, k) => madeEngine(100 + k, life, cycles)),
      left: test.map(({ life, cycles }) => life - cycles),
    },
    { seed: 2, quick: true },
  );

  it('is foreseen far better than by the mean, and the same each time', () => {
    expect(figures.rmse).toBeLessThan(0.5 * figures.rmse_of_mean);
    expect(figures).toMatchObject({ train_engines: 20, test_engines: 12, features: 1 + 4 * 9 });
    expect(figures.trials).toContainEqual(figures.chosen);
    const table = cmapssTable(figures);
    for (const row of table.rows) expect(row).toHaveLength(table.header.length);
  });

  it.each([
    [[], 0],
    [[0, 0], 0],
    [[10], Math.E - 1],
    [[-13], Math.E - 1],
    [[20, -26], 2 * (Math.E ** 2 - 1)],
  ])('off by %j scores %f', (off, score) => {
    expect(phm08Score(off)).toBeCloseTo(score, 12);
  });
});

describe('files', () => {
  const row = (unit: number, cycle: number): number[] => [unit, cycle, 0, 0, 0, ...new Array<number>(SENSORS).fill(1)];

  it('are engines, cycle by cycle', () => {
    expect(enginesOf([row(1, 1), row(1, 2), row(2, 1)], 'here').map(({ unit, cycles }) => [unit, cycles])).toEqual([
      [1, 2],
      [2, 1],
    ]);
  });

  it.each([
    ['a gap', [row(1, 1), row(1, 3)]],
    ['too few columns', [[1, 1, 0]]],
    ['what is no number', [[...row(1, 1).slice(1), Number.NaN]]],
  ])('with %s are refused', (_, rows) => {
    expect(() => enginesOf(rows, 'here')).toThrow(expect.objectContaining({ code: 'GV-CLI-002' }));
  });

  it('that are not there are told', () => {
    expect(readCmapss('/nowhere')).toBeNull();
  });
});
