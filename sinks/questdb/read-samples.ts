import type { Database } from '../../pipeline/contract/database.ts';
import type { MetricName } from '../../pipeline/contract/metrics.ts';
import { GPU_METRICS } from '../../pipeline/contract/tables.ts';
import { columnList, conditions, fillTexts } from './select-rows.ts';

/** A row of gpu_metrics; null = missing. */
export type SampleRow = {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
} & { readonly [Name in MetricName]: number | null };

export interface LatestRequest {
  /** Epoch ms: rows before are not looked at, which bounds the cost by the span and not by the history. */
  readonly since: number;
  readonly gpu_uuid?: string | undefined;
  readonly node?: string | undefined;
}

/** The newest row of every GPU and instance since an instant, by gpu_uuid and instance. */
export async function latestSamples(database: Database, request: LatestRequest): Promise<SampleRow[]> {
  const found = conditions();
  found.add('ts', '>=', new Date(request.since));
  found.add('gpu_uuid', '=', request.gpu_uuid);
  // Outside: a GPU that moved away must not answer with its last row on the old node.
  const outside = request.node === undefined ? '' : ` WHERE node = ${found.bind(request.node)}`;
  const rows = await database.query(
    `SELECT * FROM (SELECT ${columnList(GPU_METRICS)} FROM gpu_metrics${found.where()} LATEST ON ts PARTITION BY gpu_uuid, instance)${outside} ORDER BY gpu_uuid, instance`,
    found.parameters,
  );
  fillTexts(GPU_METRICS, rows);
  return rows as unknown as SampleRow[];
}

/** Every row of one GPU or instance since an instant, oldest first. */
export async function readRecentRows(
  database: Database,
  request: { readonly gpu_uuid: string; readonly instance: string; readonly from: number },
): Promise<SampleRow[]> {
  const found = conditions();
  found.add('ts', '>', new Date(request.from));
  found.add('gpu_uuid', '=', request.gpu_uuid);
  const rows = await database.query(
    `SELECT ${columnList(GPU_METRICS)} FROM gpu_metrics${found.where()} ORDER BY ts`,
    found.parameters,
  );
  fillTexts(GPU_METRICS, rows);
  return (rows as unknown as SampleRow[]).filter(({ instance }) => instance === request.instance);
}
