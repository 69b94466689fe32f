/** What is foreseen, decided and learned. Field names are those of the tables, of REST, of NATS and of JSONL; instants are epoch ms. */

export const FAILURE_TYPES = ['memory', 'thermal', 'power', 'other'] as const;
export type FailureType = (typeof FAILURE_TYPES)[number];

/** Days ahead that a failure is foreseen for. */
export const HORIZONS_DAYS = [7, 30, 90] as const;
export type HorizonDays = (typeof HORIZONS_DAYS)[number];

/** One reason of a prediction: how far a feature moved it, in log-odds of the 30-day failure (share of probability for the heuristic). */
export interface PredictionContribution {
  readonly feature: string;
  readonly value: number | null;
  readonly contribution: number;
}

/** A row of gpu_failure_predictions. Probabilities are 0..1 with p7 <= p30 <= p90. */
export interface Prediction {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly failure_prob_7d: number;
  readonly failure_prob_30d: number;
  readonly failure_prob_90d: number;
  readonly predicted_failure_type: FailureType;
  /** Median time to failure, and the 80 % interval around it; null = beyond what the model has seen. */
  readonly estimated_ttf_days: number | null;
  readonly ttf_low_days: number | null;
  readonly ttf_high_days: number | null;
  /** 0..1: falls with missing inputs, novelty and disagreement among the models. */
  readonly confidence: number;
  /** `heuristic` when there is no trained model. */
  readonly model_name: string;
  readonly model_version: string;
  /** The five largest, largest first. */
  readonly contributions: readonly PredictionContribution[];
  /** The prediction in one sentence with numbers; says so when the model was trained on simulated fleets. */
  readonly explanation: string;
}

export const DECISIONS = ['keep', 'sell', 'repurpose', 'decommission'] as const;
export type DecisionOption = (typeof DECISIONS)[number];

/** What the lifecycle advisor says to do next. */
export type LifecycleAdvice = 'keep' | 'watch' | 'drain' | 'rma' | 'repurpose' | 'sell' | 'decommission';

/** How far one input may move before another option wins. */
export interface DecisionFlip {
  /** health, p30, utilisation, rent_usd_per_hour, energy_usd_per_kwh, resale_usd ... */
  readonly input: string;
  readonly value: number;
  /** The nearest value at which `to` becomes the best; null when no plausible value does. */
  readonly flips_at: number | null;
  readonly to: DecisionOption | null;
}

/** A row of gpu_economic_decisions. Money in US dollars, unrounded. */
export interface Decision {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly decision: DecisionOption;
  readonly npv_keep: number;
  readonly npv_sell: number;
  readonly npv_repurpose: number;
  /** The value of decommissioning. */
  readonly salvage_value: number;
  /** The best of the four. */
  readonly expected_value: number;
  readonly confidence: number;
  readonly rationale: string;
  readonly sensitivity: readonly DecisionFlip[];
  readonly advice: LifecycleAdvice;
  /** Expected loss per hour of waiting: what a failure would cost, times its hazard. */
  readonly value_at_risk_usd_per_hour: number;
  readonly health: number | null;
  readonly p30: number | null;
  readonly utilisation: number | null;
  readonly profile: 'default' | 'reference';
}

/** A failure that somebody confirmed, or that is suggested and waits for a person. */
export interface FailureLabel {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly failed_at: number;
  readonly type: FailureType;
  /** Who tells of it: hand, csv, rma, episode, or a word of theirs. */
  readonly source: string;
  readonly note: string;
  /** suggested ones train nothing until they are confirmed. */
  readonly status: 'confirmed' | 'suggested' | 'rejected';
}
