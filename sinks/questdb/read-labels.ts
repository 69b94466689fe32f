import type { Database } from '../../pipeline/contract/database.ts';
import type { Episode } from '../../pipeline/contract/events.ts';
import { GPU_FAILURE_LABELS } from '../../pipeline/contract/prediction-tables.ts';
import type { FailureLabel } from '../../pipeline/contract/predictions.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { GPU_HEALTH_SCORES, XID_EPISODES } from '../../pipeline/contract/verdict-tables.ts';
import { columnList, fillTexts, quoted } from './select-rows.ts';

/** More than a fleet fails in years; what is beyond is older. */
const ROWS_MAX = 100_000;

/** Every label of any status, newest failure first; none while there is no table yet. Throws GV-API-003 when the database is away. */
export async function readLabels(database: Database): Promise<FailureLabel[]> {
  const rows = await rowsOf(database, GPU_FAILURE_LABELS, columnList(GPU_FAILURE_LABELS), '');
  return rows as unknown as FailureLabel[];
}

const SIGNS = [
  'ts',
  'gpu_uuid',
  'node',
  'severity',
  'category',
  'action',
  'started_at',
  'ended_at',
  'primary_xid',
  'cured',
];

/** Critical episodes, newest first; none while there is no table yet. Throws GV-API-003 when the database is away. */
export async function readCriticalEpisodes(
  database: Database,
): Promise<
  Pick<
    Episode,
    'gpu_uuid' | 'node' | 'severity' | 'category' | 'action' | 'started_at' | 'ended_at' | 'primary_xid' | 'cured'
  >[]
> {
  const spec = { ...XID_EPISODES, columns: XID_EPISODES.columns.filter(({ name }) => SIGNS.includes(name)) };
  const rows = await rowsOf(database, spec, columnList(spec), `WHERE "severity" = 'critical'`);
  return rows as unknown as Episode[];
}

/** When each of these GPUs was last scored, epoch ms; those that never were are left out. Throws GV-API-003 when the database is away. */
export async function readLastScored(database: Database, uuids: readonly string[]): Promise<Map<string, number>> {
  if (uuids.length === 0) return new Map();
  const places = uuids.map((_, i) => `$${i + 1}`).join(', ');
  const rows = await database.query<{ gpu_uuid: string; last_ts: number }>(
    `SELECT gpu_uuid, max(ts) AS last_ts FROM ${quoted(GPU_HEALTH_SCORES.name)} WHERE gpu_uuid IN (${places}) GROUP BY gpu_uuid`,
    uuids,
  );
  return new Map(rows.map(({ gpu_uuid, last_ts }) => [gpu_uuid, last_ts]));
}

async function rowsOf(
  database: Database,
  spec: TableSpec,
  columns: string,
  where: string,
): Promise<Record<string, unknown>[]> {
  const found = await database.query('SELECT table_name FROM tables() WHERE table_name = $1', [spec.name]);
  if (found.length === 0) return [];
  const rows = await database.query(`SELECT ${columns} FROM ${quoted(spec.name)} ${where} ORDER BY ts DESC LIMIT $1`, [
    ROWS_MAX,
  ]);
  fillTexts(spec, rows);
  return rows;
}
