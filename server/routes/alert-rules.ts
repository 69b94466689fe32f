import { setImmediate as nextTurn } from 'node:timers/promises';
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { ALERTS } from '../../pipeline/contract/alert-tables.ts';
import type { Alert } from '../../pipeline/contract/alerts.ts';
import { days, formatDuration, parseDuration } from '../../pipeline/contract/time.ts';
import { findingsWithin } from '../../sinks/questdb/read-findings.ts';
import { alertsOf, changedRules, countsOf, findingsNeeded, isDefaultRule, rulesNow } from '../alert-rule-answers.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { definePost } from '../define-post.ts';
import { eventNow } from '../event-now.ts';
import { instantText } from '../instant.ts';
import { instantSchema } from '../instant-schema.ts';
import { listAnswer } from '../list-answer.ts';
import { LIST_PARAMETERS, sortParameter, textParameter } from '../list-query.ts';
import { oneByOne } from '../one-by-one.ts';
import { pageOf } from '../page-of.ts';
import { BadRequest } from '../problem.ts';
import { listSchema, severitySchema } from '../schemas.ts';
import { tableRowAnswer, tableRowSchema } from '../table-schema.ts';

const SPAN_DEFAULT = '7d';
const SPAN_MAX = days(7);
/** Rows of one table that are looked at. */
const ROWS_MAX = 50_000;
const EXAMPLES_MAX = 20;

const comparison = z.object({
  in: z.array(z.string()).optional(),
  not: z.array(z.string()).optional(),
  at_least: severitySchema.optional(),
  above: z.number().optional(),
  below: z.number().optional(),
});
const ruleSchema = z
  .object({
    name: z.string(),
    on: z.string().openapi({ description: 'Table whose rows it looks at.' }),
    when: z.record(z.string(), comparison).openapi({ description: 'By column: all must fit.' }),
    for: z.string().openapi({ description: 'How long it must hold before the alert opens.' }),
    keep: z.string().openapi({ description: 'How long it must be gone before the alert closes.' }),
    severity: z.string().openapi({ description: 'info, warning, critical, or found: that of the row.' }),
    category: z.string().openapi({ description: 'Empty: that of the row.' }),
    summary: z.string(),
    action_text: z.string().openapi({ description: 'Empty: what the row itself says.' }),
    alone: z.string().nullable().openapi({
      description: 'Tells only where no other alert is open and for so long none was; null: whatever else is told.',
    }),
    enabled: z.boolean(),
    origin: z.enum(['default', 'changed', 'own']).openapi({ description: 'Whether the configuration says something.' }),
  })
  .openapi('AlertRule');
const COLUMNS = Object.keys(ruleSchema.shape);

const counts = z.object({
  total: z.int(),
  by_severity: z.object({ info: z.int(), warning: z.int(), critical: z.int() }),
  per_day: z.array(
    z.object({ day: z.string().openapi({ description: 'UTC.' }), info: z.int(), warning: z.int(), critical: z.int() }),
  ),
});
const side = z.object({
  rule: counts.openapi({ description: 'Alerts of the rule.' }),
  all: counts.openapi({ description: 'Alerts of all rules: one rule may tell what another told before.' }),
});
const exampleSchema = tableRowSchema(ALERTS).pick({
  ts: true,
  gpu_uuid: true,
  node: true,
  id: true,
  rule: true,
  severity: true,
  state: true,
  summary: true,
  opened_at: true,
  closed_at: true,
});
const previewBody = z
  .strictObject({
    rule: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,63}$/, 'Must be the name of a rule')
      .openapi({ description: 'Of a rule in effect, or of a new one; then `overrides` says on which table.' }),
    overrides: z.record(z.string(), z.unknown()).default({}).openapi({
      description: 'What to change of it, as in the option alert-rules, on top of what is configured.',
    }),
    span: z
      .string()
      .default(SPAN_DEFAULT)
      .transform(parseDuration)
      .refine((span) => span !== null && span >= 60_000 && span <= SPAN_MAX, 'Must be a duration from 1m to 7d')
      .transform((span) => span ?? SPAN_MAX)
      .openapi({ type: 'string', default: SPAN_DEFAULT, description: 'How far back, 7d at most.' }),
  })
  .openapi('AlertRulePreviewRequest');
const previewSchema = z
  .object({
    rule: z.string(),
    from: instantSchema,
    to: instantSchema,
    now: side.openapi({ description: 'With the rules as they are in effect.' }),
    changed: side.openapi({ description: 'With the change.' }),
    only_now: z.array(exampleSchema).openapi({ description: 'Newest alerts of all rules that the change would drop.' }),
    only_changed: z.array(exampleSchema).openapi({ description: 'Newest ones that it would add.' }),
    rows: z.int().openapi({ description: 'Stored rows that were looked at.' }),
    cut: z.array(z.string()).openapi({ description: 'Tables of which only the newest rows were looked at.' }),
    yaml: z.string().openapi({ description: 'What to write into gpu-vitals.yaml; empty without a change.' }),
  })
  .openapi('AlertRulePreview');

