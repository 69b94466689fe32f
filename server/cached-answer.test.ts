import { expect, it } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import { cachedAnswer } from './cached-answer.ts';

it('reads once in a while, for all who ask, and again after a failure', async () => {
  const clock = settableClock(0);
  let readings = 0;
  let away = false;
  const answer = cachedAnswer(clock, 1_000, async () => {
    readings += 1;
    if (away) throw new Error('away');
    return readings;
  });
  expect(await Promise.all([answer(), answer()])).toEqual([1, 1]);
  clock.advance(999);
  expect(await answer()).toBe(1);
  clock.advance(1);
  away = true;
  await expect(answer()).rejects.toThrow('away');
  away = false;
  expect(await answer()).toBe(3);
});
