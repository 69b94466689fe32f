import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { findMetric, METRICS, type MetricName } from '../../pipeline/contract/metrics.ts';
import { GPU_METRICS, ROLLUPS } from '../../pipeline/contract/tables.ts';
import { listSeries } from '../../sinks/questdb/list-series.ts';
import { chooseResolution, type Resolution, seriesColumns } from '../../sinks/questdb/read-series.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet } from '../define-get.ts';
import { nullableInstantText } from '../instant.ts';
import { listAnswer } from '../list-answer.ts';
import { LIMIT_DEFAULT, LIST_PARAMETERS, SPAN_PARAMETERS, sortParameter, textParameter } from '../list-query.ts';
import { BadRequest } from '../problem.ts';
import { metricListSchema } from '../schemas-fleet.ts';
import { assertGpu, GPU_PARAMETER } from './gpus.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const POINTS_DEFAULT = 1_000;
const POINTS_MAX = 100_000;

/** `GET /gpus/{gpu_uuid}/metrics`: history, raw or from a rollup. */
export function gpuMetricsRoute(app: OpenAPIHono, parts: ApiParts): void {
  defineGet(
    app,
    {
      path: '/api/v1/gpus/{gpu_uuid}/metrics',
      tag: 'gpus',
      summary: 'Readings over time; by default the last hour. Rollups have _avg, _min, _max columns.',
      params: GPU_PARAMETER,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        ...SPAN_PARAMETERS,
        sort: sortParameter(['ts'], 'ts'),
        instance: textParameter("MIG's GPU_I_ID; empty for the whole board; all when absent."),
        metrics: z
          .string()
          .max(4_096)
          .optional()
          .openapi({ description: 'Names, separated by commas; all when absent.' }),
        resolution: z.enum(['auto', 'raw', '1m', '5m', '1h']).optional().openapi({
          description: 'auto takes the finest that has at most max_points rows in the span.',
        }),
        max_points: z
          .string()
          .regex(/^\d{1,6}$/, 'Must be a whole number')
          .transform(Number)
          .pipe(z.number().min(1, 'Must be at least 1').max(POINTS_MAX, `Must be at most ${POINTS_MAX}`))
          .optional()
          .openapi({ type: 'integer', minimum: 1, maximum: POINTS_MAX, default: POINTS_DEFAULT }),
      }),
      answer: metricListSchema,
      csv: true,
      failures: [404, 503],
    },
    async (c, { params: { gpu_uuid }, query }) => {
      const metrics = metricNames(query.metrics);
      const now = parts.clock.now();
      const newest = parts.view.newest_ts;
      const to = query.to ?? Math.max(now, Number.isNaN(newest) ? now : newest) + 1;
      const from = query.from ?? to - HOUR_MS;
      if (from >= to) throw new BadRequest([{ field: 'from', detail: 'Must be before to' }]);
      const resolution = resolve(query.resolution ?? 'auto', metrics, {
        span_ms: to - from,
        age_ms: now - from,
        points_max: query.max_points ?? POINTS_DEFAULT,
        interval_ms: parts.interval_ms,
      });
      await assertGpu(parts, gpu_uuid);
      const page = await listSeries(
        parts.database,
        { gpu_uuid, instance: query.instance, metrics, from, to, resolution, descending: query.sort === '-ts' },
        { limit: query.limit ?? LIMIT_DEFAULT, cursor: query.cursor },
      );
      return listAnswer(c, {
        columns: ['ts', 'gpu_uuid', 'node', 'instance', ...seriesColumns(metrics, resolution)],
        next: page.next,
        total: page.total,
        texts: page.items.map((row) => JSON.stringify({ ...row, ts: nullableInstantText(row.ts) })),
        more: { resolution },
      });
    },
  );
}

function metricNames(list: string | undefined): MetricName[] {
  if (list === undefined) return METRICS.map((metric) => metric.name);
  const names = [...new Set(list.split(',').map((name) => name.trim()))];
  const unknown = names.filter((name) => findMetric(name) < 0);
  if (unknown.length > 0) {
    throw new BadRequest(
      unknown.map((name) => ({ field: 'metrics', detail: `There is no metric ${JSON.stringify(name)}` })),
    );
  }
  return names as MetricName[];
}

function resolve(
  asked: 'auto' | Resolution,
  metrics: readonly MetricName[],
  span: { span_ms: number; age_ms: number; points_max: number; interval_ms: number },
): Resolution {
  if (asked !== 'auto') {
    if (seriesColumns(metrics, asked).length > 0) return asked;
    throw new BadRequest([{ field: 'resolution', detail: `Rollups have none of these metrics; take raw` }]);
  }
  let chosen = chooseResolution(span.span_ms, span.points_max, span.interval_ms);
  // Raw rows that old are gone; the rollups are kept longer.
  const rawAge = (GPU_METRICS.ttl_days ?? Number.POSITIVE_INFINITY) * DAY_MS;
  if (chosen === 'raw' && span.age_ms > rawAge) chosen = ROLLUPS[0]?.size ?? 'raw';
  return seriesColumns(metrics, chosen).length > 0 ? chosen : 'raw';
}
