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
import { listRows, pageAt, type RowOrder, sortedAt } from '../../sinks/questdb/list-rows.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { listAnswer } from '../list-answer.ts';
import { LIMIT_DEFAULT, LIMIT_MAX, LIST_PARAMETERS, SPAN_PARAMETERS, textParameter } from '../list-query.ts';
import { BadRequest } from '../problem.ts';
import { listSchema } from '../schemas.ts';
import { serialiser } from '../serialiser.ts';
import { tableRowAnswer, tableRowSchema } from '../table-schema.ts';
import { assertGpu, GPU_PARAMETER } from './gpus.ts';

/** Tables that REST lists as they are: under a path of their own, and those of one GPU under the GPU. */
interface ListedTable {
  readonly spec: TableSpec;
  readonly path: string;
  /** Path below `/gpus/{gpu_uuid}`; null: rows are not of one GPU. */
  readonly of_gpu: string | null;
  readonly filters: readonly string[];
  readonly summary: string;
}

const LISTED: readonly ListedTable[] = [
  {
    spec: GPU_HEALTH_SCORES,
    path: 'health-scores',
    of_gpu: 'health',
    filters: ['node', 'instance', 'health_grade', 'action', 'profile'],
    summary: 'Health scores',
  },
  {
    spec: GPU_FEATURES,
    path: 'features',
    of_gpu: 'features',
    filters: ['node', 'instance'],
    summary: 'Feature vectors',
  },
  {
    spec: XID_EPISODES,
    path: 'episodes',
    of_gpu: 'episodes',
    filters: ['node', 'instance', 'id', 'severity', 'category', 'action', 'job'],
    summary: 'Fault stories of XIDs and anomalies',
  },
  {
    spec: GPU_FAILURE_PREDICTIONS,
    path: 'predictions',
    of_gpu: 'predictions',
    filters: ['node', 'instance', 'predicted_failure_type', 'model_name', 'model_version'],
    summary: 'Failure predictions',
  },
  {
    spec: GPU_ECONOMIC_DECISIONS,
    path: 'decisions',
    of_gpu: 'decisions',
    filters: ['node', 'instance', 'decision', 'advice', 'profile'],
    summary: 'Economic decisions',
  },
  {
    spec: GPU_FAILURE_LABELS,
    path: 'failure-labels',
    of_gpu: 'failure-labels',
    filters: ['node', 'type', 'source', 'status'],
    summary: 'Failures that happened',
  },
  {
    spec: INCIDENTS,
    path: 'incidents',
    of_gpu: null,
    filters: ['gpu_uuid', 'node', 'id', 'scope', 'origin', 'severity', 'category', 'state', 'action'],
    summary: 'Incidents over one or several GPUs',
  },
  {
    spec: GPU_FORECASTS,
    path: 'forecasts',
    of_gpu: 'forecasts',
    filters: ['node', 'instance', 'metric'],
    summary: 'What readings are expected to be',
  },
  {
    spec: FLEET_QUANTILES,
    path: 'fleet/quantiles',
    of_gpu: null,
    filters: ['model', 'metric'],
    summary: 'How gauges are spread over the fleet and over models',
  },
  {
    spec: FEATURE_DEFINITIONS,
    path: 'feature-definitions',
    of_gpu: null,
    filters: ['name', 'unit', 'window'],
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

const orderOf = (sort: string): RowOrder => ({ name: sort.replace(/^-/, ''), descending: sort.startsWith('-') });

/** Any column that holds no list: as a text, for some tables have hundreds. */
function sortParameter(spec: TableSpec) {
  const names = new Set(spec.columns.filter(({ type }) => type !== 'JSON').map(({ name }) => name));
  return z
    .string()
    .refine((text) => names.has(orderOf(text).name), {
      error: 'Must be ts or -ts; together with at also any other column that holds no list',
    })
    .optional()
    .openapi({
      description:
        '`ts`: oldest first, `-ts`: newest first, which is the default. Together with at any column that holds no list, with - in front for descending; by key by default.',
    });
}

/** Lists of the tables that the engine writes. */
export function tableRoutes(app: OpenAPIHono, parts: ApiParts): void {
  for (const { spec, path, of_gpu, filters, summary } of LISTED) {
    const schema = tableRowSchema(spec);
    const columns = spec.columns.map(({ name }) => name);
    const text = serialiser(schema);
    const answerOf = tableRowAnswer(spec);
    const helps = new Map(spec.columns.map(({ name, help }) => [name, help]));
    const parameters = {
      ...LIST_PARAMETERS,
      ...SPAN_PARAMETERS,
      at: AT,
      sort: sortParameter(spec),
    };
    const filterParameters = Object.fromEntries(filters.map((name) => [name, textParameter(helps.get(name) ?? name)]));

    const answer = async (c: Context, query: Record<string, unknown>, gpu_uuid?: string): Promise<Response> => {
      const { limit, cursor, from, to, at, sort, ...rest } = query;
      const equal = {
        ...(rest as Record<string, string | undefined>),
        ...(gpu_uuid === undefined ? {} : { gpu_uuid }),
      };
      if (at !== undefined && to !== undefined) {
        throw new BadRequest([{ field: 'at', detail: 'Cannot be combined with to' }]);
      }
      const end = to ?? at;
      if (from !== undefined && end !== undefined && (from as number) >= (end as number)) {
        throw new BadRequest([{ field: 'from', detail: `Must be before ${to === undefined ? 'at' : 'to'}` }]);
      }
      if (at === undefined && sort !== undefined && sort !== 'ts' && sort !== '-ts') {
        throw new BadRequest([{ field: 'sort', detail: 'Must be ts or -ts; other columns only together with at' }]);
      }
      const filter = { equal, from: from as number | undefined };
      const request = {
        limit: (limit as number | undefined) ?? (at === undefined ? LIMIT_DEFAULT : LIMIT_MAX),
        cursor: cursor as string | undefined,
      };
      const { database } = parts;
      const instant = Math.min(at as number, EPOCH_MS_MAX);
      const page =
        at === undefined
          ? await listRows(
              database,
              spec,
              { ...filter, to: to as number | undefined },
              { ...request, oldest_first: sort === 'ts' },
            )
          : sort === undefined
            ? await pageAt(database, spec, filter, instant, request)
            : await sortedAt(database, spec, filter, instant, { ...request, order: orderOf(sort as string) });
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
        query: z.strictObject({
          ...parameters,
          ...filterParameters,
          ...(!spec.keys.includes('gpu_uuid') || 'gpu_uuid' in filterParameters
            ? {}
            : { gpu_uuid: textParameter('GPU identity.') }),
        }),
        answer: listSchema(schema),
        csv: true,
        failures: [503],
      },
      (c, { query }) => answer(c, query),
    );
    if (of_gpu === null) continue;
    defineGet(
      app,
      {
        path: `/api/v1/gpus/{gpu_uuid}/${of_gpu}`,
        tag: 'gpus',
        summary: `${summary} of one GPU, newest first.`,
        params: GPU_PARAMETER,
        query: z.strictObject({ ...parameters, ...filterParameters }),
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
