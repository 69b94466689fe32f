import { expect, it } from 'vitest';
import { atLeast } from './server-version.ts';
import { subjectMatch } from './subject-match.ts';

it.each([
  ['a.b', 'a.b', true],
  ['a.b', 'a.bc', false],
  ['a.b', 'a.b.c', false],
  ['a.b.c', 'a.b', false],
  ['a.*', 'a.b', true],
  ['a.*', 'a.b.c', false],
  ['*.b', 'a.b', true],
  ['a.>', 'a.b.c', true],
  ['a.>', 'a', false],
  ['>', 'a', true],
])('%s and %s: %s', (pattern, subject, expected) => {
  expect(subjectMatch(pattern, subject)).toBe(expected);
});

it.each([
  ['2.15.1', '2.10.0', true],
  ['2.9.10', '2.10.0', false],
  ['2.10.0-RC.1', '2.10.0', true],
  ['3.0', '2.10.0', true],
  ['', '2.10.0', false],
])('server %s is at least %s: %s', (version, wanted, expected) => {
  expect(atLeast(version, wanted)).toBe(expected);
});
