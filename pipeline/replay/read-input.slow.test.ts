import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { GroupStates } from '../../operators/core/group-state.ts';
import type { Batch } from '../contract/batch.ts';
import { VitalsError } from '../contract/errors.ts';
import { groupOf, groupToken } from '../contract/ids.ts';
import type { RawMessage } from '../contract/message.ts';
import { decodeScrape } from '../contract/wire.ts';
import { decode } from '../decode.ts';
import { type ReadInputOptions, readInput } from './read-input.ts';

const START = Date.UTC(2026, 0, 1);
const root = mkdtempSync(join(tmpdir(), 'replay-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder = '';
let folders = 0;
beforeEach(() => {
  folder = join(root, String(folders++));
  mkdirSync(folder);
});

const put = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
async function read(path: ReadInputOptions['path'], options: Partial<ReadInputOptions> = {}): Promise<RawMessage[]> {
  const messages: RawMessage[] = [];
  const defaults = { format: 'auto', interval_ms: 10_000, start_ms: START } as const;
  for await (const some of readInput({ ...defaults, path, ...options })) messages.push(...some);
  return messages;
}
const text = (message: RawMessage | undefined): string => Buffer.from(message?.data ?? []).toString('latin1');
const places = (messages: readonly RawMessage[]) =>
  messages.map((m) => [m.subject.split('.').slice(3).join('.'), m.event_time - START, m.content_type]);
const sample = (host: string, value: number): string =>
  `DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-${host}",Hostname="${host}"} ${value}\n`;
const bare = 'DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-x"} 40\n';
const rows = (n: number, from = 0): string =>
  Array.from(
    { length: n },
    (_, i) => `${JSON.stringify({ ts: START + (from + i) * 1_000, node: 'n', gpu_uuid: 'G', power_watts: i % 700 })}\n`,
  ).join('');

describe('what a file of any name holds', () => {
  const row = { ts: START, node: 'n', gpu_uuid: 'G', gpu_temp_celsius: 40 };
  const { ts, node, ...gpu } = row;
  it.each<[string, string, number]>([
    ['rows', `${JSON.stringify(row)}\n`, 40],
    ['a list of rows', JSON.stringify([row]), 40],
    ['scrapes as the taps tell them', `${JSON.stringify({ ts, node, gpus: [gpu] })}\n`, 40],
    ['exposition with quoted names', '{"DCGM_FI_DEV_GPU_TEMP",UUID="G",Hostname="n"} 40\n', 40],
    ['an nvidia-smi log in kHz', 'timestamp, uuid, clocks.sm [kHz]\n2026/01/01 00:00:00.000, G, 1980000 kHz\n', 1_980],
    ['another in kHz', 'timestamp, uuid, sm_clock_khz\n2026/01/01 00:00:00.000, G, 1980000\n', 1_980],
  ])('%s', async (_, content, value) => {
    const states = new GroupStates();
    const seen: number[][] = [];
    const refused: unknown[] = [];
    const messages = await read(put('file.txt', content), { node: 'n' });
    decode({ future_max: null })
      .start(states)
      .process(messages, (port, item) => {
        if (port === 'refused') refused.push(item);
        else seen.push([...(item as Batch).values].filter((one) => !Number.isNaN(one)));
      });
    expect([seen, refused]).toEqual([[[value]], []]);
  });
});

describe('exposition files', () => {
  it('counts files per node and passes bytes through', async () => {
    put('a-1.prom', sample('a', 1));
    put('a-2.prom.gz', gzipSync(sample('a', 2)));
    put('b-1.txt', sample('b', 3));
    put('c.d.prom', bare);
    put('notes.md', 'not telemetry');
    const messages = await read(folder);
    expect(places(messages)).toEqual([
      ['a', 0, 'text/plain'],
      ['b', 0, 'text/plain'],
      ['c.d', 0, 'text/plain'],
      ['a', 10_000, 'text/plain'],
    ]);
    expect(messages.map((m) => m.position)).toEqual([1, 2, 3, 4]);
    expect(messages.map(text)).toEqual([sample('a', 1), sample('b', 3), bare, sample('a', 2)]);
    expect(messages[2]?.subject).toBe(`dcgm.raw.${groupToken(groupOf('c.d'))}.c.d`);
  });

  it('gives texts without a host to --node, and counts on', async () => {
    put('1.prom', bare);
    put('2.prom', bare);
    put('3.prom', sample('own', 1));
    expect(places(await read(folder, { node: 'chosen', interval_ms: 60_000 }))).toEqual([
      ['chosen', 0, 'text/plain'],
      ['own', 0, 'text/plain'],
      ['chosen', 60_000, 'text/plain'],
    ]);
  });

  it('cuts a federated text by node, each counting for itself', async () => {
    put('1.prom', sample('a', 1));
    put('2.prom', `# HELP x y\n${sample('a', 2)}${sample('b', 3)}${bare}${sample('a', 4)}`);
    const messages = await read(folder);
    expect(places(messages)).toEqual([
      ['a', 0, 'text/plain'],
      ['a', 10_000, 'text/plain'],
      ['b', 0, 'text/plain'],
      ['2', 0, 'text/plain'],
    ]);
    expect(messages.slice(1).map(text)).toEqual([sample('a', 2) + sample('a', 4), sample('b', 3), bare]);
  });

  it('passes junk and emptiness on to the parser', async () => {
    const junk = Uint8Array.from({ length: 5_000 }, (_, i) => (i * 197 + 13) % 256);
    put('1.prom', junk);
    put('2.prom', '');
    put('3.prom', sample('a', 1));
    const messages = await read(folder);
    expect(messages).toHaveLength(3);
    expect(Buffer.from(messages[0]?.data ?? []).equals(Buffer.from(junk))).toBe(true);
    expect(messages[1]?.data).toHaveLength(0);
  });

  it('puts a text at the newest time of its samples, and by its number only where they have none', async () => {
    const timed = (host: string, value: number, stamp: string): string => `${sample(host, value).trimEnd()} ${stamp}\n`;
    put('1.prom', timed('a', 1, `${START - 5_000}`) + timed('a', 2, `${START - 9_000}`) + sample('a', 3));
    put('2.prom', sample('a', 4));
    put('3.prom', `# HELP x y 7 9\n${timed('a', 5, '1767225601.5')}${timed('b', 6, '1767225602\r')}${sample('c', 7)}`);
    put('4.prom', `${sample('a', 8).trimEnd()} # {trace_id="x"} 1 1767225700\nError 404 12\n`);
    const found = places(await read(folder)).map(([node, ms]) => `${node} ${ms}`);
    expect(found.toSorted()).toEqual(['a -5000', 'a 10000', 'a 1500', 'a 30000', 'b 2000', 'c 0'].toSorted());
  });

  it('reads several inputs as one', async () => {
    const first = put('a-1.prom', sample('a', 1));
    const rest = join(folder, 'rest');
    mkdirSync(rest);
    writeFileSync(join(rest, 'a-2.prom'), sample('a', 2));
    writeFileSync(join(rest, 'rows.jsonl'), rows(1));
    async function* stdin(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(sample('a', 3));
    }
    const messages = await read([first, rest, '-'], { stdin: stdin() });
    expect(messages.map((m) => m.position)).toEqual([1, 2, 3, 4]);
    expect(places(messages)).toEqual([
      ['a', 0, 'text/plain'],
      ['a', 10_000, 'text/plain'],
      ['n', 0, 'application/vnd.gpu-vitals.scrape'],
      ['a', 20_000, 'text/plain'],
    ]);
  });

  it('reads standard input', async () => {
    async function* stdin(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(bare.slice(0, 9));
      yield Buffer.from(bare.slice(9));
    }
    const messages = await read('-', { stdin: stdin() });
    expect(places(messages)).toEqual([['stdin', 0, 'text/plain']]);
    expect(text(messages[0])).toBe(bare);
  });
});

describe('formats', () => {
  it.each<[string, string, string]>([
    ['a.jsonl', rows(1), 'application/vnd.gpu-vitals.scrape'],
    ['a.log', rows(1), 'application/vnd.gpu-vitals.scrape'],
    ['a.log', 'timestamp, power.draw [W]\n2024/03/29 11:19:25.406, 5 W\n', 'application/vnd.gpu-vitals.scrape'],
    ['a.log', bare, 'text/plain'],
    ['a.txt', bare, 'text/plain'],
    ['a.csv', 'ts,gpu_uuid,power_watts\n1767225600000,G,5\n', 'application/vnd.gpu-vitals.scrape'],
    ['unknown', 'ts,gpu_uuid,power_watts\n1767225600000,G,5\n', 'application/vnd.gpu-vitals.scrape'],
  ])('%s is told by name or content', async (name, content, type) => {
    expect((await read(put(name, content))).map((m) => m.content_type)).toEqual([type]);
    expect((await read(put(`${name}.gz`, gzipSync(content)))).map((m) => m.content_type)).toEqual([type]);
  });

  it('tells gzip by its content, whatever the name', async () => {
    const plain = await read(put('a.jsonl', rows(50)));
    expect(await read(put('a.jsonl', gzipSync(rows(50))))).toEqual(plain);
    expect(await read(put('a.jsonl.gz', rows(50)))).toEqual(plain);
  });
});

describe('what cannot be read', () => {
  it.each<[string, () => string]>([
    ['missing', () => join(folder, 'nothing.jsonl')],
    ['empty folder', () => folder],
    ['a folder without telemetry', () => join(put('readme.md', 'x'), '..')],
    ['gzip of nothing readable', () => put('a.jsonl.gz', gzipSync(rows(9)).subarray(0, 12))],
  ])('%s is GV-CLI-002', async (_, path) => {
    const failure = await read(path()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(VitalsError);
    expect(failure).toMatchObject({ code: 'GV-CLI-002' });
  });

  it('a cut gzip gives what came before and one refused scrape', async () => {
    const packed = gzipSync(rows(20_000));
    const messages = await read(put('a.jsonl.gz', packed.subarray(0, packed.length / 2)));
    const scrapes = messages.map((m) => decodeScrape(m.data));
    const got = scrapes.reduce((sum, scrape) => sum + scrape.gpus.length, 0);
    expect(got).toBeGreaterThan(5_000);
    expect(got).toBeLessThan(15_000);
    expect(scrapes.flatMap((s) => s.refusals.map((one) => [s.node, one.level, one.reason]))).toEqual([
      ['a', 'scrape', 'unreadable_scrape'],
    ]);
  });

  it('a cut .prom.gz loses its last line only', async () => {
    const whole = Array.from({ length: 3_000 }, (_, i) => sample('a', i % 90)).join('');
    const packed = gzipSync(whole, { level: 1 });
    const messages = await read(put('a.prom.gz', packed.subarray(0, packed.length - 40)));
    expect(messages.map((m) => m.content_type)).toEqual(['text/plain', 'application/vnd.gpu-vitals.scrape']);
    expect(whole.startsWith(text(messages[0]))).toBe(true);
    expect(text(messages[0]).endsWith('\n')).toBe(true);
    expect(decodeScrape(messages[1]?.data ?? new Uint8Array()).refusals).toHaveLength(1);
  });

  it('dates a refusal without a time by the last row before it, and by the first one of its file else', async () => {
    put('1.jsonl', rows(3));
    put('2.jsonl', `broken\n${rows(1, 10)}broken\n`);
    const scrapes = (await read(folder)).map((m) => decodeScrape(m.data));
    expect(scrapes.map((s) => [s.ts - START, s.node, s.gpus.length, s.refusals.length])).toEqual([
      [0, 'n', 1, 0],
      [1_000, 'n', 1, 0],
      [2_000, 'n', 1, 0],
      [10_000, '2', 0, 2],
      [10_000, 'n', 1, 0],
    ]);
  });
});

describe('streaming', () => {
  it('gives the same bytes again', async () => {
    const path = put('a.jsonl', `${rows(500)}broken\n${rows(500, 500)}`);
    expect(await read(path)).toEqual(await read(path));
  });

  it('reads no further than it is asked', async () => {
    let asked = 0;
    async function* stdin(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 1_000; i++) {
        asked++;
        yield Buffer.from(rows(100, i * 100));
      }
    }
    for await (const messages of readInput({
      path: '-',
      format: 'jsonl',
      interval_ms: 1,
      start_ms: START,
      stdin: stdin(),
    })) {
      expect(messages.length).toBeGreaterThan(0);
      break;
    }
    expect(asked).toBeLessThan(20);
  });

  it('holds a chunk, not the input', async () => {
    const block = Buffer.from(rows(1_000));
    const blocks = 40;
    async function* stdin(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < blocks; i++) yield block;
    }
    let seen = 0;
    let largest = 0;
    for await (const messages of readInput({
      path: '-',
      format: 'jsonl',
      interval_ms: 1,
      start_ms: START,
      stdin: stdin(),
    })) {
      seen += messages.length;
      largest = Math.max(
        largest,
        messages.reduce((sum, message) => sum + message.data.length, 0),
      );
    }
    expect(seen).toBe(blocks * 1_000);
    expect(largest).toBeLessThan(1_000_000);
  });
});
