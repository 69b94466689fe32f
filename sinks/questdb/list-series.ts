import type { Database } from '../../pipeline/contract/database.ts';
import type { MetricName } from '../../pipeline/contract/metrics.ts';
import { ROLLUPS } from '../../pipeline/contract/tables.ts';
import { decodeCursor, encodeCursor, type Page, type PageRequest } from './page.ts';
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

/** Rows of one GPU in the order of time, page by page. Throws GV-API-001 on a foreign cursor, GV-API-003 when the database is away. */
export async function listSeries(
  database: Database,
  request: SeriesListRequest,
  page: PageRequest,
): Promise<Page<SeriesListRow>> {
  const { resolution, descending } = request;
  const table = resolution === 'raw' ? 'gpu_metrics' : `gpu_metrics_${resolution}`;
  const matching = filtered(request);
  const counted = await database.query<{ total: number }>(
    `SELECT count() AS total FROM ${table}${matching.where()}`,
    matching.parameters,
  );
  const paged = filtered(request);
  if (page.cursor !== undefined) {
    const [ts, instance] = decodeCursor(page.cursor, ['number', 'string']) as [number, string];
    const at = new Date(ts);
    if (Number.isNaN(at.getTime())) decodeCursor('', []);
    const beyond = descending ? '<' : '>';
    // An instance that is NULL sorts first; spelled as the empty text here and there it compares alike.
    paged.addText(
      `(ts ${beyond} ${paged.bind(at)} OR (ts = ${paged.bind(at)} AND coalesce(instance, '') > ${paged.bind(instance)}))`,
    );
  }
  const limit = paged.bind(page.limit + 1);
  const columns = seriesColumns(request.metrics, resolution).map(quoted).join(', ');
  const rows = await database.query<SeriesListRow>(
    `SELECT ts, gpu_uuid, node, coalesce(instance, '') AS instance, ${columns} FROM ${table}${paged.where()}` +
      ` ORDER BY ts ${descending ? 'DESC' : 'ASC'}, instance LIMIT ${limit}`,
    paged.parameters,
  );
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  return {
    items,
    next: rows.length > page.limit && last ? encodeCursor(last.ts, last.instance) : null,
    total: counted[0]?.total ?? 0,
  };
}

function filtered(request: SeriesListRequest): Conditions {
  const found = conditions();
  const size = ROLLUPS.find((view) => view.size === request.resolution)?.size_ms ?? 1;
  found.add('gpu_uuid', '=', request.gpu_uuid);
  found.add('instance', '=', request.instance);
  // A bucket that contains `from` belongs to the answer.
  found.add('ts', '>=', new Date(Math.floor(request.from / size) * size));
  found.add('ts', '<', new Date(request.to));
  return found;
}
