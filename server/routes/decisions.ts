import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { fleetMoney } from '../../operators/decisions/fleet-money.ts';
import { evaluateWhatIf, whatIfSchema } from '../../operators/decisions/what-if.ts';
import { GPU_ECONOMIC_DECISIONS } from '../../pipeline/contract/prediction-tables.ts';
import { DECISIONS } from '../../pipeline/contract/predictions.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet } from '../define-get.ts';
import { definePost } from '../define-post.ts';
import type { FleetNow } from '../fleet-now.ts';
import { tableRowSchema } from '../table-schema.ts';

const TOP_DEFAULT = 20;
const TOP_MAX = 1_000;

const {
  ts: _ts,
  gpu_uuid: _uuid,
  node: _node,
  instance: _instance,
  ...decided
} = tableRowSchema(GPU_ECONOMIC_DECISIONS).shape;
const whatIfAnswer = z
  .object({
    ...decided,
    failure_cost_usd: z.number().openapi({ description: 'What one failure is expected to cost.' }),
    assumptions: z.array(z.string()).openapi({ description: 'What was taken for what is not known.' }),
  })
  .openapi('WhatIf');

const total = z.object({
  boards: z.int(),
  expected_value_usd: z.number(),
  gain_over_keep_usd: z.number().openapi({ description: 'How much more than keeping all of them.' }),
  value_at_risk_usd_per_hour: z.number(),
});
const moneySchema = z
  .object({
    total,
    by_decision: z.object(Object.fromEntries(DECISIONS.map((name) => [name, total]))),
    by_advice: z.record(z.string(), total),
    most_at_risk: z.array(
      z.object({
        gpu_uuid: z.string(),
        node: z.string(),
        decision: z.enum(DECISIONS),
        advice: z.string(),
        npv_keep: z.number(),
        expected_value: z.number(),
        value_at_risk_usd_per_hour: z.number(),
        rationale: z.string(),
      }),
    ),
  })
  .openapi('FleetMoney');

/** `POST /decisions/evaluate` and `GET /fleet/money`. */
export function decisionRoutes(app: OpenAPIHono, { prices, profile }: ApiParts, now: FleetNow): void {
  definePost(
    app,
    {
      path: '/api/v1/decisions/evaluate',
      computes: true,
      tag: 'decisions',
      summary: 'What would be decided with other prices, risk or use; nothing is stored.',
      body: whatIfSchema,
      answer: whatIfAnswer,
    },
    (c, asked) => c.json(evaluateWhatIf(asked, prices, profile), 200),
  );

  defineGet(
    app,
    {
      path: '/api/v1/fleet/money',
      tag: 'fleet',
      summary:
        'What the fleet is worth by decision and advice, and where the most is at risk; at most ten seconds old.',
      params: z.strictObject({}),
      query: z.strictObject({
        top: z
          .string()
          .regex(/^\d{1,4}$/, 'Must be a whole number')
          .transform(Number)
          .pipe(z.number().min(1, 'Must be at least 1').max(TOP_MAX, `Must be at most ${TOP_MAX}`))
          .optional()
          .openapi({ type: 'integer', minimum: 1, maximum: TOP_MAX, default: TOP_DEFAULT }),
      }),
      answer: moneySchema,
    },
    (c, { query }) => {
      const { total, by_decision, by_advice, most_at_risk } = fleetMoney(now.decisions(), {
        top: query.top ?? TOP_DEFAULT,
      });
      const most = most_at_risk.map(
        ({ gpu_uuid, node, decision, advice, npv_keep, expected_value, value_at_risk_usd_per_hour, rationale }) => ({
          gpu_uuid,
          node,
          decision,
          advice,
          npv_keep,
          expected_value,
          value_at_risk_usd_per_hour,
          rationale,
        }),
      );
      return c.json({ total, by_decision, by_advice, most_at_risk: most }, 200);
    },
  );
}
