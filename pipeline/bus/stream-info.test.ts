import type { StreamInfo } from '@nats-io/jetstream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { streamInfo } from './stream-info.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A stream that tells these ends, one after the other, and the last one from then on. */
function telling(ends: readonly number[], { copies = 3, created = 'a' } = {}) {
  let asked = 0;
  const info = vi.fn(async () => {
    const last_seq = ends[Math.min(asked++, ends.length - 1)] as number;
    return { created, config: { num_replicas: copies }, state: { first_seq: 1, last_seq } } as StreamInfo;
  });
  return { jsm: { streams: { info } } as unknown as Parameters<typeof streamInfo>[0], info };
}
const seen = { created: 'a', last_position: 100 };

async function endOf(asking: Promise<StreamInfo>): Promise<number> {
  await vi.advanceTimersByTimeAsync(60_000);
  expect(vi.getTimerCount()).toBe(0);
  return (await asking).state.last_seq;
}

it.each([
  ['that ends where it was seen to', telling([100]), seen, 100, 1],
  ['that has grown', telling([130]), seen, 130, 1],
  ['of which nothing was seen', telling([3]), undefined, 3, 1],
  ['with one copy, whose end is what its server says', telling([90], { copies: 1 }), seen, 90, 1],
  ['that was made anew', telling([90], { created: 'b' }), seen, 90, 1],
  ['whose leader was a stale one at first', telling([90, 90, 90, 104]), seen, 104, 4],
  ['of unknown making, whose leader was a stale one', telling([90, 100]), { ...seen, created: '' }, 100, 2],
])('asks as often as it has to, of a stream %s', async (_, { jsm, info }, known, end, times) => {
  expect(await endOf(streamInfo(jsm, 'S', known === undefined ? {} : { seen: known }))).toBe(end);
  expect(info).toHaveBeenCalledTimes(times);
});

it('believes a lost end once no stale leader can be left', async () => {
  const { jsm } = telling([90]);
  let ended = false;
  const asking = streamInfo(jsm, 'S', { seen }).finally(() => {
    ended = true;
  });
  await vi.advanceTimersByTimeAsync(11_000);
  expect(ended).toBe(false);
  expect(await endOf(asking)).toBe(90);
});

it('stops asking when nobody wants to know', async () => {
  const { jsm, info } = telling([90]);
  let wanted = true;
  const asking = streamInfo(jsm, 'S', { seen, wanted: () => wanted });
  await vi.advanceTimersByTimeAsync(600);
  wanted = false;
  expect(await endOf(asking)).toBe(90);
  expect(info).toHaveBeenCalledTimes(4);
});

it('throws what the server refuses', async () => {
  const { jsm, info } = telling([90]);
  info.mockImplementationOnce(async () => ({ ...(await telling([90]).info()) }));
  info.mockRejectedValueOnce(new Error('no responders'));
  const asking = expect(streamInfo(jsm, 'S', { seen })).rejects.toThrow('no responders');
  await vi.advanceTimersByTimeAsync(1_000);
  await asking;
});
