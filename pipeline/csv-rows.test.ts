import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { csvRows } from './csv-rows.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-csv-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each<[string, string, [line: number, cells: string][]]>([
  [
    'a row without its only cell',
    'temp\n1\n\n3\n',
    [
      [1, 'temp'],
      [2, '1'],
      [3, ''],
      [4, '3'],
    ],
  ],
  [
    'two of them, with blanks and Windows ends of line',
    'temp\r\n \r\n\r\n3',
    [
      [1, 'temp'],
      [2, ''],
      [3, ''],
      [4, '3'],
    ],
  ],
  [
    'no row where the last line is blank',
    'temp\n1\n\n',
    [
      [1, 'temp'],
      [2, '1'],
    ],
  ],
  [
    'an empty last cell that is quoted',
    'temp\n1\n""\n',
    [
      [1, 'temp'],
      [2, '1'],
      [3, ''],
    ],
  ],
  [
    'no row before the header',
    '\n\ntemp\n1\n',
    [
      [3, 'temp'],
      [4, '1'],
    ],
  ],
  [
    'no row in a blank line of several columns',
    'a,b\n1,2\n\n3,4\n',
    [
      [1, 'a|b'],
      [2, '1|2'],
      [4, '3|4'],
    ],
  ],
])('reads %s', async (_, text, wanted) => {
  const path = join(folder, 'rows.csv');
  await writeFile(path, text);
  const found: [number, string][] = [];
  for await (const rows of csvRows(path)) for (const { line, cells } of rows) found.push([line, cells.join('|')]);
  expect(found).toEqual(wanted);
});
