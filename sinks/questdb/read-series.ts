import type { Database } from '../../pipeline/contract/database.ts';
import { METRICS, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { ROLLUPS, type RollupSpec, rollupAggregates } from '../../pipeline/contract/tables.ts';
import { type Conditions, conditions, quoted } from './select-rows.ts';

export type Resolution = 'raw' | RollupSpec['size'];

export interface SeriesRequest {
  readonly gpu_uuid: string;
  /** Empty: the whole board. */
  readonly instance: string;
  /** In the catalogue; check names from outside with findMetric first. */
  readonly metrics: readonly MetricName[];
  /** Epoch ms, from inclusive, to exclusive. */
  readonly from: number;
  readonly to: number;
  /** `auto` takes the finest that stays within points_max; an explicit one is cut to the newest points_max rows. */
  readonly resolution: 'auto' | Resolution;
  readonly points_max: number;
  /** What one raw row is expected to cover, ms: the scrape interval. */
  readonly interval_ms: number;
}

/** `ts` (the bucket's start in rollups) and the columns asked for; null = missing. */
export type SeriesRow = { readonly ts: number } & { readonly [column: string]: number | null };

export interface Series {
  readonly resolution: Resolution;
  /** Columns of the rows besides ts: metric names when raw, `<metric>_<aggregate>` in rollups. */
  readonly columns: readonly string[];
  readonly rows: SeriesRow[];
  /** True when older rows of the span were left out because of points_max. */
  readonly truncated: boolean;
}

/** The finest resolution whose rows over the span stay within points_max; the coarsest when none does. */
export function chooseResolution(span_ms: number, points_max: number, interval_ms: number): Resolution {
  if (span_ms / interval_ms <= points_max) return 'raw';
  return ROLLUPS.find((view) => span_ms / view.size_ms <= points_max)?.size ?? '1h';
}

/** Columns that a resolution has for the metrics: masks and codes have none in rollups. */
export function seriesColumns(metrics: readonly MetricName[], resolution: Resolution): string[] {
  if (resolution === 'raw') return [...metrics];
  return metrics.flatMap((name) => {
    const metric = METRICS[metricIndex(name)];
    return metric === undefined ? [] : rollupAggregates(metric).map((aggregate) => `${name}_${aggregate}`);
  });
}

/**
 * Chosen metrics of one GPU over a span, oldest first. With `auto`, masks and codes alone are read raw, because rollups
 * have none. What a rollup does not have yet is computed from the samples, so that its refresh is never seen. Throws
 * GV-API-003 when the database is away.
 */
export async function readSeries(database: Database, request: SeriesRequest): Promise<Series> {
  let resolution =
    request.resolution === 'auto'
      ? chooseResolution(request.to - request.from, request.points_max, request.interval_ms)
      : request.resolution;
  let columns = seriesColumns(request.metrics, resolution);
  if (columns.length === 0 && request.resolution === 'auto') {
    resolution = 'raw';
    columns = seriesColumns(request.metrics, resolution);
  }
  if (columns.length === 0) return { resolution, columns, rows: [], truncated: false };
  const view = ROLLUPS.find((one) => one.size === resolution);
  const from = view === undefined ? request.from : Math.floor(request.from / view.size_ms) * view.size_ms;
  const rows = await newestRows(database, view?.name ?? 'gpu_metrics', request, columns, from);
  if (view !== undefined) {
    // The newest bucket may have been computed before its last rows came: it is computed again.
    const since = rows.shift()?.ts ?? from;
    if (since < request.to) rows.unshift(...(await computedBuckets(database, view, request, since)));
  }
  const truncated = rows.length > request.points_max;
  return { resolution, columns, rows: rows.slice(0, request.points_max).reverse(), truncated };
}

/** Rows of a table or view, newest first, one more than asked for. */
async function newestRows(
  database: Database,
  table: string,
  request: SeriesRequest,
  columns: readonly string[],
  from: number,
): Promise<SeriesRow[]> {
  const found = ofOneGpu(request, from);
  const limit = found.bind(request.points_max + 1);
  return database.query<SeriesRow>(
    `SELECT ts, ${columns.map(quoted).join(', ')} FROM ${quoted(table)}${found.where()} ORDER BY ts DESC LIMIT ${limit}`,
    found.parameters,
  );
}

/** The buckets of a rollup from `since` on, from the samples, newest first. */
async function computedBuckets(
  database: Database,
  view: RollupSpec,
  request: SeriesRequest,
  since: number,
): Promise<SeriesRow[]> {
  const found = ofOneGpu(request, since);
  const aggregates = request.metrics.flatMap((name) => {
    const metric = METRICS[metricIndex(name)];
    return metric === undefined
      ? []
      : rollupAggregates(metric).map((aggregate) => `${aggregate}(${quoted(name)}) ${quoted(`${name}_${aggregate}`)}`);
  });
  const limit = found.bind(request.points_max + 1);
  return database.query<SeriesRow>(
    `SELECT * FROM (SELECT ts, ${aggregates.join(', ')} FROM gpu_metrics${found.where()} SAMPLE BY ${view.size}) ORDER BY ts DESC LIMIT ${limit}`,
    found.parameters,
  );
}

function ofOneGpu(request: SeriesRequest, from: number): Conditions {
  const found = conditions();
  found.add('gpu_uuid', '=', request.gpu_uuid);
  found.add('instance', '=', request.instance);
  found.add('ts', '>=', new Date(from));
  found.add('ts', '<', new Date(request.to));
  return found;
}
