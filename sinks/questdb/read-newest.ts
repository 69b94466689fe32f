import type { Database } from '../../pipeline/contract/database.ts';
import type { MetricName } from '../../pipeline/contract/metrics.ts';
import { conditions, quoted } from './select-rows.ts';

/** What an anomaly is about; null when there is no such row. Throws GV-API-003 when the database is away, as all here do. */
export async function readAnomalyMetric(
  database: Database,
  { id, gpu_uuid }: { readonly id: string; readonly gpu_uuid: string },
): Promise<{ readonly metric: string; readonly instance: string } | null> {
  const [row] = await database.query<{ metric: string | null; instance: string | null }>(
    'SELECT metric, instance FROM anomalies WHERE gpu_uuid = $1 AND id = $2 LIMIT 1',
    [gpu_uuid, id],
  );
  return row === undefined ? null : { metric: row.metric ?? '', instance: row.instance ?? '' };
}

/** The newest reading of a metric of a GPU or instance since an instant, and when that was; null when there is none. */
export async function readNewestReading(
  database: Database,
  of: { readonly gpu_uuid: string; readonly instance: string; readonly metric: MetricName; readonly since: number },
): Promise<{ readonly value: number; readonly at: number } | null> {
  const metric = quoted(of.metric);
  const found = conditions();
  found.add('ts', '>=', new Date(of.since));
  found.add('gpu_uuid', '=', of.gpu_uuid);
  found.addText(`${metric} IS NOT NULL`);
  const rows = await database.query<{ at: number; instance: string | null; value: number }>(
    `SELECT ts AS at, instance, ${metric} AS value FROM gpu_metrics${found.where()} LATEST ON ts PARTITION BY gpu_uuid, instance`,
    found.parameters,
  );
  const row = rows.find(({ instance }) => (instance ?? '') === of.instance);
  return row === undefined ? null : { value: row.value, at: row.at };
}

/** How many events a fault story has so far; null when there is no such row. */
export async function readEpisodeCount(
  database: Database,
  { id, gpu_uuid }: { readonly id: string; readonly gpu_uuid: string },
): Promise<number | null> {
  const [row] = await database.query<{ count: number }>(
    'SELECT "count" FROM xid_episodes WHERE gpu_uuid = $1 AND id = $2 LIMIT 1',
    [gpu_uuid, id],
  );
  return row?.count ?? null;
}
