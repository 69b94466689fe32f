import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepAsking } from './keep-asking.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const asked = (answers: readonly boolean[] = []) => {
  const times: number[] = [];
  const begin = Date.now();
  const asking = keepAsking(async () => {
    times.push(Date.now() - begin);
    return answers[times.length - 1] ?? true;
  }, 60_000);
  return { times, asking };
};

it('asks at once and then every minute', async () => {
  const { times, asking } = asked();
  await vi.advanceTimersByTimeAsync(125_000);
  expect(times).toEqual([0, 60_000, 120_000]);
  asking.stop();
  await vi.advanceTimersByTimeAsync(125_000);
  expect(times).toHaveLength(3);
});

it('asks again soon while there is no answer', async () => {
  const { times, asking } = asked([false, false]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(times).toEqual([0, 3_000, 6_000]);
  asking.stop();
});

it('asks twice more when it is hurried, however often that is', async () => {
  const { times, asking } = asked();
  await vi.advanceTimersByTimeAsync(10_000);
  for (let i = 0; i < 10; i++) asking.hurry();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(times).toEqual([0, 11_500, 17_500]);
  const before = times.length;
  for (let i = 0; i < 100; i++) {
    asking.hurry();
    await vi.advanceTimersByTimeAsync(100);
  }
  const rushed = times.length - before;
  expect(rushed).toBeGreaterThan(3);
  expect(rushed).toBeLessThanOrEqual(7);
  asking.stop();
});
