import { expect, it } from 'vitest';
import { differences } from './read-results.ts';

it.each([
  ['nothing', { a: ['1', '2', '2'] }, { a: ['1', '2', '2'] }, []],
  [
    'a row that is missing',
    { a: ['1', '2'] },
    { a: ['1'] },
    ['a: 1 rows instead of 2, 1 missing, 0 that should not be', '    - 2'],
  ],
  [
    'a row that is there twice',
    { a: ['1'] },
    { a: ['1', '1'] },
    ['a: 2 rows instead of 1, 0 missing, 1 that should not be', '    + 1'],
  ],
  [
    'another row',
    { a: ['1'], b: [] },
    { a: ['2'], b: [] },
    ['a: 1 rows instead of 1, 1 missing, 1 that should not be', '    - 1', '    + 2'],
  ],
  ['a table that is missing', { a: ['1'] }, {}, ['a: 0 rows instead of 1, 1 missing, 0 that should not be', '    - 1']],
])('tells of %s', (_, wanted, found, told) => {
  expect(differences(wanted, found)).toEqual(told);
});
