import { z } from 'zod';
import type { Severity } from '../../pipeline/contract/events.ts';
import { ownEntry } from '../../pipeline/contract/own-entry.ts';
import { type DurationMs, minutes, parseDuration, seconds } from '../../pipeline/contract/time.ts';
import type { AlertRule, AlertSource, Comparison } from './alert-rule.ts';
import { DEFAULT_RULES } from './default-rules.ts';
import { RULE_FIELDS } from './rule-fields.ts';
import { unknownHoles } from './summary-text.ts';

const SEVERITIES = ['info', 'warning', 'critical'] as const satisfies readonly Severity[];
const SOURCES = Object.keys(RULE_FIELDS) as [AlertSource, ...AlertSource[]];
const CATEGORIES = [
  ...['memory', 'thermal', 'power', 'bus', 'fabric', 'driver', 'application', 'sensor'],
  ...['prediction', 'money', 'unknown'],
];

const duration = z.string({ error: 'must be a duration such as 500ms 10s 5m 2h 7d' }).transform((text, context) => {
  const value = parseDuration(text);
  if (value !== null) return value;
  context.issues.push({ code: 'custom', message: 'must be a duration such as 500ms 10s 5m 2h 7d', input: text });
  return z.NEVER;
});

const texts = z
  .union([z.string(), z.number(), z.array(z.union([z.string(), z.number()])).min(1)], {
    error: 'must be a text or a list of texts',
  })
  .transform((given) => [given].flat().map(String));
const comparison = z.union(
  [
    texts.transform((values): Comparison => ({ in: values })),
    z.strictObject({
      in: texts.optional(),
      not: texts.optional(),
      at_least: z.enum(SEVERITIES).optional(),
      above: z.number().optional(),
      below: z.number().optional(),
    }),
  ],
  { error: 'must be a text, a list of texts, or an object of in, not, at_least, above, below' },
);

/** What a configuration says of a rule: whatever differs from the default of that name, or a whole new rule. */
const alertRuleChange = z.strictObject({
  on: z.enum(SOURCES).optional(),
  /** By field; null takes a comparison away. */
  when: z.record(z.string(), comparison.nullable()).optional(),
  for: duration.optional(),
  keep: duration.optional(),
  severity: z.enum([...SEVERITIES, 'found']).optional(),
  category: z.enum(['', ...CATEGORIES]).optional(),
  summary: z.string().min(1).max(500).optional(),
  action_text: z.string().max(500).optional(),
  alone: duration.nullable().optional(),
  enabled: z.boolean().optional(),
});
type AlertRuleChange = z.output<typeof alertRuleChange>;

/** Part of a subject on NATS. */
const NAME = /^[a-z][a-z0-9_]{0,63}$/;

/** Changes by the name of the rule, checked against the defaults: every problem of every rule is told at once. */
export const alertRuleChanges = z.record(z.string(), z.unknown()).transform((given, context) => {
  const changes: Record<string, AlertRuleChange> = {};
  for (const [name, one] of Object.entries(given)) {
    const parsed = alertRuleChange.safeParse(one);
    if (parsed.success) changes[name] = parsed.data;
    const unread = parsed.error?.issues ?? [];
    const said = new Set(unread.map(({ path }) => path.join('.')));
    const unfit = problemsOf(name, parsed.data ?? readable(one)).filter(({ path }) => !said.has(path.join('.')));
    for (const { path, message } of [...unread, ...unfit]) {
      context.issues.push({ code: 'custom', path: [name, ...path], message, input: one });
    }
  }
  return changes;
});

/** The options of a rule that can be read by themselves. */
function readable(one: unknown): AlertRuleChange {
  const given = one !== null && typeof one === 'object' ? Object.entries(one) : [];
  const fields: Readonly<Record<string, z.ZodType>> = alertRuleChange.shape;
  return Object.fromEntries(
    given.flatMap(([key, value]) => {
      const parsed = ownEntry(fields, key)?.safeParse(value);
      return parsed?.success ? [[key, parsed.data]] : [];
    }),
  );
}
type AlertRuleChanges = z.output<typeof alertRuleChanges>;

interface Problem {
  readonly path: readonly string[];
  readonly message: string;
}

function problemsOf(name: string, change: AlertRuleChange): Problem[] {
  const known = DEFAULT_RULES.find((rule) => rule.name === name);
  const problems: Problem[] = [];
  const say = (path: readonly string[], message: string): void => {
    problems.push({ path, message });
  };
  if (!NAME.test(name)) say([], 'a name has lower-case letters, digits and _, and begins with a letter');
  if (known !== undefined && change.on !== undefined && change.on !== known.on)
    say(['on'], `is ${known.on} for this rule`);
  const on = known?.on ?? change.on;
  if (on === undefined) {
    say(['on'], `is missing: there is no default rule ${name}, and a new one says which table it looks at`);
    return problems;
  }
  const fields = RULE_FIELDS[on];
  for (const [field, wanted] of Object.entries(change.when ?? {})) {
    const kind = ownEntry(fields, field);
    const path = ['when', field];
    if (kind === undefined) say(path, `${on} has no such field; it has ${Object.keys(fields).join(', ')}`);
    else if (wanted !== null) {
      const numeric = wanted.above !== undefined || wanted.below !== undefined;
      const isNumber = kind === 'number' || kind === 'ratio';
      if (numeric && !isNumber) say(path, 'is no number: above and below do not fit');
      if (isNumber && (wanted.in ?? wanted.not) !== undefined) say(path, 'is a number: use above and below');
      if (wanted.at_least !== undefined && kind !== 'severity') say(path, 'is no severity: at_least does not fit');
      if (Object.values(wanted).every((part) => part === undefined)) say(path, 'compares nothing');
    }
  }
  for (const hole of unknownHoles(change.summary ?? '', on)) say(['summary'], `${on} has nothing called {${hole}}`);
  return problems;
}

/**
 * The rules in the order in which they count: new ones first, so that they can tell what a default would have told, then
 * the defaults with what was changed of them.
 */
export function alertRules(changes: AlertRuleChanges): AlertRule[] {
  const isDefault = (name: string): boolean => DEFAULT_RULES.some((rule) => rule.name === name);
  const own = Object.entries(changes).filter(([name]) => !isDefault(name));
  return [
    ...own.map(([name, change]) => changed(newRule(name, change), change)),
    ...DEFAULT_RULES.map((rule) => changed(rule, changes[rule.name] ?? {})),
  ];
}

const newRule = (name: string, { on = 'anomalies', severity }: AlertRuleChange): AlertRule => ({
  name,
  on,
  when: {},
  for: (severity === 'critical' ? seconds(0) : minutes(5)) as DurationMs,
  keep: minutes(15),
  severity: 'found',
  category: '',
  summary: '{where}: {text}',
  action_text: '',
  alone: null,
  enabled: true,
});

function changed(rule: AlertRule, { when = {}, on: _, ...change }: AlertRuleChange): AlertRule {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const merged = Object.entries({ ...rule.when, ...when }).filter(
    (pair): pair is [string, Comparison] => pair[1] !== null,
  );
  return { ...rule, ...given, when: Object.fromEntries(merged) };
}
