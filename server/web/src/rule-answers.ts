import type { AlertRule } from '../../client/api-client.ts';

/** What a column must be, as the API tells it. */
type Comparison = AlertRule['when'][string];

/** A comparison in words: `severity at least warning`, `score above 4`. */
export function comparisonText(field: string, comparison: Comparison): string {
  const { above, below, at_least } = comparison;
  const parts = [
    ...(comparison.in === undefined ? [] : [`is ${comparison.in.join(' or ')}`]),
    ...(comparison.not === undefined ? [] : [`is not ${comparison.not.join(' or ')}`]),
    ...(at_least === undefined ? [] : [`at least ${at_least}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  return `${field} ${parts.join(' and ')}`;
}

/** A rule as it is typed: durations, severity, whether it is on, and every threshold under `field above` or `field below`. */
export type RuleDraft = Readonly<Record<string, string>>;

/** The comparisons of a rule that are numbers or severities: what a threshold is. */
export const thresholdsOf = ({ when }: AlertRule): (readonly [field: string, part: 'above' | 'below' | 'at_least'])[] =>
  Object.entries(when).flatMap(([field, comparison]) =>
    (['at_least', 'above', 'below'] as const)
      .filter((part) => comparison[part] !== undefined)
      .map((part) => [field, part] as const),
  );

export const draftOfRule = (rule: AlertRule): RuleDraft => ({
  for: rule.for,
  keep: rule.keep,
  severity: rule.severity,
  enabled: String(rule.enabled),
  ...Object.fromEntries(
    thresholdsOf(rule).map(([field, part]) => [`${field} ${part}`, String(rule.when[field]?.[part] ?? '')]),
  ),
});

/** What the draft changes of the rule, as a configuration would say it. */
export function overridesOf(rule: AlertRule, draft: RuleDraft): Record<string, unknown> {
  const before = draftOfRule(rule);
  const differs = (name: string): boolean => (draft[name] ?? '').trim() !== before[name];
  const overrides: Record<string, unknown> = {};
  for (const name of ['for', 'keep', 'severity'] as const) if (differs(name)) overrides[name] = draft[name]?.trim();
  if (differs('enabled')) overrides.enabled = draft.enabled === 'true';
  const when: Record<string, Record<string, unknown>> = {};
  for (const [field, part] of thresholdsOf(rule)) {
    const name = `${field} ${part}`;
    if (!differs(name)) continue;
    const typed = (draft[name] ?? '').trim();
    const value = part === 'at_least' || typed === '' || Number.isNaN(Number(typed)) ? typed : Number(typed);
    when[field] = { ...rule.when[field], ...when[field], [part]: value };
  }
  return Object.keys(when).length === 0 ? overrides : { ...overrides, when };
}
