import { expect, it } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import { keptAnswer } from './kept-answer.ts';

it('lets only the first wait, renews behind what is known, and outlives a failure for a while', async () => {
  const clock = settableClock(0);
  let calls = 0;
  let away = false;
  const kept = keptAnswer(clock, { age_ms: 10, kept_ms: 100 }, async () => {
    calls += 1;
    if (away) throw new Error('away');
    return calls;
  });
  expect(kept.known()).toBeNull();
  expect(await Promise.all([kept.first(), kept.first()])).toEqual([1, 1]);
  clock.advance(9);
  expect([await kept.first(), kept.known(), calls]).toEqual([1, 1, 1]);
  clock.advance(1);
  expect(kept.known()).toBe(1);
  await new Promise((resolve) => setImmediate(resolve));
  expect([kept.known(), calls]).toEqual([2, 2]);
  away = true;
  clock.advance(100);
  expect(kept.known()).toBe(2);
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(1);
  expect([kept.known(), await kept.first()]).toEqual([null, null]);
  clock.advance(10);
  away = false;
  expect(await kept.first()).toBe(calls);
});
