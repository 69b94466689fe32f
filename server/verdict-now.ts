import type { HealthScore } from '../pipeline/contract/events.ts';
import type { Decision, Prediction } from '../pipeline/contract/predictions.ts';

/** What of the rows about a GPU is worth telling whenever it changes; reasons and sensitivities are asked for over REST. */
export const HEALTH_NOW = [
  'ts',
  'instance',
  'overall_score',
  'memory_health',
  'thermal_health',
  'performance_health',
  'power_health',
  'reliability_health',
  'health_grade',
  'confidence',
  'explanation',
  'action',
] as const satisfies readonly (keyof HealthScore)[];
export const PREDICTION_NOW = [
  'ts',
  'instance',
  'failure_prob_7d',
  'failure_prob_30d',
  'failure_prob_90d',
  'predicted_failure_type',
  'estimated_ttf_days',
  'ttf_low_days',
  'ttf_high_days',
  'confidence',
  'model_name',
  'model_version',
  'explanation',
] as const satisfies readonly (keyof Prediction)[];
export const DECISION_NOW = [
  'ts',
  'decision',
  'advice',
  'npv_keep',
  'expected_value',
  'value_at_risk_usd_per_hour',
  'confidence',
  'rationale',
] as const satisfies readonly (keyof Decision)[];

export type HealthNow = Pick<HealthScore, (typeof HEALTH_NOW)[number]>;
export type PredictionNow = Pick<Prediction, (typeof PREDICTION_NOW)[number]>;
export type DecisionNow = Pick<Decision, (typeof DECISION_NOW)[number]>;

export type VerdictKind = 'health' | 'prediction' | 'decision';
/** A change of what is thought of a GPU: scores and predictions of a board or MIG instance, decisions of a board. */
export type VerdictChange = { readonly gpu_uuid: string } & (
  | { readonly kind: 'health'; readonly row: HealthNow }
  | { readonly kind: 'prediction'; readonly row: PredictionNow }
  | { readonly kind: 'decision'; readonly row: DecisionNow }
);

interface Known {
  readonly health: Map<string, HealthNow>;
  readonly prediction: Map<string, PredictionNow>;
  decision: DecisionNow | null;
}

/** A score that was not told anew for so long, while its GPU went on sending, says nothing of now (they come every 15 minutes). */
const HEALTH_CURRENT_MS = 3_600_000;
/** The same for what comes with every feature vector, which a history has less often. */
const FORESEEN_CURRENT_MS = 86_400_000;

/**
 * The newest verdict on every GPU. An older row than the known one is left, so rows in any order end the same. State: about
 * 2 kB a GPU, most of it sentences, until `forgetBefore`.
 */
export class VerdictBook {
  private readonly known = new Map<string, Known>();

  /** Whether it was news. */
  apply(change: VerdictChange): boolean {
    let known = this.known.get(change.gpu_uuid);
    if (known === undefined) {
      known = { health: new Map(), prediction: new Map(), decision: null };
      this.known.set(change.gpu_uuid, known);
    }
    switch (change.kind) {
      case 'health':
        return put(known.health, change.row);
      case 'prediction':
        return put(known.prediction, change.row);
      case 'decision': {
        const news = isNews(known.decision, change.row);
        if (news) known.decision = change.row;
        return news;
      }
    }
  }

  /** Lets go of rows with an earlier ts; of none when that is NaN. */
  forgetBefore(ts: number): void {
    for (const [gpu_uuid, known] of this.known) {
      for (const rows of [known.health, known.prediction]) {
        for (const [instance, row] of rows) if (row.ts < ts) rows.delete(instance);
      }
      if (known.decision !== null && known.decision.ts < ts) known.decision = null;
      if (known.health.size + known.prediction.size === 0 && known.decision === null) this.known.delete(gpu_uuid);
    }
  }

  /** GPUs of which there is one. */
  get size(): number {
    return this.known.size;
  }

  /** Null when there is none that still speaks of a sample at `ts` (NaN: of whenever); likewise below. */
  health(gpu_uuid: string, instance: string, ts: number): HealthNow | null {
    return current(this.known.get(gpu_uuid)?.health.get(instance), ts, HEALTH_CURRENT_MS);
  }

  prediction(gpu_uuid: string, instance: string, ts: number): PredictionNow | null {
    return current(this.known.get(gpu_uuid)?.prediction.get(instance), ts, FORESEEN_CURRENT_MS);
  }

  decision(gpu_uuid: string, ts: number): DecisionNow | null {
    return current(this.known.get(gpu_uuid)?.decision, ts, FORESEEN_CURRENT_MS);
  }
}

function put<Row extends { readonly ts: number; readonly instance: string }>(
  rows: Map<string, Row>,
  row: Row,
): boolean {
  const news = isNews(rows.get(row.instance), row);
  if (news) rows.set(row.instance, row);
  return news;
}

/** A row of the same instant is news too: it was told again because it changed. */
const isNews = (known: { readonly ts: number } | null | undefined, row: { readonly ts: number }): boolean =>
  known === null || known === undefined || row.ts >= known.ts;

const current = <Row extends { readonly ts: number }>(
  row: Row | null | undefined,
  ts: number,
  age_max_ms: number,
): Row | null => (row === null || row === undefined || row.ts < ts - age_max_ms ? null : row);
