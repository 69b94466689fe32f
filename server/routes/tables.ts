import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import {
  GPU_ECONOMIC_DECISIONS,
  GPU_FAILURE_LABELS,
  GPU_FAILURE_PREDICTIONS,
} from '../../pipeline/contract/prediction-tables.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { EPOCH_MS_MAX, parseInstant } from '../../pipeline/contract/time.ts';
import {
  FEATURE_DEFINITIONS,
  FLEET_QUANTILES,
  GPU_FEATURES,
  GPU_FORECASTS,
  GPU_HEALTH_SCORES,
  INCIDENTS,
  XID_EPISODES,
} from '../../pipeline/contract/verdict-tables.ts';
import { listRows, pageAt, type RowFilter, type TableRow } from '../../sinks/questdb/list-rows.ts';
import type { Page } from '../../sinks/questdb/page.ts';
import type { ApiParts } from '../api-parts.ts';
import { columnFilters } from '../column-filters.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { listAnswer } from '../list-answer.ts';
import { LIMIT_DEFAULT, LIMIT_MAX, LIST_PARAMETERS, SPAN_PARAMETERS } from '../list-query.ts';
import { BadRequest } from '../problem.ts';
import { listSchema } from '../schemas.ts';
import { callerOf } from '../security/caller.ts';
import { OF_OTHERS } from '../security/tenant-database.ts';
import { serialiser } from '../serialiser.ts';
import { orderOf, sortColumns, sortedRows } from '../sorted-rows.ts';
import { tableRowAnswer, tableRowSchema } from '../table-schema.ts';
import { assertGpu, GPU_PARAMETER } from './gpus.ts';

/** Tables that REST lists as they are: under a path of their own, and those of one GPU under the GPU. */
interface ListedTable {
  readonly spec: TableSpec;
  readonly path: string;
  /** Path below `/gpus/{gpu_uuid}`; null: rows are not of one GPU. */
  readonly of_gpu: string | null;
  readonly summary: string;
}

const LISTED: readonly ListedTable[] = [
  {
    spec: GPU_HEALTH_SCORES,
    path: 'health-scores',
    of_gpu: 'health',
    summary: 'Health scores',
  },
  {
    spec: GPU_FEATURES,
    path: 'features',
    of_gpu: 'features',
    summary: 'Feature vectors',
  },
  {
    spec: XID_EPISODES,
    path: 'episodes',
    of_gpu: 'episodes',
    summary: 'Fault stories of XIDs and anomalies',
  },
  {
    spec: GPU_FAILURE_PREDICTIONS,
    path: 'predictions',
    of_gpu: 'predictions',
    summary: 'Failure predictions',
  },
  {
    spec: GPU_ECONOMIC_DECISIONS,
    path: 'decisions',
    of_gpu: 'decisions',
    summary: 'Economic decisions',
  },
  {
    spec: GPU_FAILURE_LABELS,
    path: 'failure-labels',
    of_gpu: 'failure-labels',
    summary: 'Failures that happened',
  },
  {
    spec: INCIDENTS,
    path: 'incidents',
    of_gpu: null,
    summary: 'Incidents over one or several GPUs',
  },
  {
    spec: GPU_FORECASTS,
    path: 'forecasts',
    of_gpu: 'forecasts',
    summary: 'What readings are expected to be',
  },
  {
    spec: FLEET_QUANTILES,
    path: 'fleet/quantiles',
    of_gpu: null,
    summary: 'How gauges are spread over the fleet and over models',
  },
  {
    spec: FEATURE_DEFINITIONS,
    path: 'feature-definitions',
    of_gpu: null,
    summary: 'What each feature means',
  },
];

const AT = z
  .string()
  .transform((text, context) => {
    const instant = text === 'now' ? Number.POSITIVE_INFINITY : parseInstant(text);
    if (Number.isNaN(instant)) context.addIssue('Must be now, epoch milliseconds or ISO 8601');
    return instant;
  })
  .optional()
  .openapi({
    type: ['string', 'integer'],
    description:
      'As things stood then: the newest row of each at or before this instant, never a later one. `now`, epoch ms or ISO 8601. With `from`, only those that have one since then. Not together with to.',
  });