const rowAnswer = tableRowAnswer(ALERTS);
const exampleOf = ({ ts, gpu_uuid, node, id, rule, severity, state, summary, opened_at, closed_at }: Alert) => {
  const row = { ts, gpu_uuid, node, id, rule, severity, state, summary, opened_at, closed_at };
  const answer = rowAnswer(row);
  return Object.fromEntries(Object.keys(row).map((name) => [name, answer[name]]));
};

/** `GET /alert-rules`, and what a change of one would have told of the last days. Nothing is configured here. */
export function alertRuleRoutes(app: OpenAPIHono, parts: ApiParts): void {
  const { config, database } = parts;

  defineGet(
    app,
    {
      path: '/api/v1/alert-rules',
      tag: 'alerts',
      summary: 'The alert rules in effect, in the order in which they count.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        sort: sortParameter(['name', 'on'], 'the order in which they count'),
        name: textParameter('One rule.'),
        on: textParameter('Table.'),
      }),
      answer: listSchema(ruleSchema),
      csv: true,
    },
    (c, { query }) => {
      const { rules, said } = rulesNow(config);
      const place = new Map(rules.map(({ name }, i) => [name, String(i).padStart(4, '0')]));
      const sort = query.sort?.replace('-', '') as 'name' | 'on' | undefined;
      const page = pageOf({
        items: rules.filter(
          ({ name, on }) =>
            (query.name === undefined || name === query.name) && (query.on === undefined || on === query.on),
        ),
        sort:
          sort === undefined
            ? { name: 'place', descending: false, key: ({ name }) => place.get(name) ?? null }
            : { name: sort, descending: query.sort?.startsWith('-') ?? false, key: (rule) => rule[sort] },
        identity: ({ name }) => name,
        limit: query.limit,
        cursor: query.cursor,
      });
      const texts = page.items.map((rule) =>
        JSON.stringify({
          ...rule,
          for: formatDuration(rule.for),
          keep: formatDuration(rule.keep),
          alone: rule.alone === null ? null : formatDuration(rule.alone),
          origin: !isDefaultRule(rule.name) ? 'own' : rule.name in said ? 'changed' : 'default',
        }),
      );
      return listAnswer(c, { columns: COLUMNS, next: page.next, total: page.total, texts });
    },
  );

  // Each reads a week; several at once would take every connection.
  const alone = oneByOne();
  definePost(
    app,
    {
      path: '/api/v1/alert-rules/preview',
      computes: true,
      tag: 'alerts',
      summary:
        'What a change of a rule would have told of the last days, beside what the rules in effect tell, by the same operators over stored rows. Severities are those that conditions had last.',
      body: previewBody,
      answer: previewSchema,
      failures: [503],
    },
    async (c, { rule, overrides, span }) => {
      const before = rulesNow(config);
      if (!before.rules.some(({ name }) => name === rule) && Object.keys(overrides).length === 0) {
        throw new BadRequest([{ field: 'rule', detail: `There is no rule ${rule}` }]);
      }
      const after = changedRules(before, rule, overrides);
      return alone(async () => {
        const to = eventNow(parts) + 1;
        const from = to - span;
        const found = await findingsWithin(database, {
          from,
          to,
          rows_max: ROWS_MAX,
          ...findingsNeeded([...before.rules, ...after.rules]),
        });
        const assets = await parts.assets.all();
        const profile = config?.find(({ option }) => option === 'profile')?.value;
        const options = {
          assets,
          profile: typeof profile === 'string' ? profile : 'default',
          from,
          to,
          turn: async () => void (await nextTurn()),
        };
        const now = await alertsOf(before.rules, found, options);
        const changed = await alertsOf(after.rules, found, options);
        const sideOf = (alerts: readonly Alert[]) => ({
          rule: countsOf(
            alerts.filter((alert) => alert.rule === rule),
            from,
            to,
          ),
          all: countsOf(alerts, from, to),
        });
        const missing = (those: readonly Alert[], others: readonly Alert[]) => {
          const known = new Set(others.map(keyOf));
          return those
            .filter((alert) => !known.has(keyOf(alert)))
            .sort((a, b) => b.opened_at - a.opened_at)
            .slice(0, EXAMPLES_MAX)
            .map(exampleOf);
        };
        const { anomalies, episodes, incidents, scores, predictions, cut } = found;
        return c.json({
          rule,
          from: instantText(from),
          to: instantText(to),
          now: sideOf(now),
          changed: sideOf(changed),
          only_now: missing(now, changed),
          only_changed: missing(changed, now),
          rows: anomalies.length + episodes.length + incidents.length + scores.length + predictions.length,
          cut: [...cut],
          yaml: after.yaml,
        });
      });
    },
  );
}

/** The same condition told with another severity is news. */
const keyOf = ({ id, severity }: Alert): string => `${id} ${severity}`;
