import type { Clock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { days } from '../pipeline/contract/time.ts';
import { predictionSpan } from '../sinks/questdb/read-predictions.ts';
import {
  currentDecisions,
  currentPredictions,
  type RiskDecision,
  type RiskPrediction,
} from '../sinks/questdb/read-risks.ts';
import { cachedAnswer } from './cached-answer.ts';

/** What was last said of every board that was there within a day of the newest event time. */
export interface FleetNow {
  predictions(): Promise<readonly RiskPrediction[]>;
  decisions(): Promise<readonly RiskDecision[]>;
}

const AGE_MS = 10_000;
/** A board that has said nothing for so long is at nobody's risk any more. */
const PRESENT_MS = days(1);

/** At most ten seconds old. Throws GV-API-003 when the database is away. */
export function fleetNow({ database, clock }: { readonly database: Database; readonly clock: Clock }): FleetNow {
  const since = cachedAnswer(clock, AGE_MS, async () => {
    const span = await predictionSpan(database);
    return span === null ? 0 : span.last - PRESENT_MS;
  });
  return {
    predictions: cachedAnswer(clock, AGE_MS, async () => currentPredictions(database, await since())),
    decisions: cachedAnswer(clock, AGE_MS, async () => currentDecisions(database, await since())),
  };
}
