import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outcomesOf } from './landmark-block.ts';
import { titanCox } from './titan-cox.ts';
import { studyFigures, titanFigures } from './titan-figures.ts';
import { madeDay, madeHistory } from './titan-history.fixture.ts';
import { titanMemory } from './titan-memory.ts';
import { readPlace } from './titan-records.ts';
import { titanTables } from './titan-tables.ts';

const FOLDER = join(import.meta.dirname, '../../../../shared/data/titan');
const there = existsSync(FOLDER);

describe('a small made-up machine', () => {
  const history = madeHistory({ gpus: 150, months: 11, seed: 6, turn_day: 1e9 });
  const run = () => studyFigures(history, { once_at: madeDay(200), one_in: 2, failures_min: 10, seed: 3 });

  it('has the same figures for the same seed, and they fit into tables', () => {
    const figures = run();
    expect(run()).toEqual(figures);
    expect(figures).toMatchObject({ gpus: 150, landmarks: 11, once_at: '2015-08' });
    const tables = titanTables({ ...figures, cox: [] });
    expect(tables).toHaveLength(6);
    for (const { title, header, rows } of tables) {
      expect(title).toMatch(/^Titan/);
      for (const row of rows) expect(row).toHaveLength(header.length);
    }
    expect(tables[0]?.rows).not.toHaveLength(0);
  });
});

it('gives those who are watched through the weight of those who are taken out', () => {
  const memory = titanMemory();
  const place = readPlace('c0-0c0s0n0');
  const names = ['fails late', 'fails early', 'leaves', 'stays', 'stays too'];
  for (const gpu of names) memory.take({ at: 0, kind: 'insert', gpu, place });
  const rows = memory.rowsAt(10);
  memory.take({ at: 12, kind: 'DBE', gpu: 'fails early', place });
  memory.take({ at: 15, kind: 'remove', gpu: 'leaves', place });
  memory.take({ at: 30, kind: 'OTB', gpu: 'fails late', place });
  const { labels, weights } = outcomesOf(rows, 30, memory);
  expect([...labels]).toEqual([1, 1, 0, 0, 0]);
  expect([...weights]).toEqual([4 / 3, 1, 0, 4 / 3, 4 / 3].map(Math.fround));
  expect(weights.reduce((sum, w) => sum + w, 0)).toBeCloseTo(5, 6);
});

it('tells that the records are not there', () => {
  expect(titanFigures(join(FOLDER, 'nowhere'), { seed: 1 })).toBeNull();
});

describe.skipIf(!there)('the published Cox model (skipped without ../shared/data/titan)', () => {
  it.each(['efron', 'breslow'] as const)('is that of the reference run, %s', (ties) => {
    const figures = titanCox(FOLDER, ties);
    expect(figures).toMatchObject({ gpus: 18_837, failures: 5_027, terms: 43 });
    expect(figures?.coefficient_off).toBeLessThan(1e-4);
    expect(figures?.standard_error_off).toBeLessThan(1e-4);
    expect(figures?.z_off).toBeLessThan(1e-4);
    expect(figures?.top_cage_hazard_ratio).toBeCloseTo(figures?.top_cage_published ?? Number.NaN, 2);
  });
});
