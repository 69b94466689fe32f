import type { Database } from '../../pipeline/contract/database.ts';
import type { Anomaly, Episode } from '../../pipeline/contract/events.ts';
import { ANOMALIES, ROLLUPS } from '../../pipeline/contract/tables.ts';
import { GPU_HEALTH_SCORES, XID_EPISODES } from '../../pipeline/contract/verdict-tables.ts';
import { columnList, fillTexts, quoted } from './select-rows.ts';

const ABSENT = ['ts', 'gpu_uuid', 'node', 'type', 'opened_at', 'closed_at'] as const;
const BROKEN = ['ts', 'gpu_uuid', 'node', 'started_at', 'ended_at', 'reset_at', 'cured'] as const;
export type Absence = Pick<Anomaly, (typeof ABSENT)[number]>;
export type BrokenSpell = Pick<Episode, (typeof BROKEN)[number]>;

const ROWS_MAX = 200_000;
const only = <T extends { readonly columns: readonly { readonly name: string }[] }>(
  spec: T,
  names: readonly string[],
): T => ({ ...spec, columns: spec.columns.filter(({ name }) => names.includes(name)) });
const ABSENCES = only(ANOMALIES, ABSENT);
const EPISODES = only(XID_EPISODES, BROKEN);

/**
 * Lost GPUs and silent nodes (gpu_uuid empty), warning or critical, that reach into a time: those still open begin at any
 * time before its end. Throws GV-API-003 when the database is away.
 */
export async function absencesWithin(database: Database, from: number, to: number): Promise<Absence[]> {
  const rows = await database.query(
    `SELECT ${columnList(ABSENCES)} FROM ${quoted(ANOMALIES.name)} WHERE ts < $2 AND "type" IN ('gpu_lost', 'node_silent')` +
      ` AND severity IN ('warning', 'critical') AND (closed_at > $1 OR "state" = 'open') ORDER BY ts LIMIT ${ROWS_MAX}`,
    [new Date(from), new Date(to)],
  );
  fillTexts(ABSENCES, rows);
  return rows as unknown as Absence[];
}

/**
 * Critical episodes that ask for a reset, a reboot, a drain or another board and that may reach into a time. Throws
 * GV-API-003 when the database is away.
 */
export async function brokenSpellsWithin(database: Database, from: number, to: number): Promise<BrokenSpell[]> {
  const rows = await database.query(
    `SELECT ${columnList(EPISODES)} FROM ${quoted(XID_EPISODES.name)} WHERE ts < $2 AND severity = 'critical'` +
      ` AND "action" IN ('reset_gpu', 'reboot_node', 'drain_and_reset', 'replace_gpu')` +
      ` AND (ended_at IS NULL OR ended_at > $1 OR reset_at > $1) ORDER BY ts LIMIT ${ROWS_MAX}`,
    [new Date(from), new Date(to)],
  );
  fillTexts(EPISODES, rows);
  return rows as unknown as BrokenSpell[];
}

/** Start of the first and the last hour within a time in which a board had samples. */
export interface Sight {
  readonly gpu_uuid: string;
  readonly first: number;
  readonly last: number;
}

/**
 * From the hourly rollup: one pass over its rows of that time. It follows its samples within half an hour; where it knows of
 * fewer boards than are known to be there, health scores are asked too. Throws GV-API-003 when the database is away.
 */
export async function sightsWithin(
  database: Database,
  from: number,
  to: number,
  boards_expected: number,
): Promise<Sight[]> {
  const read = (table: string): Promise<(Sight & Record<string, unknown>)[]> =>
    database.query(
      `SELECT gpu_uuid, min(ts) AS first, max(ts) AS last FROM ${quoted(table)} WHERE ts >= $1 AND ts < $2 GROUP BY gpu_uuid`,
      [new Date(from), new Date(to)],
    );
  const seen = await read(ROLLUPS.find(({ size }) => size === '1h')?.name ?? '');
  if (seen.length >= boards_expected) return seen;
  const sights = new Map<string, Sight>(seen.map((sight) => [sight.gpu_uuid, sight]));
  for (const { gpu_uuid, first, last } of await read(GPU_HEALTH_SCORES.name)) {
    const known = sights.get(gpu_uuid);
    sights.set(gpu_uuid, {
      gpu_uuid,
      first: Math.min(first, known?.first ?? first),
      last: Math.max(last, known?.last ?? last),
    });
  }
  return [...sights.values()];
}
