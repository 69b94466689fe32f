import type { FleetRisk } from '../../client/api-client.ts';
import { originText, trainedOn } from './prediction-text.ts';

/** What the fleet page keeps of what is foreseen for a board: of its worst part. */
export interface BoardRisk {
  /** 0..1, to fail within 30 days. */
  readonly p30: number;
  /** Expected loss of an hour's waiting, dollars; null before there is a decision. */
  readonly usd_per_hour: number | null;
  /** Empty: none yet. */
  readonly advice: string;
  readonly type: string;
  /** What the model learned from, where that must be said; else empty. */
  readonly origin: string;
  /** ISO text. */
  readonly ts: string;
}

/** By GPU; of several parts the one most likely to fail. Those without a probability are left out. */
export function boardRisks(answers: readonly FleetRisk[]): ReadonlyMap<string, BoardRisk> {
  const risks = new Map<string, BoardRisk>();
  for (const answer of answers) {
    const { gpu_uuid, failure_prob_30d: p30, ts, advice, predicted_failure_type } = answer;
    const known = risks.get(gpu_uuid);
    if (p30 === null || (known !== undefined && known.p30 >= p30)) continue;
    risks.set(gpu_uuid, {
      p30,
      usd_per_hour: answer.value_at_risk_usd_per_hour,
      advice,
      type: predicted_failure_type,
      origin: originText(trainedOn(answer)),
      ts,
    });
  }
  return risks;
}
