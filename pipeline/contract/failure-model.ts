import type { FeatureVector } from './events.ts';
import type { FailureType, PredictionContribution } from './predictions.ts';

/** What a model says of one GPU at one instant. */
export interface Judgement {
  /** Probabilities 0..1 of a failure within 7, 30 and 90 days, p7 <= p30 <= p90. */
  readonly p7: number;
  readonly p30: number;
  readonly p90: number;
  readonly type: FailureType;
  /** 0..1. */
  readonly confidence: number;
  /** The five largest, largest first. */
  readonly contributions: readonly PredictionContribution[];
  /** Sentences with numbers. */
  readonly explanation: string;
}

/** Something that foresees failures from feature vectors: the heuristic, or a trained ensemble. */
export interface FailureModel {
  readonly name: string;
  readonly version: string;
  /** Numbers that it carries per GPU from vector to vector, at most CARRIED_WIDTH; 0 = it remembers nothing. */
  readonly carried_width: number;
  /**
   * Judges a vector. `carried` are the GPU's numbers, changed in place, all 0 at first and after another model had been
   * there; `elapsed_ms` is the time since the vector before, 0 for the first one.
   */
  judge(vector: FeatureVector, carried: Float32Array, elapsed_ms: number): Judgement;
  /** Steps what is carried as `judge` does, and says nothing: for vectors whose judgement nobody needs. Absent where nothing is carried. */
  readonly follow?: (vector: FeatureVector, carried: Float32Array, elapsed_ms: number) => void;
}

/** The models that count, with enough of their past that a replay sees what the first run saw. */
export interface ModelBook {
  /** The model that counts for a GPU and what the server stored at this instant (epoch ms); null: none. */
  at(arrived_at: number, gpu_uuid: string): FailureModel | null;
}

/** Numbers kept per GPU for a model that carries some: two recurrent layers of 128, and what their inputs remember. */
export const CARRIED_WIDTH = 640;

export const NO_MODELS: ModelBook = { at: () => null };
