import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { settableClock } from '../../pipeline/clock.ts';
import { announceFrames, frameInterest } from './frame-interest.ts';
import { framesSink } from './frames-sink.ts';
import { memoryBus } from './memory-bus.fixture.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('lasts while a reader says so, and some seconds longer', () => {
  const bus = memoryBus();
  const clock = settableClock(0);
  const pass = (ms: number): void => {
    for (let step = 0; step < ms; step += 500) {
      clock.set(clock.now() + 500);
      vi.advanceTimersByTime(500);
    }
  };
  const interest = frameInterest(bus, clock);
  expect(interest.wanted()).toBe(true);
  pass(5_000);
  expect(interest.wanted()).toBe(false);
  const reader = announceFrames(bus);
  expect(interest.wanted()).toBe(true);
  pass(60_000);
  expect(interest.wanted()).toBe(true);
  reader.stop();
  pass(6_000);
  expect(interest.wanted()).toBe(false);
  interest.close();
});

it('is asked before a row is made into a frame', async () => {
  const bus = memoryBus();
  const wanted = vi.fn(() => false);
  const sink = framesSink(bus, { worker: 'w', wanted });
  const { batchOf } = await import('../questdb/test-batches.fixture.ts');
  const batch = batchOf([{ ts: 1, gpu_uuid: 'GPU-a', node: 'n', metrics: { power_watts: 1 } }]);
  sink.write(batch);
  await sink.flush();
  expect(bus.published).toEqual([]);
  wanted.mockReturnValue(true);
  sink.write(batch);
  await sink.flush();
  expect(bus.published.length).toBe(1);
});
