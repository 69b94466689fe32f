import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newLines, startOf } from './follow-file.ts';
import { readLogLine } from './log-line.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'logs-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  [
    '{"level":40,"time":"2026-01-01T00:00:00.000Z","part":"engine","code":"GV-SNK-001","lag":7,"msg":"away"}',
    {
      text: '2026-01-01T00:00:00.000Z  warn   engine  away  code=GV-SNK-001  lag=7',
      level: 40,
      part: 'engine',
      at: Date.UTC(2026, 0),
      message: 'away',
      code: 'GV-SNK-001',
    },
  ],
  ['[1] 2026/01/01 [INF] Server is ready', { text: '[1] 2026/01/01 [INF] Server is ready', level: null, part: null }],
  ['{"msg":"no level"}', { text: '{"msg":"no level"}', level: null, part: null }],
  ['null', { text: 'null', level: null, part: null }],
])('reads %s', (line, expected) => expect(readLogLine(line)).toMatchObject(expected));

it('reads what is added, whole lines only, also after the file was cut or replaced', async () => {
  const path = join(folder, 'a.log');
  const place = startOf(path);
  const more = async (): Promise<string[]> => {
    const lines: string[] = [];
    for await (const line of newLines(place)) lines.push(line);
    return lines;
  };
  expect(await more()).toEqual([]);
  writeFileSync(path, 'one\ntwo\nthr');
  expect(await more()).toEqual(['one', 'two']);
  const parts = Buffer.from('é\n');
  appendFileSync(path, parts.subarray(0, 1));
  expect(await more()).toEqual([]);
  appendFileSync(path, parts.subarray(1));
  expect(await more()).toEqual(['thré']);
  truncateSync(path, 0);
  appendFileSync(path, 'new\n');
  expect(await more()).toEqual(['new']);
  renameSync(path, `${path}.1`);
  writeFileSync(path, 'a line that is longer than all before it\n');
  expect(await more()).toEqual(['a line that is longer than all before it']);
  const long = 'x'.repeat(200_000);
  appendFileSync(path, `${long}\n`);
  expect(await more()).toEqual([long]);
});
