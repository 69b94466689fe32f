import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { FAILURE_TYPES } from '../../pipeline/contract/predictions.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import type { BoardRisk, FleetNow } from '../fleet-now.ts';
import { instantText } from '../instant.ts';
import { type ListAnswer, listAnswer } from '../list-answer.ts';
import { LIST_PARAMETERS, sortParameter, textParameter } from '../list-query.ts';
import { pageOf } from '../page-of.ts';
import { listSchema } from '../schemas.ts';
import { type FleetRisk, riskSchema } from '../schemas-models.ts';
import { serialiser } from '../serialiser.ts';

const COLUMNS = Object.keys(riskSchema.shape);
const SORTS = [
  'priority',
  'failure_prob_7d',
  'failure_prob_30d',
  'failure_prob_90d',
  'estimated_ttf_days',
  'confidence',
  'value_at_risk_usd_per_hour',
  'node',
] as const;
const text = serialiser(riskSchema);

interface RiskQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly sort?: string | undefined;
  readonly q?: string | undefined;
  readonly node?: string | undefined;
  readonly predicted_failure_type?: string | undefined;
  readonly advice?: string | undefined;
  readonly model_name?: string | undefined;
  readonly model_version?: string | undefined;
  readonly failure_prob_30d_min?: number | undefined;
}

/** Pages that are made once, for as long as nothing else is foreseen. */
const PAGES_MAX = 64;

function pageOfRisks(risks: readonly BoardRisk[], query: RiskQuery): ListAnswer {
  const sort = query.sort ?? '-priority';
  const name = sort.replace('-', '') as (typeof SORTS)[number];
  const search = query.q?.toLowerCase() ?? '';
  const least = query.failure_prob_30d_min ?? 0;
  const equal = (['node', 'predicted_failure_type', 'advice', 'model_name', 'model_version'] as const).filter(
    (field) => query[field] !== undefined,
  );
  const page = pageOf<BoardRisk>({
    items: risks.filter(
      (risk) =>
        equal.every((field) => risk[field] === query[field]) &&
        risk.failure_prob_30d >= least &&
        (search === '' || `${risk.gpu_uuid} ${risk.node}`.toLowerCase().includes(search)),
    ),
    sort: { name, descending: sort.startsWith('-'), key: (risk) => risk[name] },
    identity: ({ gpu_uuid, instance }) => `${gpu_uuid} ${instance}`,
    limit: query.limit,
    cursor: query.cursor,
  });
  const texts = page.items.map((risk) => text({ ...risk, ts: instantText(risk.ts) } satisfies FleetRisk));
  return { columns: COLUMNS, next: page.next, total: page.total, texts };
}

/** `GET /fleet/risks`: what is foreseen for every board, ranked by what waiting costs. */
export function fleetRisksRoute(app: OpenAPIHono, now: FleetNow): void {
  const pages = new WeakMap<readonly BoardRisk[], Map<string, ListAnswer>>();
  defineGet(
    app,
    {
      path: '/api/v1/fleet/risks',
      tag: 'fleet',
      summary:
        'The newest prediction of every board and MIG instance with the decision about the board, by priority; at most ten seconds old.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        sort: sortParameter(SORTS, '-priority'),
        q: textParameter('Part of gpu_uuid or node, in any case.'),
        node: textParameter('Host.'),
        predicted_failure_type: z.enum(FAILURE_TYPES).optional(),
        advice: textParameter('What the advisor says.'),
        model_name: textParameter('Name of the model that says it.'),
        model_version: textParameter('Its version.'),
        failure_prob_30d_min: z
          .string()
          .regex(/^(0?\.\d{1,12}|0|1(\.0*)?)$/, 'Must be a probability')
          .transform(Number)
          .optional()
          .openapi({ type: 'number', description: 'Only those at least so likely to fail within 30 days.' }),
      }),
      answer: listSchema(riskSchema),
      csv: true,
    },
    (c, { query }) => {
      const risks = now.risks();
      const told = pages.get(risks) ?? new Map<string, ListAnswer>();
      pages.set(risks, told);
      const asked = JSON.stringify(query);
      const page = told.get(asked) ?? pageOfRisks(risks, query);
      if (told.size < PAGES_MAX) told.set(asked, page);
      return listAnswer(c, page, true);
    },
  );
}
