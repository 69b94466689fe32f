import type { AlertRule, Comparison } from '../operators/alerts/alert-rule.ts';
import { DEFAULT_RULES } from '../operators/alerts/default-rules.ts';
import { RULE_FIELDS } from '../operators/alerts/rule-fields.ts';
import { type DurationMs, formatDuration } from './contract/time.ts';

/** What is told by default, and what a rule of one's own can look at. */
export function alertRulesPage(): string {
  return [
    '# Alert rules',
    '',
    'Generated from `operators/alerts/default-rules.ts` and `rule-fields.ts` by `npm run generate`. Of the rules for one table the first',
    'that an item fits is its rule; new ones stand before these. An alert opens when its rule has held for *after* and closes when it',
    'has been gone for *until*, both in event time. *found*: severity and category are those of the item, and rise with it. *Alone*: only',
    'of whom no other alert is open, and for so long none was.',
    '',
    'A rule is changed, switched off or added in `gpu-vitals.yaml`; the console shows what a change would have told last week.',
    '',
    '```yaml',
    'alert-rules:',
    '  straggler:',
    '    for: 20m',
    '    when: { severity: { at_least: critical } }',
    '  held_idle:',
    '    enabled: false',
    '  hot_board:',
    '    on: anomalies',
    '    when: { type: thermal_margin, node: [gpu-node-01, gpu-node-02] }',
    "    summary: '{where}: {text}'",
    '```',
    '',
    '| rule | looks at | when | after | until | severity | alone | what to do |',
    '|---|---|---|---|---|---|---|---|',
    ...DEFAULT_RULES.map(ruleLine),
    '',
    '## Fields',
    '',
    '`in` and `not` take texts, `at_least` severities, `above` and `below` numbers. Of a list one text must fit.',
    '',
    '| table | fields |',
    '|---|---|',
    ...Object.entries(RULE_FIELDS).map(
      ([table, fields]) =>
        `| \`${table}\` | ${Object.entries(fields)
          .map(([field, kind]) => (kind === 'text' ? `\`${field}\`` : `\`${field}\` (${kind})`))
          .join(', ')} |`,
    ),
    '',
  ].join('\n');
}

function ruleLine({ name, on, when, for: after, keep, severity, alone, action_text, enabled }: AlertRule): string {
  const wanted = Object.entries(when).map(([field, comparison]) => `${field} ${comparisonText(comparison)}`);
  return `| \`${name}\`${enabled ? '' : ' (off)'} | ${on} | ${wanted.join('; ') || 'any'} | ${spanText(after)} | ${spanText(keep)} | ${severity} | ${alone === null ? '' : alone === 0 ? 'yes' : formatDuration(alone)} | ${action_text || 'as found'} |`;
}

const spanText = (span: DurationMs): string => (span === 0 ? 'at once' : formatDuration(span));

function comparisonText({ in: one_of, not, at_least, above, below }: Comparison): string {
  return [
    ...(one_of === undefined ? [] : [`is ${one_of.join(' or ')}`]),
    ...(not === undefined ? [] : [`is not ${not.join(' or ')}`]),
    ...(at_least === undefined ? [] : [`at least ${at_least}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ].join(' and ');
}
