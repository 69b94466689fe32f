import { expect, it } from 'vitest';
import { readOn } from './read-on.ts';

/** A source that gives so many and then fails, one entry a reading; the last one stays open until the end. */
function source(readings: readonly number[], signal: AbortSignal) {
  const asked: number[] = [];
  let next = 0;
  async function* read(): AsyncGenerator<number> {
    const reading = asked.push(next) - 1;
    for (let given = 0; given < (readings[reading] ?? 0); given++) yield next++;
    if (reading < readings.length - 1) throw new Error(`reading ${reading}`);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  }
  return { asked, read };
}

it('reads on after every failure, and tells of it once until something comes', async () => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const { asked, read } = source([2, 0, 0, 1, 0, 1], signal);
  const taken: number[] = [];
  const told: string[] = [];
  const done = readOn({
    read,
    take: (one) => taken.push(one),
    signal,
    onFailure: (cause) => told.push(String(cause)),
    pause_ms: 1,
  });
  await expect.poll(() => taken).toEqual([0, 1, 2, 3]);
  expect(asked).toEqual([0, 2, 2, 2, 3, 3]);
  expect(told).toEqual(['Error: reading 0', 'Error: reading 3']);
  stopping.abort();
  await done;
});

it('a reader whose taker fails reads on too', async () => {
  const stopping = new AbortController();
  const { read } = source([3], stopping.signal);
  const taken: number[] = [];
  const told: unknown[] = [];
  const done = readOn({
    read,
    take(one) {
      taken.push(one);
      if (one === 1) throw new Error('not this one');
    },
    signal: stopping.signal,
    onFailure: (cause) => told.push(cause),
    pause_ms: 1,
  });
  await expect.poll(() => told.length).toBe(1);
  expect(taken).toEqual([0, 1]);
  stopping.abort();
  await done;
});

it('ends with its source, and does not begin when it is aborted', async () => {
  const reads: number[] = [];
  async function* read(): AsyncGenerator<number> {
    yield reads.push(1);
  }
  const onFailure = (): void => expect.fail('nothing failed');
  await readOn({ read, take: () => undefined, signal: new AbortController().signal, onFailure });
  await readOn({ read, take: () => undefined, signal: AbortSignal.abort(), onFailure });
  expect(reads).toEqual([1]);
});
