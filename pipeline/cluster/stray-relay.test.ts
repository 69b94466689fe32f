import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { StoredMessage } from '../bus/stored-messages.ts';
import type { Bus, OutgoingMessage } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { strayRelay } from './stray-relay.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const away = new VitalsError('GV-BUS-001', 'away', 'DCGM_RAW');
const stored = (position: number): StoredMessage => ({
  subject: 'dcgm.raw.elsewhere.a',
  data: new Uint8Array(0),
  headers: {},
  position,
  arrived_at: 7,
});
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** A relay to a stream that refuses some, and what becomes of what it is given. */
function begin(
  read: (position: number) => Promise<StoredMessage | null>,
  refuses: (id: string) => boolean = () => false,
) {
  const told: unknown[] = [];
  const sent: string[] = [];
  const stopping = new AbortController();
  const bus = {
    publisher: () => ({
      async publish({ headers }: OutgoingMessage) {
        const id = headers?.['Nats-Msg-Id'] ?? '';
        if (refuses(id)) throw new VitalsError('GV-BUS-002', `refused ${id}`, '');
        sent.push(id);
      },
    }),
  } as unknown as Bus;
  const relay = strayRelay({ bus, stream: 's', read, tell: (error) => told.push(error) });
  let done = false;
  return {
    told,
    sent,
    stopping,
    done: () => done,
    relay: (positions: readonly number[]) =>
      relay.relay(positions, stopping.signal).then(() => {
        done = true;
      }),
  };
}

it('hands on all, in order, and holds few of them at once', async () => {
  let [reading, most] = [0, 0];
  const { relay, sent, told } = begin(async (position) => {
    most = Math.max(most, ++reading);
    await Promise.resolve();
    reading--;
    return stored(position);
  });
  await relay(range(1, 100));
  expect(sent).toEqual(range(1, 100).map((position) => `stray:s:${position}`));
  expect(most).toBe(32);
  expect(told).toEqual([]);
});

it('tries again what cannot be read until it can, and tells that once', async () => {
  let failures = 20;
  const { relay, sent, told, done } = begin(async (position) => {
    if (position === 2 && failures-- > 0) throw away;
    return stored(position);
  });
  const relaying = relay([1, 2, 3]);
  await vi.advanceTimersByTimeAsync(9_999);
  expect([done(), sent]).toEqual([false, []]);
  await vi.advanceTimersByTimeAsync(1);
  await relaying;
  expect(sent).toEqual(['stray:s:1', 'stray:s:2', 'stray:s:3']);
  expect(told).toEqual([away]);
});

it('leaves what is gone, and what the stream refuses for good, which it tells', async () => {
  const { relay, sent, told } = begin(
    async (position) => (position === 1 ? null : stored(position)),
    (id) => id === 'stray:s:2',
  );
  await relay([1, 2, 3]);
  expect(sent).toEqual(['stray:s:3']);
  expect(told).toMatchObject([{ message: expect.stringContaining('refused stray:s:2') }]);
});

it('ends when it is told to, whatever it waits for', async () => {
  const { relay, sent, told, stopping } = begin(() => Promise.reject(away));
  const relaying = relay([1]);
  await vi.advanceTimersByTimeAsync(100);
  stopping.abort();
  await relaying;
  expect([sent, told]).toEqual([[], [away]]);
  expect(vi.getTimerCount()).toBe(0);
});
