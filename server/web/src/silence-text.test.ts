import { expect, it } from 'vitest';
import { matcherText, typedMatchers } from './silence-text.ts';

it('matchers are read as they are typed, and told in words', () => {
  const typed = typedMatchers([
    { field: 'node', not: false, text: ' n1, n2 ,' },
    { field: 'rule', not: true, text: 'thermal' },
    { field: 'rack', not: false, text: ' , ' },
  ]);
  expect(typed).toEqual([
    { field: 'node', values: ['n1', 'n2'] },
    { field: 'rule', values: ['thermal'], not: true },
  ]);
  expect(typed.map(matcherText)).toEqual(['node is n1 or n2', 'rule is not thermal']);
});
