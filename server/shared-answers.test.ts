import { expect, it } from 'vitest';
import { settableClock } from '../pipeline/clock.ts';
import { sharedAnswers } from './shared-answers.ts';

it('reads once for all who ask the same in a moment, and anew after it, after a failure and after many others', async () => {
  const clock = settableClock(0);
  const shared = sharedAnswers<number>(clock, { age_ms: 100, kept_max: 2 });
  let readings = 0;
  const ask = (question: string): Promise<number> => shared(question, async () => ++readings);
  expect(await Promise.all([ask('a'), ask('a'), ask('b')])).toEqual([1, 1, 2]);
  clock.set(99);
  expect(await ask('a')).toBe(1);
  clock.set(100);
  expect(await ask('a')).toBe(3);
  await ask('c');
  expect(await ask('b')).toBe(5);
  await expect(shared('d', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await ask('d')).toBe(6);
});
