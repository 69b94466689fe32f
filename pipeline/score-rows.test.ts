import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectedOf, fixtureBytes } from '../models/xgboost/published.fixture.ts';
import { readXgboostFile } from '../models/xgboost/read-model.ts';
import { csvRows } from './csv-rows.ts';
import { scoreRows } from './score-rows.ts';

interface Line {
  readonly prediction: number | number[];
  readonly margin?: number | number[];
  readonly contributions?: Record<string, number> | Record<string, number>[];
}

const NAMES = ['power', 'temp', 'ecc', 'age', 'slot', 'rack'];
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-score-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const modelOf = (name: string) => readXgboostFile(fixtureBytes(`${name}.generated.json`), name);
const csvOf = (name: string, header = NAMES): string =>
  [header.join(','), ...expectedOf(name).rows.map((row) => row.map((cell) => cell ?? '').join(','))].join('\n');

async function score(
  name: string,
  csv: string | Uint8Array,
  flags: { margin?: true; contributions?: true; notes?: string[] } = {},
): Promise<Line[]> {
  const path = join(folder, 'rows.csv');
  writeFileSync(path, csv);
  const { margin = false, contributions = false, notes = [] } = flags;
  const note = (text: string) => notes.push(text);
  let text = '';
  for await (const part of scoreRows({
    model: modelOf(name),
    rows: csvRows(path),
    where: path,
    margin,
    contributions,
    note,
  })) {
    text += part;
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

const predictions = async (name: string, csv: string | Uint8Array): Promise<unknown[]> =>
  (await score(name, csv)).map(({ prediction }) => prediction);

function near(found: unknown, wanted: readonly number[]): void {
  const values = [found].flat() as number[];
  expect(values.length).toBe(wanted.length);
  values.forEach((value, i) => {
    expect(value).toBeCloseTo(wanted[i] as number, 5);
  });
}

describe('lines', () => {
  it.each(['binary', 'softprob', 'softmax', 'aft', 'targets', 'categorical'])('%s', async (name) => {
    const expected = expectedOf(name);
    const lines = await score(name, csvOf(name), { margin: true, contributions: true });
    expect(lines.length).toBe(expected.rows.length);
    const groups = expected.contributions[0]?.length as number;
    lines.forEach((line, r) => {
      expect(Object.keys(line)).toEqual(['prediction', 'margin', 'contributions']);
      near(line.prediction, expected.predictions[r] as number[]);
      if (name !== 'softmax') near(line.margin, expected.margins[r] as number[]);
      expect(Array.isArray(line.contributions)).toBe(groups > 1);
      [line.contributions].flat().forEach((one, g) => {
        expect(Object.keys(one ?? {})).toEqual([...NAMES, 'bias']);
        near(Object.values(one ?? {}), expected.contributions[r]?.[g] as number[]);
      });
    });
  });

  it('has no more in them than was asked for', async () => {
    const [plain] = await score('binary', csvOf('binary'));
    const [margin] = await score('binary', csvOf('binary'), { margin: true });
    expect(Object.keys(plain ?? {})).toEqual(['prediction']);
    expect(Object.keys(margin ?? {})).toEqual(['prediction', 'margin']);
  });

  it('in the order of many rows, over chunks and batches', async () => {
    const [header = '', ...rows] = csvOf('binary').split('\n');
    const once = await predictions('binary', [header, ...rows].join('\n'));
    const repeats = 2_000;
    const many = await predictions('binary', `${header}\n${`${rows.join('\n')}\n`.repeat(repeats)}`);
    expect(many.length).toBe(rows.length * repeats);
    expect(many.slice(-rows.length)).toEqual(once);
    expect(many.every((value, i) => value === once[i % rows.length])).toBe(true);
  });
});

describe('columns', () => {
  it.each<[string, (csv: string) => string | Uint8Array]>([
    ['in another order, with others', (csv) => shuffled(csv)],
    ['with spaces, quotes, Windows ends of line, blank lines and a byte order mark', (csv) => dressed(csv)],
    ['packed', (csv) => gzipSync(csv)],
    ['with nan for missing', (csv) => csv.replace(/(?<=,)(?=,|\n|$)|(?<=\n)(?=,)/g, 'NaN')],
  ])('%s', async (_, change) => {
    const csv = csvOf('binary');
    expect(await predictions('binary', change(csv))).toEqual(await predictions('binary', csv));
  });

  it('of a model without names', async () => {
    const wanted = await predictions('unnamed', csvOf('unnamed'));
    near(wanted, expectedOf('unnamed').predictions.flat());
    const numbered = shuffled(
      csvOf(
        'unnamed',
        NAMES.map((__, f) => `f${f}`),
      ),
    );
    expect(await predictions('unnamed', numbered)).toEqual(wanted);
    const notes: string[] = [];
    const longer = csvOf('unnamed').replace(/$/gm, ',7');
    expect((await score('unnamed', longer, { notes })).map(({ prediction }) => prediction)).toEqual(wanted);
    expect(notes).toEqual([expect.stringContaining('first columns')]);
    const [line] = await score('unnamed', csvOf('unnamed'), { contributions: true });
    expect(Object.keys(line?.contributions ?? {})).toEqual(['f0', 'f1', 'f2', 'f3', 'f4', 'f5', 'bias']);
  });

  it.each<[string, string, string, RegExp]>([
    ['missing', 'binary', 'power,ecc,slot,rack\n1,2,3,4', /no column temp, age$/],
    ['too few without names', 'unnamed', 'a,b\n1,2', /2 columns, the model 6/],
    ['twice', 'binary', `${NAMES.join(',')},ecc\n1,2,3,4,5,6,7`, /ecc is there twice/],
    ['short row', 'binary', `${NAMES.join(',')}\n1,2,3,4,5,6\n1,2`, /line 3 has 2 cells, the header 6/],
    ['words', 'binary', `${NAMES.join(',')}\n1,2,3,4,5,6\n1,2,many,4,5,6`, /line 3, column ecc: many is no number/],
    ['an open quote', 'binary', `${NAMES.join(',')}\n1,2,"3,4,5,6\n`, /line 2: a quote is not closed/],
    ['nothing', 'binary', '', /empty/],
  ])('%s', async (_, name, csv, what) => {
    await expect(score(name, csv)).rejects.toMatchObject({ code: 'GV-MDL-003', message: expect.stringMatching(what) });
  });

  it('but no row', async () => {
    expect(await score('binary', NAMES.join(','))).toEqual([]);
  });
});

/** The columns turned round, with a label before and a note behind them. */
function shuffled(csv: string): string {
  return csv
    .split('\n')
    .map((line, i) =>
      [i === 0 ? 'label' : 'x', ...line.split(',').toReversed(), i === 0 ? 'note' : 'ü, "'].map(quoted).join(','),
    )
    .join('\n');
}

const quoted = (cell: string): string => (/[,"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

function dressed(csv: string): string {
  const lines = csv.split('\n').map((line) =>
    line
      .split(',')
      .map((cell) => ` "${cell}" `)
      .join(','),
  );
  return `\uFEFF${lines.join('\r\n\r\n')}\r\n`;
}
