import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { alertRuleChanges, alertRules } from '../operators/alerts/alert-rules.ts';
import { alertRulesPage } from './alert-rules-page.ts';

it('shows rules as a configuration may write them', () => {
  const page = alertRulesPage();
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const rules = alertRules(alertRuleChanges.parse((parse(example) as { 'alert-rules': unknown })['alert-rules']));
  expect(rules[0]).toMatchObject({ name: 'hot_board', on: 'anomalies', when: { type: { in: ['thermal_margin'] } } });
  expect(rules.find(({ name }) => name === 'held_idle')?.enabled).toBe(false);
  expect(rules.find(({ name }) => name === 'straggler')?.when.severity).toEqual({ at_least: 'critical' });
  expect(page).toContain(
    '| `health_poor` | gpu_health_scores | overall_score below 60; confidence above 0.5 | 2h | 6h | warning | 7d | as found |',
  );
});
