import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readInput } from './read-input.ts';

const START = Date.UTC(2026, 0, 1);
const T = Date.UTC(2026, 2, 1);
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Node and seconds since `since` of all messages of a folder with these files, in order. */
async function read(files: Readonly<Record<string, string>>, since = T): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-together-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const found: string[] = [];
  let position = 0;
  const options = { path: folder, format: 'auto', interval_ms: 10_000, start_ms: START } as const;
  for await (const messages of readInput(options)) {
    for (const message of messages) {
      expect(message.position).toBe(++position);
      found.push(`${message.subject.split('.').at(-1)}${(message.event_time - since) / 1_000}`);
    }
  }
  return found.join(' ');
}

const rows = (node: string, ...seconds: readonly number[]): string =>
  seconds
    .map((s) => `${JSON.stringify({ ts: T + s * 1_000, node, gpu_uuid: `GPU-${node}`, power_watts: 300 })}\n`)
    .join('');
const page = (node: string): string => `DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-${node}",Hostname="${node}"} 300\n`;

describe('several files', () => {
  it('are one capture by time: a file a node', async () => {
    const files = { 'b.jsonl': rows('b', 0, 10, 20), 'a.jsonl': rows('a', 0, 10, 20), 'c.jsonl': rows('c', 15) };
    expect(await read(files)).toBe('a0 b0 a10 b10 c15 a20 b20');
  });

  it('are one capture by time: files of an hour each, named against their order', async () => {
    const files = { '1.jsonl': rows('a', 3_600, 3_610), '2.jsonl': rows('a', 0, 10) };
    expect(await read(files)).toBe('a0 a10 a3600 a3610');
  });

  it('count exposition texts without times per node, by name', async () => {
    const files = { 'a-1.prom': page('a'), 'a-2.prom': page('a'), 'b-1.prom': page('b'), 'b-2.prom': page('b') };
    expect(await read(files, START)).toBe('a0 b0 a10 b10');
  });

  it('keep what is late in a file late, and what has no time beside what comes first in its file', async () => {
    const files = { 'a.jsonl': rows('a', 0, 900, 30, 910), 'b.jsonl': `no row\n${rows('b', 40, 905)}` };
    expect(await read(files)).toBe('a0 b40 a900 a30 b905 a910');
  });

  it('are not taken along by a node whose clock is fast, in the middle of a file or at its beginning', async () => {
    const hour = (from: number, jump: number): string =>
      [0, 10, 20, 30]
        .map((s) => rows('a', s === jump ? 10_800 : from + s) + (s < 30 ? rows('b', from + s) : ''))
        .join('');
    const later = 'a3600 b3600 a3610 b3610 a3620 b3620 a3630 a7200 b7200 a7210 b7210 a7220 b7220 a7230';
    const hours = { '1.jsonl': hour(3_600, -1), '2.jsonl': hour(7_200, -1) };
    expect(await read({ ...hours, '0.jsonl': hour(0, 10) })).toBe(`a0 b0 a10800 b10 a20 b20 ${later} a30`);
    expect(await read({ ...hours, '0.jsonl': hour(0, 0) })).toBe(`a10800 b0 a10 b10 a20 b20 ${later} a30`);
  });

  it('may be empty', async () => {
    expect(await read({ 'a.jsonl': '', 'b.jsonl': rows('b', 5) })).toBe('b5');
  });
});
