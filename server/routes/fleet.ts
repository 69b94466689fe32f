import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { ERRORS } from '../../pipeline/contract/error-catalogue.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { answerText } from '../answer-text.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import type { FleetNow } from '../fleet-now.ts';
import { fleetOutlook } from '../fleet-outlook.ts';
import { cachedFleetSummary } from '../fleet-summary.ts';
import { GROUPINGS, type Grouping } from '../group-members.ts';
import { healthFigures } from '../health-figures.ts';
import { instantText } from '../instant.ts';
import { listAnswer } from '../list-answer.ts';
import { LIST_PARAMETERS, sortParameter, textParameter } from '../list-query.ts';
import { liveUrlFor } from '../live-url.ts';
import { pageOf } from '../page-of.ts';
import { listSchema } from '../schemas.ts';
import {
  type ConsoleConfig,
  consoleConfigSchema,
  errorEntrySchema,
  fleetSummarySchema,
  topologySchema,
} from '../schemas-fleet.ts';
import { refusedTo } from '../security/access.ts';
import { callerOf } from '../security/caller.ts';
import { serialiser } from '../serialiser.ts';

const SUMMARY_AGE_MS = 1_000;
const summaryText = serialiser(fleetSummarySchema);
const CATALOGUE = Object.entries(ERRORS)
  .map(([code, { meaning, action }]) => ({ code, meaning, action }))
  .sort((a, b) => (a.code < b.code ? -1 : 1));

/** What concerns the fleet or this installation as a whole. */
export function fleetRoutes(app: OpenAPIHono, parts: ApiParts, now: FleetNow): void {
  const summary = cachedFleetSummary(parts.view, parts.clock, SUMMARY_AGE_MS);
  const health = healthFigures({ ...parts, now });
  const outlook = fleetOutlook({ ...parts, now });
  /** What was told last, by grouping: for a fleet of 1,000 nodes, writing it is most of the work. */
  const written = new Map<Grouping | undefined, { readonly told: readonly unknown[]; readonly text: string }>();
  defineGet(
    app,
    {
      path: '/api/v1/fleet/summary',
      tag: 'fleet',
      summary: 'The fleet in figures, also by model and by node, and in more detail by whatever is asked for.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        group_by: z
          .enum(GROUPINGS, { error: `Must be one of ${GROUPINGS.join(', ')}` })
          .optional()
          .openapi({ description: 'Adds `groups`, by name.' }),
      }),
      answer: fleetSummarySchema,
    },
    async (c, { query: { group_by } }) => {
      const groups = group_by === undefined ? undefined : await outlook.groups(group_by);
      const told = [summary(), health(), outlook.total(), groups] as const;
      const before = written.get(group_by);
      if (before?.told.every((one, i) => one === told[i])) return answerText(c, before.text, true);
      const more = groups === undefined ? {} : { group_by, groups };
      const text = summaryText({ ...told[0], health: told[1], ...told[2], ...more });
      written.set(group_by, { told, text });
      return answerText(c, text, true);
    },
  );

  defineGet(
    app,
    {
      path: '/api/v1/topology',
      tag: 'pipeline',
      summary: 'The steps of the pipeline with live counters, as the engine last told them.',
      params: NO_PARAMETERS,
      query: z.strictObject({ worker: textParameter('Of this engine; of whoever told last when absent.') }),
      answer: topologySchema,
      failures: [404],
    },
    (c, { query: { worker } }) => {
      const report = parts.topology.last(worker);
      if (report === null && worker !== undefined) {
        throw new VitalsError('GV-API-002', `No engine ${worker} has told of itself`, 'worker');
      }
      return c.json({
        steps: [],
        edges: [],
        ...report?.told,
        worker: report?.worker ?? null,
        received_at: report === null ? null : instantText(report.received_at),
        workers: parts.topology.workers(),
        lag_messages_max: parts.topology.lagMax(),
      });
    },
  );

  defineGet(
    app,
    {
      path: '/api/v1/errors',
      tag: 'reference',
      summary: 'Every error code, what it means and what to do.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        sort: sortParameter(['code'], 'code'),
        code: textParameter('One code.'),
      }),
      answer: listSchema(errorEntrySchema),
      csv: true,
    },
    (c, { query }) => {
      const page = pageOf({
        items: CATALOGUE.filter(({ code }) => query.code === undefined || code === query.code),
        sort: query.sort === '-code' ? { name: 'code', descending: true, key: ({ code }) => code } : null,
        identity: ({ code }) => code,
        limit: query.limit,
        cursor: query.cursor,
      });
      const texts = page.items.map((entry) => JSON.stringify(entry));
      return listAnswer(c, { columns: ['code', 'meaning', 'action'], next: page.next, total: page.total, texts });
    },
  );

  defineGet(
    app,
    {
      path: '/api/v1/console-config',
      tag: 'reference',
      summary: 'What the console needs to know of this installation.',
      params: NO_PARAMETERS,
      query: NO_PARAMETERS,
      answer: consoleConfigSchema,
    },
    (c) => {
      const caller = callerOf(c);
      const { name, role, tenant } = caller;
      return c.json({
        live: liveUrlFor(parts.live_url(), c.req.url),
        protocol: 'gpu-vitals.v1',
        stale_after_ms: parts.view.stale_after_ms,
        simulated: parts.simulated ?? false,
        ...{ name, role, tenant, refused: [...refusedTo(caller)] },
      } satisfies ConsoleConfig);
    },
  );
}
