import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addLogsCommand } from './logs-command.ts';

let data: string;
beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'logs-'));
  mkdirSync(join(data, 'logs'));
  const lines = [30, 40, 50].map((level) =>
    JSON.stringify({ level, time: '2026-01-01T00:00:00.000Z', part: level === 50 ? 'up' : 'engine', msg: `m${level}` }),
  );
  writeFileSync(join(data, 'logs', 'gpu-vitals.log'), `${lines.join('\n')}\n`);
  writeFileSync(join(data, 'logs', 'nats.log'), '[INF] one\n[INF] two\n');
});
afterAll(() => rmSync(data, { recursive: true }));

async function printed(...given: string[]): Promise<string[]> {
  const program = new Command();
  addLogsCommand(program);
  const write = process.stdout.write;
  const lines: string[] = [];
  process.stdout.write = ((text: string) => lines.push(text.trimEnd()) > 0) as typeof process.stdout.write;
  try {
    await program.parseAsync(['logs', '--data', data, ...given], { from: 'user' });
  } finally {
    process.stdout.write = write;
  }
  return lines.map((line) => line.replace(/^.*?Z {2}/, ''));
}

it.each([
  [[], ['info   engine  m30', 'warn   engine  m40', 'error  up  m50']],
  [
    ['--part', 'engine'],
    ['info   engine  m30', 'warn   engine  m40'],
  ],
  [['--level', 'warn', '--lines', '1'], ['error  up  m50']],
  [['--part', 'nats', '--lines', '1'], ['[INF] two']],
])('logs %j', async (given, expected) => expect(await printed(...given)).toEqual(expected));

it('gives the lines as they are with --json', async () => {
  const [line] = await printed('--json', '--level', 'error');
  expect(JSON.parse(line ?? '')).toMatchObject({ level: 50, part: 'up' });
});

it('says when there is no log', async () => {
  await expect(printed('--part', 'questdb')).rejects.toMatchObject({ code: 'GV-CLI-002' });
});
