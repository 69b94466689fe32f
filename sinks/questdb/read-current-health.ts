import type { Database } from '../../pipeline/contract/database.ts';
import type { HealthScore } from '../../pipeline/contract/events.ts';
import { days } from '../../pipeline/contract/time.ts';
import { GPU_HEALTH_SCORES } from '../../pipeline/contract/verdict-tables.ts';
import { columnList, fillTexts, quoted } from './select-rows.ts';

const COLUMNS = ['ts', 'gpu_uuid', 'instance', 'overall_score', 'health_grade'] as const;
const DIMENSIONS = [
  'memory_health',
  'thermal_health',
  'performance_health',
  'power_health',
  'reliability_health',
] as const;
export type CurrentHealth = Pick<HealthScore, (typeof COLUMNS)[number]>;
export type CurrentDimensions = CurrentHealth & Pick<HealthScore, (typeof DIMENSIONS)[number]>;

/** What nobody has judged for so long is not there any more. */
const PRESENT_MS = days(1);

/** The newest score of each board and MIG instance within a day of the newest of all, in no order. Throws GV-API-003 when the database is away. */
export const currentHealth = async (database: Database): Promise<CurrentHealth[]> =>
  (await newest(database, COLUMNS)) as unknown as CurrentHealth[];

/** The same with the five dimensions. */
export const currentDimensions = async (database: Database): Promise<CurrentDimensions[]> =>
  (await newest(database, [...COLUMNS, ...DIMENSIONS])) as unknown as CurrentDimensions[];

async function newest(database: Database, names: readonly string[]): Promise<Record<string, unknown>[]> {
  const spec = {
    ...GPU_HEALTH_SCORES,
    columns: GPU_HEALTH_SCORES.columns.filter(({ name }) => names.includes(name)),
  };
  const table = quoted(spec.name);
  const [last] = await database.query<{ last: number | null }>(`SELECT max(ts) AS last FROM ${table}`);
  if (typeof last?.last !== 'number') return [];
  const rows = await database.query(
    `SELECT ${columnList(spec)} FROM ${table} WHERE ts >= $1 LATEST ON ts PARTITION BY gpu_uuid, instance`,
    [new Date(last.last - PRESENT_MS)],
  );
  fillTexts(spec, rows);
  return rows;
}
