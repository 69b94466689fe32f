import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { KeyValue, KeyValueEntry } from '../bus/key-value.ts';
import { settableClock } from '../clock.ts';
import { VitalsError } from '../contract/errors.ts';
import { seconds } from '../contract/time.ts';
import type { ClusterWorkerOptions } from './cluster-options.ts';
import { type ClusterWorker, startClusterWorker } from './cluster-worker.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const refused = new VitalsError('GV-BUS-002', 'no responders', 'cluster');

/** A worker that reads its keys like this, and what becomes of it. */
function start(matching: () => Promise<readonly KeyValueEntry[]>) {
  const told = { said: [] as string[], errors: [] as unknown[], lost: [] as string[], silences: 0 };
  const asked = vi.fn(matching);
  const keys = {
    matching: asked,
    async *follow(_: string, signal: AbortSignal): AsyncGenerator<KeyValueEntry> {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  } as unknown as KeyValue;
  const starting = startClusterWorker({
    keys,
    worker: 'a',
    incarnation: '1',
    silence_max_ms: 1_500,
    own: { held: () => true, steady_ms: () => 0 },
    lease: seconds(4),
    sinks: {},
    snapshot_interval: seconds(1),
    clock: settableClock(0),
    say: (line: string) => void told.said.push(line),
    tell: (error: VitalsError) => void told.errors.push(error),
    onLost: (why: string) => void told.lost.push(why),
    onSilence: () => void told.silences++,
  } as unknown as ClusterWorkerOptions<never>);
  return { asked, told, starting };
}

async function end(worker: ClusterWorker): Promise<void> {
  const ended = worker.stop();
  await vi.advanceTimersByTimeAsync(1_000);
  await ended;
  expect(vi.getTimerCount()).toBe(0);
}

it('leaves nothing that runs when its keys come at once', async () => {
  const { starting, told } = start(async () => []);
  const worker = await starting;
  expect(told).toEqual({ said: ['cluster: a is there'], errors: [], lost: [], silences: 0 });
  await end(worker);
});

it('asks twice a second whoever refuses, and says so once', async () => {
  let left = 40;
  const { starting, told, asked } = start(async () => {
    if (left-- > 0) throw refused;
    return [];
  });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked.mock.calls.length).toBeLessThanOrEqual(21);
  expect(told.silences).toBeLessThanOrEqual(20);
  await vi.advanceTimersByTimeAsync(10_000);
  const worker = await starting;
  expect(told).toEqual({ said: ['cluster: a is there'], errors: [refused], lost: [], silences: 40 });
  await end(worker);
});

it.each([
  ['refuses', () => Promise.reject(refused)],
  ['says nothing', () => new Promise<never>(() => undefined)],
])('lets go of everything when who has its keys %s for half a minute', async (_, matching) => {
  let most = 1_000;
  const { starting, told, asked } = start(() => (most-- > 0 ? matching() : new Promise<never>(() => undefined)));
  await vi.advanceTimersByTimeAsync(29_999);
  expect(told.lost).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(told.lost).toEqual(['the keys did not come within 30 s']);
  const { length } = asked.mock.calls;
  const worker = await starting;
  await end(worker);
  expect(asked.mock.calls).toHaveLength(length);
  expect(told.said).toEqual([]);
});
