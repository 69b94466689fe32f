import type { Database } from '../../pipeline/contract/database.ts';
import type { HealthScore } from '../../pipeline/contract/events.ts';
import { days } from '../../pipeline/contract/time.ts';
import { GPU_HEALTH_SCORES } from '../../pipeline/contract/verdict-tables.ts';
import { columnList, fillTexts, quoted } from './select-rows.ts';

const COLUMNS = ['ts', 'gpu_uuid', 'instance', 'overall_score', 'health_grade'] as const;
export type CurrentHealth = Pick<HealthScore, (typeof COLUMNS)[number]>;

const SPEC = {
  ...GPU_HEALTH_SCORES,
  columns: GPU_HEALTH_SCORES.columns.filter(({ name }) => COLUMNS.some((one) => one === name)),
};
/** What nobody has judged for so long is not there any more. */
const PRESENT_MS = days(1);

/** The newest score of each board and MIG instance within a day of the newest of all, in no order. Throws GV-API-003 when the database is away. */
export async function currentHealth(database: Database): Promise<CurrentHealth[]> {
  const table = quoted(SPEC.name);
  const [newest] = await database.query<{ last: number | null }>(`SELECT max(ts) AS last FROM ${table}`);
  if (typeof newest?.last !== 'number') return [];
  const rows = await database.query(
    `SELECT ${columnList(SPEC)} FROM ${table} WHERE ts >= $1 LATEST ON ts PARTITION BY gpu_uuid, instance`,
    [new Date(newest.last - PRESENT_MS)],
  );
  fillTexts(SPEC, rows);
  return rows as unknown as CurrentHealth[];
}
