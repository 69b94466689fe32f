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

/** What is foreseen of a board or MIG instance, with the decision about the board. */
export interface BoardRisk extends RiskPrediction {
  readonly decision: RiskDecision['decision'] | null;
  /** Empty: none yet. */
  readonly advice: string;
  readonly value_at_risk_usd_per_hour: number | null;
  /** failure_prob_30d x value_at_risk_usd_per_hour. */
  readonly priority: number | null;
}

/** What was last said of every board that was there within a day of the newest event time. */
export interface FleetNow {
  risks(): Promise<readonly BoardRisk[]>;
  decisions(): Promise<readonly RiskDecision[]>;
}

const AGE_MS = 30_000;
/** A board that has said nothing for so long is at nobody's risk any more. */
const PRESENT_MS = days(1);

/** At most half a minute old, where predictions come every five. Throws GV-API-003 when the database is away. */
export function fleetNow({ database, clock }: { readonly database: Database; readonly clock: Clock }): FleetNow {
  const since = cachedAnswer(clock, AGE_MS, async () => {
    const span = await predictionSpan(database);
    return span === null ? 0 : span.last - PRESENT_MS;
  });
  const decisions = cachedAnswer(clock, AGE_MS, async () => currentDecisions(database, await since()));
  return {
    decisions,
    risks: cachedAnswer(clock, AGE_MS, async () => {
      const [predicted, decided] = await Promise.all([currentPredictions(database, await since()), decisions()]);
      return joined(predicted, decided);
    }),
  };
}

function joined(predictions: readonly RiskPrediction[], decisions: readonly RiskDecision[]): BoardRisk[] {
  const byBoard = new Map(decisions.map((decision) => [decision.gpu_uuid, decision]));
  return predictions.map((prediction) => {
    const board = byBoard.get(prediction.gpu_uuid);
    const value_at_risk_usd_per_hour = board?.value_at_risk_usd_per_hour ?? null;
    return {
      ...prediction,
      decision: board?.decision ?? null,
      advice: board?.advice ?? '',
      value_at_risk_usd_per_hour,
      priority: value_at_risk_usd_per_hour === null ? null : prediction.failure_prob_30d * value_at_risk_usd_per_hour,
    };
  });
}
