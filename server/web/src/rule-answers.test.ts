import { describe, expect, it } from 'vitest';
import type { AlertRule } from '../../client/api-client.ts';
import { comparisonText, draftOfRule, overridesOf } from './rule-answers.ts';

const rule: AlertRule = {
  name: 'health_poor',
  on: 'gpu_health_scores',
  when: { overall_score: { below: 60 }, action: { in: ['none'] }, severity: { at_least: 'warning' } },
  for: '2h',
  keep: '6h',
  severity: 'warning',
  category: '',
  summary: '{where}: {text}',
  action_text: '',
  alone: null,
  enabled: true,
  origin: 'default',
};

describe('what is typed over a rule', () => {
  it.each<[Record<string, string>, object]>([
    [{}, {}],
    [{ for: ' 2h ' }, {}],
    [
      { for: '30m', severity: 'critical' },
      { for: '30m', severity: 'critical' },
    ],
    [{ enabled: 'false' }, { enabled: false }],
    [{ 'overall_score below': '70' }, { when: { overall_score: { below: 70 } } }],
    [{ 'overall_score below': 'low' }, { when: { overall_score: { below: 'low' } } }],
    [{ 'severity at_least': 'critical' }, { when: { severity: { at_least: 'critical' } } }],
  ])('%j says %j', (typed, expected) => {
    expect(overridesOf(rule, { ...draftOfRule(rule), ...typed })).toEqual(expected);
  });
});

it('comparisons are told in words', () => {
  expect(comparisonText('score', { above: 3, below: 9 })).toBe('score above 3 and below 9');
  expect(comparisonText('type', { in: ['a', 'b'] })).toBe('type is a or b');
  expect(comparisonText('category', { not: ['bus'] })).toBe('category is not bus');
  expect(comparisonText('severity', { at_least: 'warning' })).toBe('severity at least warning');
});
