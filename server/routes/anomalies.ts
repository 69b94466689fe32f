import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { ANOMALIES } from '../../pipeline/contract/tables.ts';
import { type AnomalyFilter, listAnomalies } from '../../sinks/questdb/read-anomalies.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { type ListAnswer, listAnswer } from '../list-answer.ts';
import { LIMIT_DEFAULT, LIST_PARAMETERS, SPAN_PARAMETERS, sortParameter, textParameter } from '../list-query.ts';
import { openAnomaliesPage } from '../open-anomalies.ts';
import { anomalySchema, listSchema, severitySchema } from '../schemas.ts';
import { sharedAnswers } from '../shared-answers.ts';
import { orderOf, sortColumns, sortedRows } from '../sorted-rows.ts';
import { anomalyJson } from '../view-json.ts';
import { assertGpu, GPU_PARAMETER } from './gpus.ts';

const COLUMNS = Object.keys(anomalySchema.shape);

const FILTERS = {
  ...LIST_PARAMETERS,
  ...SPAN_PARAMETERS,
  sort: sortParameter(sortColumns(ANOMALIES), '-ts'),
  id: textParameter('One anomaly.'),
  instance: textParameter("MIG's GPU_I_ID; empty for the whole board."),
  severity: severitySchema.optional(),
  state: z.enum(['open', 'closed']).optional(),
  type: textParameter('Kind of anomaly.'),
  metric: textParameter('Metric concerned.'),
  detector: textParameter('Step that found it.'),
  window: textParameter('Span of history that it was judged against.'),
  node: textParameter('Host.'),
};

type Query = Omit<AnomalyFilter, 'gpu_uuid'> & {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly sort?: string | undefined;
};

/** Rows take longer than that from the engine into a table. */
const SHARED = { age_ms: 250, kept_max: 64 };

/** `GET /anomalies` and `GET /gpus/{gpu_uuid}/anomalies`: from the table, open ones from memory where that is whole. */
export function anomalyRoutes(app: OpenAPIHono, parts: ApiParts): void {
  const shared = sharedAnswers<ListAnswer>(parts.clock, SHARED);
  async function answer(c: Context, gpu_uuid: string | undefined, query: Query): Promise<Response> {
    const { limit = LIMIT_DEFAULT, cursor, sort = '-ts', ...filter } = query;
    const order = orderOf(sort);
    const read = async (): ReturnType<typeof listAnomalies> => {
      if (order.name === 'ts') {
        const request = { limit, cursor, oldest_first: !order.descending };
        if (filter.state === 'open' && parts.feed.seeded && parts.bus.connected) {
          return openAnomaliesPage(parts.view, { ...filter, gpu_uuid }, request);
        }
        return listAnomalies(parts.database, { ...filter, gpu_uuid }, request);
      }
      const { from, to, ...equal } = { ...filter, gpu_uuid };
      const sorted = await sortedRows(parts.database, ANOMALIES, { equal, from, to }, { limit, cursor, order });
      return { ...sorted, items: sorted.items as readonly unknown[] as Anomaly[] };
    };
    const page = await shared(JSON.stringify([gpu_uuid, query]), async () => {
      const { items, next, total } = await read();
      return { columns: COLUMNS, next, total, texts: items.map(anomalyJson) };
    });
    return listAnswer(c, page, true);
  }

  defineGet(
    app,
    {
      path: '/api/v1/anomalies',
      tag: 'anomalies',
      summary: 'Anomalies, newest opening first.',
      params: NO_PARAMETERS,
      query: z.strictObject({ ...FILTERS, gpu_uuid: textParameter('GPU identity.') }),
      answer: listSchema(anomalySchema),
      csv: true,
      failures: [503],
    },
    (c, { query: { gpu_uuid, ...query } }) => answer(c, gpu_uuid, query),
  );

  defineGet(
    app,
    {
      path: '/api/v1/gpus/{gpu_uuid}/anomalies',
      tag: 'gpus',
      summary: 'Anomalies of one GPU, newest opening first.',
      params: GPU_PARAMETER,
      query: z.strictObject(FILTERS),
      answer: listSchema(anomalySchema),
      csv: true,
      failures: [404, 503],
    },
    async (c, { params: { gpu_uuid }, query }) => {
      await assertGpu(parts, gpu_uuid);
      return answer(c, gpu_uuid, query);
    },
  );
}
