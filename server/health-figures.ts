import type { Clock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import type { HealthGrade } from '../pipeline/contract/events.ts';
import { GPU_HEALTH_SCORES, INCIDENTS } from '../pipeline/contract/verdict-tables.ts';
import type { FleetSummary } from './schemas-fleet.ts';

export type HealthFigures = NonNullable<FleetSummary['health']>;

const AGE_MS = 10_000;
const NOBODY: Readonly<Record<HealthGrade, number>> = {
  excellent: 0,
  good: 0,
  fair: 0,
  degraded: 0,
  poor: 0,
  critical: 0,
  unknown: 0,
};

/**
 * How healthy the fleet is, from the newest scores: what was read last, while what is older than ten seconds is read anew
 * behind it. Null until the first is there, and when the database cannot tell.
 */
export function cachedHealthFigures(database: Database, clock: Clock): () => HealthFigures | null {
  let known: HealthFigures | null = null;
  let asked = Number.NEGATIVE_INFINITY;
  let asking = false;
  const read = async (): Promise<void> => {
    const [scores, incidents] = await Promise.all([
      database.query<{ health_grade: HealthGrade; gpus: number; mean: number | null }>(
        `SELECT health_grade, count() AS gpus, avg(overall_score) AS mean FROM (SELECT health_grade, overall_score FROM ${GPU_HEALTH_SCORES.name} LATEST ON ts PARTITION BY gpu_uuid, instance) GROUP BY health_grade`,
      ),
      database.query<{ open: number }>(`SELECT count() AS open FROM ${INCIDENTS.name} WHERE state = 'open'`),
    ]);
    const grades = { ...NOBODY };
    let scored = 0;
    let sum = 0;
    for (const { health_grade, gpus, mean } of scores) {
      if (health_grade in grades) grades[health_grade] += gpus;
      if (typeof mean !== 'number') continue;
      scored += gpus;
      sum += gpus * mean;
    }
    known = {
      mean_score: scored === 0 ? null : Math.round((sum / scored) * 10) / 10,
      grades,
      open_incidents: incidents[0]?.open ?? 0,
    };
  };
  return () => {
    const now = clock.monotonic();
    if (!asking && now - asked >= AGE_MS) {
      asked = now;
      asking = true;
      read()
        .catch(() => {
          known = null;
        })
        .finally(() => {
          asking = false;
        });
    }
    return known;
  };
}
