import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../pipeline/config.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { hours, minutes } from '../../pipeline/contract/time.ts';
import { alertRuleChanges, alertRules } from './alert-rules.ts';
import { DEFAULT_RULES } from './default-rules.ts';

const rulesOf = (changes: unknown) => alertRules(alertRuleChanges.parse(changes));
const problems = (changes: unknown): string[] =>
  (alertRuleChanges.safeParse(changes).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('alertRules', () => {
  it('are the defaults where nothing is said, and these pass their own checks', () => {
    expect(rulesOf({})).toEqual(DEFAULT_RULES);
    const names = DEFAULT_RULES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { on, when, summary, category, name } of DEFAULT_RULES) {
      expect(problems({ [`copy_of_${name}`.slice(0, 60)]: { on, when, summary, category } })).toEqual([]);
    }
  });

  it('changes what is given of a default, field by field, and keeps its place', () => {
    const rules = rulesOf({
      thermal: { for: '2h', severity: 'warning' },
      health_poor: { when: { overall_score: { below: 50 }, confidence: null } },
      held_idle: { enabled: false },
    });
    expect(rules.map(({ name }) => name)).toEqual(DEFAULT_RULES.map(({ name }) => name));
    const one = (name: string) => rules.find((rule) => rule.name === name);
    expect(one('thermal')).toMatchObject({ for: hours(2), severity: 'warning', keep: hours(1) });
    expect(one('health_poor')?.when).toEqual({ overall_score: { below: 50 } });
    expect(one('held_idle')?.enabled).toBe(false);
  });

  it('puts new rules first, with a duration by their severity', () => {
    const [first, second] = rulesOf({
      hot: { on: 'anomalies', when: { metric: 'memory_temp_celsius', severity: { at_least: 'warning' } } },
      xid_79: { on: 'xid_episodes', when: { xids: 79 }, severity: 'critical', alone: '1h' },
    });
    expect(first).toMatchObject({
      name: 'hot',
      for: minutes(5),
      severity: 'found',
      when: { metric: { in: ['memory_temp_celsius'] }, severity: { at_least: 'warning' } },
    });
    expect(second).toMatchObject({ name: 'xid_79', for: 0, when: { xids: { in: ['79'] } }, alone: hours(1) });
  });

  it.each<[string, unknown, RegExp[]]>([
    ['a rule of no table', { mine: { when: {} } }, [/^mine\.on: is missing: there is no default rule mine/]],
    ['a table that is none', { mine: { on: 'gpu_metrics' } }, [/^mine\.on: /]],
    ['another table for a default', { thermal: { on: 'incidents' } }, [/^thermal\.on: is anomalies for this rule/]],
    [
      'a field that is none',
      { thermal: { when: { colour: 'red' } } },
      [/^thermal\.when\.colour: anomalies has no such field; it has /],
    ],
    [
      'comparisons that do not fit',
      { thermal: { when: { type: { above: 3 }, score: 'high', metric: { at_least: 'warning' } } } },
      [/type: is no number/, /score: is a number/, /metric: is no severity/],
    ],
    ['a comparison of nothing', { thermal: { when: { type: {} } } }, [/compares nothing/]],
    ['a duration that is none', { thermal: { for: 'long' } }, [/^thermal\.for: must be a duration/]],
    ['a severity that is none', { thermal: { severity: 'bad' } }, [/^thermal\.severity: /]],
    ['a word that is none', { thermal: { summary: '{where} {wehre}' } }, [/nothing called \{wehre\}/]],
    ['a name that no subject carries', { 'a.b': { on: 'anomalies' } }, [/lower-case letters/]],
    ['an option that is none', { thermal: { treshold: 3 } }, [/treshold/]],
    [
      'several at once',
      { thermal: { for: 'x', keep: 'y' }, nvlink: { severity: 'z' } },
      [/thermal\.for/, /thermal\.keep/, /nvlink\.severity/],
    ],
  ])('refuses %s', (_, changes, expected) => {
    const told = problems(changes);
    expect(told.length).toBe(expected.length);
    expected.forEach((pattern, i) => {
      expect(told[i]).toMatch(pattern);
    });
  });

  it('come from the configuration, which tells all that is wrong with them', () => {
    const load = (text: string) =>
      loadConfig({
        file: '/nonexistent.yaml',
        file_required: false,
        environment: { GPU_VITALS_ALERT_RULES: text },
        flags: {},
      }).values['alert-rules'];
    expect(load('{"thermal": {"for": "2h"}}')).toEqual({ thermal: { for: '2h' } });
    expect(() => load('{"thermal": {"for": "x"}, "mine": {}}')).toThrow(VitalsError);
    expect(() => load('{"thermal": {"for": "x"}, "mine": {}}')).toThrow(
      /alert-rules \(GPU_VITALS_ALERT_RULES\): .* at thermal\.for; alert-rules .* at mine\.on/,
    );
    expect(() => load('[')).toThrow(/is not JSON/);
  });
});