/** Any column that holds no list: as a text, for some tables have hundreds. */
function sortParameter(spec: TableSpec) {
  const names = sortColumns(spec);
  return z
    .string()
    .refine((text) => names.includes(orderOf(text).name), {
      error: `Must be one of ${names.join(', ')}, with - in front for descending`,
    })
    .optional()
    .openapi({
      description:
        'Any column that holds no list, with - in front for descending; rows without a value come last. Default -ts: newest first; together with at by key.',
    });
}

/** Lists of the tables that the engine writes. */
export function tableRoutes(app: OpenAPIHono, parts: ApiParts): void {
  for (const { spec, path, of_gpu, summary } of LISTED) {
    const schema = tableRowSchema(spec);
    const columns = spec.columns.map(({ name }) => name);
    const text = serialiser(schema);
    const answerOf = tableRowAnswer(spec);
    const parameters = {
      ...LIST_PARAMETERS,
      ...SPAN_PARAMETERS,
      at: AT,
      sort: sortParameter(spec),
    };
    const filters = columnFilters(spec);

    const answer = async (c: Context, query: Record<string, unknown>, gpu_uuid?: string): Promise<Response> => {
      const { limit, cursor, from, to, at, sort, ...rest } = query;
      const equal: RowFilter['equal'] = {
        ...(rest as RowFilter['equal']),
        ...(gpu_uuid === undefined ? {} : { gpu_uuid }),
      };
      if (at !== undefined && to !== undefined) {
        throw new BadRequest([{ field: 'at', detail: 'Cannot be combined with to' }]);
      }
      const end = to ?? at;
      if (from !== undefined && end !== undefined && (from as number) >= (end as number)) {
        throw new BadRequest([{ field: 'from', detail: `Must be before ${to === undefined ? 'at' : 'to'}` }]);
      }
      const order = sort === undefined ? null : orderOf(sort as string);
      if (spec === INCIDENTS && callerOf(c).tenant !== '') {
        const told = [...OF_OTHERS].filter((name) => equal[name] !== undefined);
        if (order !== null && OF_OTHERS.has(order.name)) told.push('sort');
        if (told.length > 0) {
          throw new BadRequest(told.map((field) => ({ field, detail: 'Tells of GPUs that are not of this tenant' })));
        }
      }
      const filter = { equal, from: from as number | undefined };
      const request = {
        limit: (limit as number | undefined) ?? (at === undefined ? LIMIT_DEFAULT : LIMIT_MAX),
        cursor: cursor as string | undefined,
      };
      const { database } = parts;
      const span = { ...filter, to: to as number | undefined };
      const instant = at === undefined ? undefined : Math.min(at as number, EPOCH_MS_MAX);
      let page: Page<TableRow>;
      if (order !== null && (order.name !== 'ts' || instant !== undefined)) {
        page = await sortedRows(database, spec, span, { ...request, order, at: instant });
      } else if (instant !== undefined) page = await pageAt(database, spec, filter, instant, request);
      else page = await listRows(database, spec, span, { ...request, oldest_first: order?.descending === false });
      const texts = page.items.map((row) => text(answerOf(row)));
      return listAnswer(c, { columns, next: page.next, total: page.total, texts });
    };

    defineGet(
      app,
      {
        path: `/api/v1/${path}`,
        tag: path,
        summary: `${summary}, newest first.`,
        params: NO_PARAMETERS,
        query: z.strictObject({ ...parameters, ...filters }),
        answer: listSchema(schema),
        csv: true,
        failures: [503],
      },
      (c, { query }) => answer(c, query),
    );
    if (of_gpu === null) continue;
    const { gpu_uuid: _, ...others } = filters;
    defineGet(
      app,
      {
        path: `/api/v1/gpus/{gpu_uuid}/${of_gpu}`,
        tag: 'gpus',
        summary: `${summary} of one GPU, newest first.`,
        params: GPU_PARAMETER,
        query: z.strictObject({ ...parameters, ...others }),
        answer: listSchema(schema),
        csv: true,
        failures: [404, 503],
      },
      async (c, { params: { gpu_uuid }, query }) => {
        await assertGpu(parts, gpu_uuid);
        return answer(c, query, gpu_uuid);
      },
    );
  }
}
