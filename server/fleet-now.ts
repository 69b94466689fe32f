import type { Clock } from '../pipeline/clock.ts';
import type { FleetReading } from './fleet-view.ts';
import { presentVerdicts } from './present-verdicts.ts';
import type { DecisionNow, HealthNow, PredictionNow } from './verdict-now.ts';

/** The health of a board or MIG instance. */
export interface BoardScore extends Pick<HealthNow, 'instance' | 'overall_score' | 'health_grade'> {
  readonly gpu_uuid: string;
}

export interface BoardDecision extends Omit<DecisionNow, 'ts' | 'confidence'> {
  readonly gpu_uuid: string;
  readonly node: string;
}

/** What is foreseen of a board or MIG instance, with the decision about the board. */
export interface BoardRisk extends Omit<PredictionNow, 'ttf_low_days' | 'ttf_high_days'> {
  readonly gpu_uuid: string;
  readonly node: string;
  readonly decision: DecisionNow['decision'] | null;
  /** Empty: none yet. */
  readonly advice: string;
  readonly value_at_risk_usd_per_hour: number | null;
  /** failure_prob_30d x value_at_risk_usd_per_hour. */
  readonly priority: number | null;
}

/** What was last said of every board that was there within a day of the newest event time, in the order of the view. */
export interface FleetNow {
  scores(): readonly BoardScore[];
  risks(): readonly BoardRisk[];
  decisions(): readonly BoardDecision[];
}

const AGE_MS = 10_000;

/**
 * From memory, at most ten seconds old; the same list for as long as nothing has changed. One pass over the fleet each, which
 * names every field: to spread the rows of a large fleet costs many times as much.
 */
export function fleetNow({ view, clock }: { readonly view: FleetReading; readonly clock: Clock }): FleetNow {
  const scores = remade(view, clock, () => {
    const { health } = presentVerdicts(view);
    const found: BoardScore[] = [];
    for (const entry of view.all()) {
      const score = health(entry);
      if (score === null) continue;
      const { overall_score, health_grade } = score;
      found.push({ gpu_uuid: entry.gpu_uuid, instance: entry.instance, overall_score, health_grade });
    }
    return found;
  });
  const decisions = remade(view, clock, () => {
    const { decision } = presentVerdicts(view);
    const found: BoardDecision[] = [];
    for (const entry of view.all()) {
      const { gpu_uuid, node } = entry;
      // The instances of a board follow each other.
      if (found.at(-1)?.gpu_uuid === gpu_uuid) continue;
      const decided = decision(entry);
      if (decided === null) continue;
      found.push({
        gpu_uuid,
        node,
        decision: decided.decision,
        advice: decided.advice,
        npv_keep: decided.npv_keep,
        expected_value: decided.expected_value,
        value_at_risk_usd_per_hour: decided.value_at_risk_usd_per_hour,
        rationale: decided.rationale,
      });
    }
    return found;
  });
  const risks = remade(view, clock, () => {
    const { prediction } = presentVerdicts(view);
    const decided = new Map(decisions().map((one) => [one.gpu_uuid, one]));
    const found: BoardRisk[] = [];
    for (const entry of view.all()) {
      const foreseen = prediction(entry);
      if (foreseen === null) continue;
      const { gpu_uuid, instance, node } = entry;
      const board = decided.get(gpu_uuid);
      const at_risk = board?.value_at_risk_usd_per_hour ?? null;
      found.push({
        ts: foreseen.ts,
        gpu_uuid,
        node,
        instance,
        failure_prob_7d: foreseen.failure_prob_7d,
        failure_prob_30d: foreseen.failure_prob_30d,
        failure_prob_90d: foreseen.failure_prob_90d,
        predicted_failure_type: foreseen.predicted_failure_type,
        estimated_ttf_days: foreseen.estimated_ttf_days,
        confidence: foreseen.confidence,
        model_name: foreseen.model_name,
        model_version: foreseen.model_version,
        explanation: foreseen.explanation,
        decision: board?.decision ?? null,
        advice: board?.advice ?? '',
        value_at_risk_usd_per_hour: at_risk,
        priority: at_risk === null ? null : foreseen.failure_prob_30d * at_risk,
      });
    }
    return found;
  });
  return { scores, risks, decisions };
}

/** What `make` made last, anew when the view has changed and it is old. */
function remade<T>(view: Pick<FleetReading, 'revision'>, clock: Clock, make: () => T): () => T {
  let last: { readonly value: T; readonly revision: number; readonly at: number } | null = null;
  return () => {
    const at = clock.monotonic();
    if (last === null || (last.revision !== view.revision && at - last.at >= AGE_MS)) {
      last = { value: make(), revision: view.revision, at };
    }
    return last.value;
  };
}
