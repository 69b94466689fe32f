import type { Database } from '../../pipeline/contract/database.ts';
import { GPU_FAILURE_PREDICTIONS } from '../../pipeline/contract/prediction-tables.ts';
import type { Prediction } from '../../pipeline/contract/predictions.ts';
import { fillTexts, quoted } from './select-rows.ts';

const COLUMNS = [
  'ts',
  'gpu_uuid',
  'instance',
  'failure_prob_7d',
  'failure_prob_30d',
  'failure_prob_90d',
  'model_name',
  'model_version',
] as const;

/** What of a prediction tells how good it was. */
export type JudgedPrediction = Pick<Prediction, (typeof COLUMNS)[number]>;

const SPEC = {
  ...GPU_FAILURE_PREDICTIONS,
  columns: GPU_FAILURE_PREDICTIONS.columns.filter(({ name }) => COLUMNS.some((one) => one === name)),
};
const TABLE = quoted(SPEC.name);

/** Event time of the first and the last prediction, epoch ms; null when there is none. Throws GV-API-003 when the database is away. */
export async function predictionSpan(
  database: Database,
): Promise<{ readonly first: number; readonly last: number } | null> {
  const [row] = await database.query<{ first: number | null; last: number | null }>(
    `SELECT min(ts) AS first, max(ts) AS last FROM ${TABLE}`,
  );
  return typeof row?.first === 'number' && typeof row.last === 'number' ? { first: row.first, last: row.last } : null;
}

/**
 * The last prediction of each board before an instant and since another: of the board itself, or of its lowest instance where
 * only instances are told of. Ordered by gpu_uuid. Throws GV-API-003 when the database is away.
 * Cost     read from the end backwards until every board was met: 10,000 of them among 2.9 million rows of a day in 40 ms.
 */
export async function lastPredictions(database: Database, from: number, to: number): Promise<JudgedPrediction[]> {
  const rows = await database.query(
    `SELECT ${COLUMNS.map(quoted).join(', ')} FROM ${TABLE} WHERE ts >= $1 AND ts < $2 LATEST ON ts PARTITION BY gpu_uuid, instance`,
    [new Date(from), new Date(to)],
  );
  fillTexts(SPEC, rows);
  const boards = new Map<string, JudgedPrediction>();
  for (const row of rows as unknown as JudgedPrediction[]) {
    const known = boards.get(row.gpu_uuid);
    if (known === undefined || isLower(row.instance, known.instance)) boards.set(row.gpu_uuid, row);
  }
  return [...boards.values()].sort((a, b) => (a.gpu_uuid < b.gpu_uuid ? -1 : 1));
}

/** The whole board first, then by number. */
const isLower = (a: string, b: string): boolean => (a.length !== b.length ? a.length < b.length : a < b);
