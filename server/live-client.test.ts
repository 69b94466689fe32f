import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import { createLiveClient, type LiveClientOptions, type LiveSocket } from './live-client.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Kind = 'open' | 'close' | 'error' | 'message';

class SpokenFor implements LiveSocket {
  static made: SpokenFor[] = [];
  readonly said: Record<string, unknown>[] = [];
  readonly asked: readonly [string, string];
  closed = false;
  private readonly listeners = new Map<Kind, (event: { readonly data: unknown }) => void>();

  constructor(url: string, protocol: string) {
    this.asked = [url, protocol];
    SpokenFor.made.push(this);
  }

  send(text: string): void {
    this.said.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {
    this.closed = true;
  }

  addEventListener(kind: Kind, listener: (event: { readonly data: unknown }) => void): void {
    this.listeners.set(kind, listener);
  }

  happens(kind: Kind, data: unknown = null): void {
    this.listeners.get(kind)?.({ data });
  }
}

/** A live server that a test speaks for, one socket after the other. */
function world(options: Partial<LiveClientOptions> = {}) {
  SpokenFor.made = [];
  const clock = settableClock(1_767_225_600_000);
  const client = createLiveClient({
    url: 'ws://live.example/live',
    WebSocket: SpokenFor,
    clock,
    random: () => 0.5,
    ...options,
  });
  const last = () => SpokenFor.made.at(-1) as SpokenFor;
  return {
    client,
    clock,
    last,
    sockets: SpokenFor.made,
    accept: () => last().happens('open'),
    lose: () => last().happens('close'),
    tell: (type: string, seq: number | null, data: unknown = null, topic: string | null = 'fleet') =>
      last().happens('message', JSON.stringify({ topic, seq, type, ts: '2026-01-01T00:00:00.000Z', data })),
    follow(topic = 'fleet', since?: number) {
      const seen: string[] = [];
      const subscription = client.topic<string>(topic, since === undefined ? {} : { since }).subscribe({
        next: ({ type, seq, data }) => void seen.push(`${type} ${seq} ${data}`),
        error: (error: Error & { code: string }) => void seen.push(error.code),
      });
      return { seen, subscription };
    },
  };
}

describe('the live client', () => {
  it('resumes with the last number after a break, with longer pauses each time', () => {
    const { client, clock, sockets, last, accept, lose, tell, follow } = world({ key: 'secret' });
    const { seen } = follow();
    accept();
    expect(last().asked).toEqual(['ws://live.example/live', 'gpu-vitals.v1']);
    expect(last().said).toEqual([
      { op: 'auth', key: 'secret' },
      { op: 'subscribe', topic: 'fleet' },
    ]);
    tell('snapshot', 4, 'all');
    tell('delta', 5, 'more');
    lose();
    expect(client.current().phase).toBe('waiting');
    const pauses: number[] = [];
    for (let i = 0; i < 3; i++) {
      pauses.push((client.current().retry_at ?? 0) - clock.now());
      vi.advanceTimersToNextTimer();
      expect(sockets.length).toBe(i + 2);
      if (i < 2) lose();
    }
    expect(pauses).toEqual([500, 1_000, 2_000]);
    accept();
    expect(last().said[1]).toEqual({ op: 'subscribe', topic: 'fleet', since: 5 });
    tell('delta', 6, 'yet more');
    expect(seen).toEqual(['snapshot 4 all', 'delta 5 more', 'delta 6 yet more']);
  });

  it('spreads the attempts of many', () => {
    const pauses = [0, 0.5, 0.999].map((drawn) => {
      const { client, clock, lose } = world({ random: () => drawn });
      lose();
      const pause = (client.current().retry_at ?? 0) - clock.now();
      client.close();
      return Math.round(pause);
    });
    expect(pauses).toEqual([375, 500, 625]);
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
    tell('error', null, { code: 'GV-LIV-002', detail: 'no such topic', topic: 'nonsense' }, null);
    expect(seen).toEqual(['GV-LIV-002']);
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
});

const row = (gpu_uuid: string, changes: object = {}) => ({ gpu_uuid, instance: '', node: 'n1', ...changes });
const condition = (id: string, state = 'open') => ({ id, state });

it.each([
  ['fleet', [row('a'), row('b')], [row('b', { node: 'n2' }), row('b', { instance: '1' })], ['a', 'b', 'b/1']],
  ['node/n1', [row('a'), row('b')], [row('b', { node: 'n2' }), row('c')], ['a', 'c']],
  ['anomalies', [condition('x'), condition('y')], [condition('x', 'closed'), condition('z')], ['y', 'z']],
  ['alerts', [condition('x')], [condition('x', 'closed')], []],
] as const)('adds up topic %s', (topic, snapshot, delta, keys) => {
  const { client, accept, tell } = world();
  const states: string[][] = [];
  client.follow(topic).subscribe(({ state }) => void states.push([...state.keys()]));
  accept();
  tell('snapshot', 1, snapshot, topic);
  tell('delta', 2, delta, topic);
  tell('gap', 5, {}, topic);
  tell('snapshot', 5, [], topic);
  expect(states.slice(1)).toEqual([keys, []]);
  client.close();
});

it('keeps the order while a long message is parsed, and forgets it when the connection is lost meanwhile', async () => {
  const waiting: (() => void)[] = [];
  const parse = (text: string): unknown =>
    text.includes('long')
      ? new Promise((resolve) => waiting.push(() => resolve(JSON.parse(text))))
      : (JSON.parse(text) as unknown);
  const { client, sockets, accept, tell, follow, lose } = world({ parse });
  const { seen } = follow();
  accept();
  tell('snapshot', 1, 'long');
  tell('delta', 2, 'short');
  expect(seen).toEqual([]);
  waiting.shift()?.();
  await vi.waitFor(() => expect(seen).toEqual(['snapshot 1 long', 'delta 2 short']));
  tell('delta', 3, 'at once');
  expect(seen.length).toBe(3);
  tell('delta', 4, 'long and lost');
  lose();
  waiting.shift()?.();
  // Other timers may be due before the one for the next socket.
  while (sockets.length === 1) vi.advanceTimersToNextTimer();
  accept();
  tell('delta', 4, 'told again');
  await vi.waitFor(() => expect(seen.at(-1)).toBe('delta 4 told again'));
  expect(seen.length).toBe(4);
  client.close();
});

it('needs a WebSocket', () => {
  vi.stubGlobal('WebSocket', undefined);
  expect(() => createLiveClient({ url: 'ws://live.example/live' })).toThrow(TypeError);
  vi.unstubAllGlobals();
});
