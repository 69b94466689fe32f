import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLiveClient, type LiveUpdate, type Socket } from './live-client.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A live server that a test speaks for, one socket after the other. */
function world() {
  const sockets: (Socket & { readonly said: Record<string, unknown>[]; readonly closed: boolean })[] = [];
  const client = createLiveClient({
    open() {
      const said: Record<string, unknown>[] = [];
      const socket = {
        said,
        closed: false,
        send: (text: string) => void said.push(JSON.parse(text) as Record<string, unknown>),
        close() {
          socket.closed = true;
        },
        onopen: null,
        onmessage: null,
        onclose: null,
      };
      sockets.push(socket);
      return socket;
    },
    random: () => 0.5,
  });
  const last = () => sockets.at(-1) as (typeof sockets)[number];
  return {
    client,
    sockets,
    last,
    accept: () => last().onopen?.(new Event('open')),
    lose: () => last().onclose?.(new Event('close') as CloseEvent),
    tell: (type: string, seq: number | null, data: unknown = null, topic: string | null = 'fleet') =>
      last().onmessage?.({
        data: JSON.stringify({ topic, seq, type, ts: '2026-01-01T00:00:00.000Z', data }),
      } as MessageEvent),
    follow(topic = 'fleet', since?: number) {
      const seen: string[] = [];
      const subscription = client.topic<string>(topic, since === undefined ? {} : { since }).subscribe({
        next: ({ type, seq, data }: LiveUpdate<string>) => void seen.push(`${type} ${seq} ${data}`),
        error: (error: Error & { code: string }) => void seen.push(error.code),
      });
      return { seen, subscription };
    },
  };
}

it('resumes with the last number after a break, with longer pauses each time', () => {
  const { client, sockets, last, accept, lose, tell, follow } = world();
  const { seen } = follow();
  accept();
  expect(last().said).toEqual([{ op: 'subscribe', topic: 'fleet' }]);
  tell('snapshot', 4, 'all');
  tell('delta', 5, 'more');
  lose();
  expect(client.current().phase).toBe('waiting');
  const pauses: number[] = [];
  for (let i = 0; i < 3; i++) {
    pauses.push((client.current().retry_at ?? 0) - Date.now());
    vi.advanceTimersToNextTimer();
    expect(sockets.length).toBe(i + 2);
    if (i < 2) lose();
  }
  expect(pauses).toEqual([500, 1_000, 2_000]);
  accept();
  expect(last().said).toEqual([{ op: 'subscribe', topic: 'fleet', since: 5 }]);
  tell('delta', 6, 'yet more');
  expect(seen).toEqual(['snapshot 4 all', 'delta 5 more', 'delta 6 yet more']);
});

it('never applies a delta to a state that it does not fit', () => {
  const { last, accept, tell, follow } = world();
  const { seen } = follow();
  accept();
  tell('delta', 3, 'too early');
  tell('snapshot', 7, 'all');
  tell('delta', 9, 'one is missing');
  tell('delta', 10, 'still');
  expect(last().said.slice(1)).toEqual([{ op: 'subscribe', topic: 'fleet' }]);
  tell('snapshot', 10, 'healed');
  tell('gap', 11, { from: 11, to: null });
  tell('delta', 12, 'after the gap');
  tell('snapshot', 12, 'healed again');
  expect(seen).toEqual(['snapshot 7 all', 'snapshot 10 healed', 'snapshot 12 healed again']);
});

it('shares a topic among listeners, leaves it with the last one, and passes on a refusal', () => {
  const { last, accept, tell, follow } = world();
  accept();
  const [one, two] = [follow(), follow()];
  tell('snapshot', 1, 'all');
  expect([one.seen, two.seen]).toEqual([['snapshot 1 all'], ['snapshot 1 all']]);
  one.subscription.unsubscribe();
  expect(last().said.at(-1)).toMatchObject({ op: 'subscribe' });
  two.subscription.unsubscribe();
  expect(last().said.at(-1)).toEqual({ op: 'unsubscribe', topic: 'fleet' });
  const { seen } = follow('nonsense');
  tell('error', null, { code: 'GV-LIV-001', detail: 'no such topic', topic: 'nonsense' }, null);
  expect(seen).toEqual(['GV-LIV-001']);
});

it('asks a silent server for a sign of life, and gives it up when none comes', () => {
  const { client, sockets, last, accept, tell } = world();
  accept();
  vi.advanceTimersByTime(15_000);
  expect(last().said).toEqual([{ op: 'ping' }]);
  tell('pong', null, null, null);
  vi.advanceTimersByTime(15_000);
  expect(last().said.length).toBe(2);
  vi.advanceTimersByTime(15_000);
  expect([sockets[0]?.closed, client.current().phase]).toEqual([true, 'waiting']);
  client.wake();
  expect(sockets.length).toBe(2);
  client.close();
  vi.advanceTimersByTime(60_000);
  expect(sockets.length).toBe(2);
});
