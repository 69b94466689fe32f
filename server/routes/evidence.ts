import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { Episode, HealthScore } from '../../pipeline/contract/events.ts';
import { METRICS } from '../../pipeline/contract/metrics.ts';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../../pipeline/contract/prediction-tables.ts';
import type { Decision, Prediction } from '../../pipeline/contract/predictions.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { days, EPOCH_MS_MAX } from '../../pipeline/contract/time.ts';
import { GPU_HEALTH_SCORES, XID_EPISODES } from '../../pipeline/contract/verdict-tables.ts';
import { listRows, rowsAt } from '../../sinks/questdb/list-rows.ts';
import { listSeries } from '../../sinks/questdb/list-series.ts';
import { listAnomalies } from '../../sinks/questdb/read-anomalies.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet } from '../define-get.ts';
import { EVIDENCE_STYLE_HASH, evidencePage } from '../evidence-page.ts';
import { SPAN_PARAMETERS } from '../list-query.ts';
import { BadRequest } from '../problem.ts';
import { GPU_PARAMETER } from './gpus.ts';

const SPAN_MS = days(30);
const ROWS_MAX = 1_000;
const POLICY = `default-src 'none'; style-src ${EVIDENCE_STYLE_HASH}; frame-ancestors 'none'`;
/** Means of gauges and newest readings of counters, hour by hour. */
const SHOWN = METRICS.filter(({ kind }) => kind === 'gauge' || kind === 'counter');

/** `GET /gpus/{gpu_uuid}/evidence`: what the maker of a board asks for, as a page to print. */
export function evidenceRoute(app: OpenAPIHono, parts: ApiParts): void {
  const { database, clock, view } = parts;
  defineGet(
    app,
    {
      path: '/api/v1/gpus/{gpu_uuid}/evidence',
      tag: 'gpus',
      summary:
        'Evidence for returning a board to its maker (RMA), as a printable HTML page; by default the last 30 days.',
      params: GPU_PARAMETER,
      query: z.strictObject({ ...SPAN_PARAMETERS }),
      answer: z.string(),
      media: 'text/html',
      failures: [404, 503],
    },
    async (c, { params: { gpu_uuid }, query }) => {
      const made_at = clock.now();
      const newest = Number.isNaN(view.newest_ts) ? made_at : Math.max(made_at, view.newest_ts);
      const to = query.to ?? newest + 1;
      const from = query.from ?? to - SPAN_MS;
      if (from >= to) throw new BadRequest([{ field: 'from', detail: 'Must be before to' }]);
      const asset = await parts.assets.find(gpu_uuid);
      if (asset === null && view.ofGpu(gpu_uuid).length === 0) {
        throw new VitalsError('GV-API-002', `No GPU ${gpu_uuid} is known`, 'gpu_uuid');
      }
      const filter = { equal: { gpu_uuid }, from, to };
      const list = async <Row>(spec: TableSpec): Promise<Row[]> =>
        (await listRows(database, spec, filter, { limit: ROWS_MAX })).items as unknown as Row[];
      const newestOf = async <Row>(spec: TableSpec): Promise<Row | null> =>
        ((await rowsAt(database, spec, { equal: { gpu_uuid } }, Math.min(to, EPOCH_MS_MAX), 1))[0] ??
          null) as Row | null;
      const [scores, episodes, anomalies, series, prediction, decision] = await Promise.all([
        list<HealthScore>(GPU_HEALTH_SCORES),
        list<Episode>(XID_EPISODES),
        listAnomalies(database, { gpu_uuid, from, to }, { limit: ROWS_MAX }),
        listSeries(
          database,
          {
            gpu_uuid,
            instance: undefined,
            metrics: SHOWN.map(({ name }) => name),
            from,
            to,
            resolution: '1h',
            descending: false,
          },
          { limit: ROWS_MAX },
        ),
        newestOf<Prediction>(GPU_FAILURE_PREDICTIONS),
        newestOf<Decision>(GPU_ECONOMIC_DECISIONS),
      ]);
      // Of a board that is cut into instances each tells the board's readings: one of them is enough.
      const voice = series.items[0]?.instance;
      const rows = series.items.filter(({ instance }) => instance === voice);
      const metrics = SHOWN.map(({ name, kind }) => ({
        metric: name,
        points: rows.map((row) => ({
          ts: row.ts,
          value: (row[`${name}_${kind === 'gauge' ? 'avg' : 'max'}`] ?? null) as number | null,
        })),
      })).filter(({ points }) => points.some(({ value }) => value !== null));
      const page = evidencePage({
        gpu_uuid,
        made_at,
        from,
        to,
        asset,
        scores,
        episodes,
        anomalies: anomalies.items,
        metrics,
        prediction,
        decision,
      });
      return c.html(page, 200, { 'Content-Security-Policy': POLICY });
    },
  );
}
