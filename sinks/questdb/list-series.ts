import type { Database } from '../../pipeline/contract/database.ts';
import { METRICS, type Metric, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { ROLLUPS, rollupAggregates } from '../../pipeline/contract/tables.ts';
import { decodePlace, encodeCursor, type Page, type PageRequest, withTotal } from './page.ts';
import { type Resolution, seriesColumns } from './read-series.ts';
import { type Conditions, conditions, quoted } from './select-rows.ts';

export interface SeriesListRequest {
  readonly gpu_uuid: string;
  /** Undefined: the board and all its instances. */
  readonly instance: string | undefined;
  /** In the catalogue, and with at least one column at this resolution. */
  readonly metrics: readonly MetricName[];
  /** Epoch ms, from inclusive, to exclusive. */
  readonly from: number;
  readonly to: number;
  readonly resolution: Resolution;
  readonly descending: boolean;
}

export type SeriesListRow = Readonly<Record<string, string | number | null>> & {
  readonly ts: number;
  readonly instance: string;
};

/**
 * Rows of one GPU in the order of time, page by page; a cursor is the instant of the last row and how many of that instant were given. Buckets that a rollup does not have yet are computed from the samples,
 * so that its refresh interval is never seen. Throws GV-API-001 on a foreign cursor, GV-API-003 when the database is away.
 */
export async function listSeries(
  database: Database,
  request: SeriesListRequest,
  page: PageRequest,
): Promise<Page<SeriesListRow>> {
  const source = await sourceOf(database, request);
  const paged = conditions();
  const from = source(paged);
  const { descending } = request;
  const order = descending ? 'DESC' : 'ASC';
  const place = page.cursor === undefined ? null : decodePlace(page.cursor, 'number', order);
  const given = Number(place?.[1] ?? 0);
  paged.add('ts', descending ? '<=' : '>=', place?.[0]);
  const limits = `${paged.bind(given)}, ${paged.bind(given + page.limit + 1)}`;
  const rows = await database.query<SeriesListRow>(
    `SELECT * FROM (${from})${paged.where()} ORDER BY ts ${order}, instance LIMIT ${limits}`,
    paged.parameters,
  );
  const items = rows.slice(0, page.limit).map((row) => ({ ...row, instance: row.instance ?? '' }));
  const last = items.at(-1);
  let next: string | null = null;
  if (last !== undefined && rows.length > page.limit) {
    const same = items.filter(({ ts }) => ts === last.ts).length;
    next = encodeCursor(last.ts, last.ts === place?.[0].getTime() ? given + same : same, order);
  }
  return withTotal({ items, next }, page.cursor, () => {
    const matching = conditions();
    return database.query<{ total: number }>(`SELECT count() AS total FROM (${source(matching)})`, matching.parameters);
  });
}

/** Writes the statement that yields all rows of the request, binding its values into `into`. */
type Source = (into: Conditions) => string;

/** As they are: with a computed column among them QuestDB 9.3 loses rows where a partition begins, sorted and limited. */
const NAMES = 'ts, gpu_uuid, node, instance';

async function sourceOf(database: Database, request: SeriesListRequest): Promise<Source> {
  const view = ROLLUPS.find((one) => one.size === request.resolution);
  const columns = seriesColumns(request.metrics, request.resolution).map(quoted).join(', ');
  if (view === undefined) {
    return (into) => `SELECT ${NAMES}, ${columns} FROM gpu_metrics${ofGpu(into, request, request.from, request.to)}`;
  }
  // A bucket that contains `from` belongs to the answer.
  const from = Math.floor(request.from / view.size_ms) * view.size_ms;
  const newest = conditions();
  const found = await database.query<{ newest: number | null }>(
    `SELECT max(ts) AS newest FROM ${quoted(view.name)}${ofGpu(newest, request, from, request.to)}`,
    newest.parameters,
  );
  // The newest bucket may have been computed before its last rows came: it is computed again.
  const since = found[0]?.newest ?? from;
  const aggregates = request.metrics
    .flatMap((name) =>
      rollupAggregates(METRICS[metricIndex(name)] as Metric).map(
        (aggregate) => `${aggregate}(${quoted(name)}) ${quoted(`${name}_${aggregate}`)}`,
      ),
    )
    .join(', ');
  return (into) =>
    `SELECT ${NAMES}, ${columns} FROM ${quoted(view.name)}${ofGpu(into, request, from, since)} UNION ALL ` +
    `SELECT ${NAMES}, ${columns} FROM (SELECT ts, gpu_uuid, node, instance, ${aggregates}` +
    ` FROM gpu_metrics${ofGpu(into, request, since, request.to)} SAMPLE BY ${view.size})`;
}

function ofGpu(into: Conditions, request: SeriesListRequest, from: number, to: number): string {
  const own = [`gpu_uuid = ${into.bind(request.gpu_uuid)}`];
  if (request.instance !== undefined) own.push(`instance = ${into.bind(request.instance)}`);
  own.push(`ts >= ${into.bind(new Date(from))}`, `ts < ${into.bind(new Date(to))}`);
  return ` WHERE ${own.join(' AND ')}`;
}
