import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainingRows } from './training-rows.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-rows-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function csv(text: string): Promise<string> {
  const path = join(folder, 'rows.csv');
  await writeFile(path, text);
  return path;
}

describe('rows to learn from', () => {
  it('are every column but the label, empty cells missing', async () => {
    const data = await trainingRows(await csv('temp,failed,"power, W"\n61.5,0,\n,1,300\nnan,1,1e2\n'), 'failed');
    expect(data.features).toEqual(['temp', 'power, W']);
    expect(data.rows).toBe(3);
    expect([...data.labels]).toEqual([0, 1, 1]);
    expect([...data.values]).toEqual([61.5, Number.NaN, Number.NaN, 300, Number.NaN, 100]);
  });

  it('can be read in the order of other ones', async () => {
    const data = await trainingRows(await csv('y,b,extra,a\n1,2,9,3\n'), 'y', ['a', 'b']);
    expect([...data.values]).toEqual([3, 2]);
  });

  it('are all there when they are many', async () => {
    const lines = Array.from({ length: 9_000 }, (_, i) => `${i},${i % 2},${i / 2}`);
    const data = await trainingRows(await csv(`a,y,b\n${lines.join('\n')}\n`), 'y');
    expect(data.rows).toBe(9_000);
    expect([...data.values.subarray(2 * 8_999)]).toEqual([8_999, 4_499.5]);
    expect([...data.values.subarray(2 * 4_096, 2 * 4_096 + 2)]).toEqual([4_096, 2_048]);
  });

  it.each([
    ['a cell that is no number', 'a,y\n1,0\nhot,1\n', 'y', /line 3, column a: hot is no number/],
    ['a missing label', 'a,y\n1,\n', 'y', /line 2, column y: the label is missing/],
    ['a short line', 'a,y\n1\n', 'y', /line 2 has 1 cells, the header 2/],
    ['no such column', 'a,y\n1,0\n', 'z', /no column z/],
    ['a column twice', 'a,a,y\n1,2,0\n', 'y', /column a is there twice/],
    ['a column without a name', 'a,,y\n1,2,0\n', 'y', /column 2 has no name/],
    ['nothing beside the label', 'y\n0\n', 'y', /no column beside y/],
    ['nothing', '', 'y', /empty/],
  ])('are refused for %s', async (_, text, label, what) => {
    await expect(trainingRows(await csv(text), label)).rejects.toThrow(what);
  });

  it('are refused when a feature is not there', async () => {
    await expect(trainingRows(await csv('a,y\n1,0\n'), 'y', ['a', 'b'])).rejects.toThrow(/no column b/);
  });
});
