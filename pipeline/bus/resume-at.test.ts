import { expect, it } from 'vitest';
import { resumeAt } from './resume-at.ts';

const stream = (first_seq: number, last_seq: number, created = 'a') => ({ created, state: { first_seq, last_seq } });
const reader = (wanted: number, created_before = '', fresh = false) => ({ wanted, created_before, fresh });

it.each([
  ['an empty new stream', reader(1), stream(0, 0), 1, null],
  ['in the middle', reader(50), stream(1, 100), 50, null],
  ['right behind the end', reader(101), stream(1, 100), 101, null],
  ['behind the end of a purged stream', reader(101), stream(101, 100), 101, null],
  ['eaten by retention', reader(50), stream(80, 100), 80, 'retention'],
  ['from the beginning of whatever is left', reader(1, '', true), stream(80, 100), 80, null],
  ['purged from under the reader', reader(50), stream(101, 100), 101, 'retention'],
  ['made anew while connected', reader(5_000, 'b'), stream(1, 10), 1, 'reset'],
  ['made anew and already trimmed', reader(5_000, 'b'), stream(5, 10), 5, 'reset'],
  ['made anew and grown beyond', reader(50, 'b'), stream(1, 100), 1, 'reset'],
  ['made anew and as long', reader(101, 'b'), stream(1, 100), 1, 'reset'],
  ['end lost with the power', reader(5_000, 'a'), stream(1, 4_990), 4_991, 'reset'],
  ['young stream, nothing known', reader(5_000), stream(1, 10), 1, 'reset'],
  ['old stream, nothing known', reader(5_000), stream(900, 4_990), 4_991, 'reset'],
] as const)('%s', (_, wanted, extent, position, gap) => {
  expect(resumeAt(wanted, extent)).toEqual({ position, gap });
});
