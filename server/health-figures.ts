import type { Clock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import type { HealthGrade } from '../pipeline/contract/events.ts';
import { INCIDENTS } from '../pipeline/contract/verdict-tables.ts';
import { quoted } from '../sinks/questdb/select-rows.ts';
import type { BoardScore, FleetNow } from './fleet-now.ts';
import { keptAnswer } from './kept-answer.ts';
import type { FleetSummary } from './schemas-fleet.ts';

export type HealthFigures = NonNullable<FleetSummary['health']>;

const OPEN_INCIDENTS = { age_ms: 10_000, kept_ms: 60_000 };
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
 * How healthy the fleet is: scores from memory, incidents as the table counted them last, anew every ten seconds behind what is
 * known. Null until they are counted, and when the database has not answered for a minute; else the same object for as long as
 * it says the same.
 */
export function healthFigures(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly now: Pick<FleetNow, 'scores'>;
}): () => HealthFigures | null {
  const incidents = keptAnswer(parts.clock, OPEN_INCIDENTS, async () => {
    const [counted] = await parts.database.query<{ open: number }>(
      `SELECT count() AS open FROM ${quoted(INCIDENTS.name)} WHERE state = 'open'`,
    );
    return counted?.open ?? 0;
  });
  let last: { readonly scores: readonly BoardScore[]; readonly told: HealthFigures } | null = null;
  return () => {
    const open_incidents = incidents.known();
    if (open_incidents === null) return null;
    const scores = parts.now.scores();
    if (last?.scores !== scores || last.told.open_incidents !== open_incidents) {
      last = { scores, told: { ...figuresOf(scores), open_incidents } };
    }
    return last.told;
  };
}

function figuresOf(scores: readonly BoardScore[]): Pick<HealthFigures, 'mean_score' | 'grades'> {
  const grades = { ...NOBODY };
  let scored = 0;
  let sum = 0;
  for (const { health_grade, overall_score } of scores) {
    grades[health_grade] += 1;
    if (overall_score === null) continue;
    scored += 1;
    sum += overall_score;
  }
  return { mean_score: scored === 0 ? null : Math.round((sum / scored) * 10) / 10, grades };
}
