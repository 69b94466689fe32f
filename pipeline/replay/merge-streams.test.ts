import { expect, it } from 'vitest';
import type { RawMessage } from '../contract/message.ts';
import { type MessageStream, mergeStreams } from './merge-streams.ts';

const open = new Set<string>();
let most = 0;
/** Messages that were taken out of files. */
let read_out = 0;

/** Messages of a file at these times, so many in a chunk. */
function file(
  name: string,
  times: readonly number[],
  chunk = 2,
  first = times[0] ?? Number.NEGATIVE_INFINITY,
  nodes: readonly string[] = [name],
): MessageStream {
  async function* read(): AsyncGenerator<readonly RawMessage[]> {
    open.add(name);
    most = Math.max(most, open.size);
    try {
      for (let at = 0; at < times.length; at += chunk) {
        const messages = times
          .slice(at, at + chunk)
          .map((event_time, n) => message(nodes[(at + n) % nodes.length] as string, event_time));
        read_out += messages.length;
        yield messages;
      }
    } finally {
      open.delete(name);
    }
  }
  return { first, open: read };
}

const message = (subject: string, event_time: number): RawMessage => ({
  subject,
  event_time,
  data: new Uint8Array(0),
  content_type: 'text/plain',
  position: 0,
  arrived_at: event_time,
});

async function merged(...files: readonly MessageStream[]): Promise<string> {
  most = 0;
  const out: string[] = [];
  for await (const messages of mergeStreams(files)) {
    out.push(...messages.map(({ subject, event_time }) => `${subject}${event_time}`));
  }
  expect(open.size).toBe(0);
  return out.join(' ');
}

it('goes by time over all files, the first file first', async () => {
  expect(await merged(file('a', [1, 3, 5]), file('b', [1, 2, 5, 6]))).toBe('a1 b1 b2 a3 a5 b5 b6');
});

it('keeps the order of each file: what is late there is late here', async () => {
  expect(await merged(file('a', [1, 9, 2, 10]), file('b', [4, 9.5]))).toBe('a1 b4 a9 a2 b9.5 a10');
  expect(await merged(file('a', [1, Number.NaN, 7]), file('b', [3]))).toBe('a1 aNaN b3 a7');
});

it.each([1, 2, 3, 4, 100])('a node whose clock jumps takes nobody along, in chunks of %i', async (chunk) => {
  const hours = (jump: number) => [
    file('0', [0, 0, 1, 1, 2, 2, jump, 3, 4, 4, 5, 5], chunk, 0, ['a', 'b']),
    file('1', [6, 6, 7, 7], chunk, 6, ['a', 'b']),
    file('2', [8, 8], chunk, 8, ['a', 'b']),
  ];
  const still = await merged(...hours(3));
  expect(still).toBe('a0 b0 a1 b1 a2 b2 a3 b3 a4 b4 a5 b5 a6 b6 a7 b7 a8 b8');
  expect(await merged(...hours(9_000))).toBe(still.replace('a3', 'a9000'));
});

it('gives little at a time of a file that stands still, and holds two chunks of it', async () => {
  const late = Array.from({ length: 10_000 }, (_, n) => n);
  read_out = 0;
  let given = 0;
  for await (const messages of mergeStreams([file('a', [20_000, ...late], 100)])) {
    given += messages.length;
    expect(messages.length).toBeLessThanOrEqual(256);
    expect(read_out - given).toBeLessThanOrEqual(200);
  }
  expect(given).toBe(10_001);
});

it('opens what follows in time one after the other, in any order of names', async () => {
  expect(await merged(file('z', [5, 6]), file('y', [3, 4]), file('x', [1, 2]))).toBe('x1 x2 y3 y4 z5 z6');
  expect(most).toBe(1);
});

it('has nothing of nothing, and takes files without a time where they stand', async () => {
  expect(await merged()).toBe('');
  expect(await merged(file('a', [2]), file('b', []))).toBe('a2');
  expect(await merged(file('a', [2, 4]), file('b', [3, 5], 1, Number.NEGATIVE_INFINITY))).toBe('a2 b3 a4 b5');
});

it('equals a stable sort of files that are each in order', async () => {
  let seed = 7;
  const random = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  };
  for (let round = 0; round < 50; round++) {
    const times = Array.from({ length: 1 + Math.floor(random() * 6) }, () =>
      Array.from({ length: Math.floor(random() * 9) }, () => Math.floor(random() * 12)).sort((a, b) => a - b),
    );
    const sorted = times
      .flatMap((own, place) => own.map((time) => ({ time, place })))
      .sort((a, b) => a.time - b.time || a.place - b.place);
    const files = times.map((own, place) => file(String.fromCharCode(97 + place), own, 1 + Math.floor(random() * 3)));
    const wanted = sorted.map(({ time, place }) => `${String.fromCharCode(97 + place)}${time}`).join(' ');
    expect(await merged(...files)).toBe(wanted);
  }
});

it('closes what is open when nobody reads on', async () => {
  for await (const _ of mergeStreams([file('a', [1, 2, 3]), file('b', [1, 2, 3])])) break;
  expect(open.size).toBe(0);
  const same = Array.from({ length: 1_000 }, () => 1);
  for await (const _ of mergeStreams([file('a', same), file('b', same)])) break;
  expect(open.size).toBe(0);
});
