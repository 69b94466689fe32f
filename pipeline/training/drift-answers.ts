import { parseInstant } from '../contract/time.ts';
import type { DriftSeen } from './drift-seen.ts';
import type { ShiftLook } from './standing-shift.ts';

export const PERFORMANCE_ASKED = '/api/v1/models/performance?horizon=30';
/** The facts of the whole list, and the weightiest of what has moved. */
export const FEATURES_ASKED = '/api/v1/models/drift?moved=true&sort=-importance&limit=5';

/** What the retraining reads of `GET /models/performance`. */
export interface PerformanceAnswer {
  readonly items: readonly {
    readonly model_name: string;
    readonly model_version: string;
    readonly alarms: readonly {
      readonly at: string;
      readonly what: 'prediction' | 'loss';
      readonly explanation: string;
    }[];
  }[];
}

/** What the retraining reads of `GET /models/drift`. */
export interface DriftAnswer {
  readonly items: readonly { readonly feature: string }[];
  readonly model_name: string;
  readonly model_version: string;
  readonly at: string | null;
  readonly moved_ratio: number | null;
}

/** Every alarm about what is predicted, and about how wrong it is; none where the API did not answer: the schedule goes on. */
export const driftOfPredictions = (answer: PerformanceAnswer | null): readonly DriftSeen[] =>
  (answer?.items ?? []).flatMap(({ model_name, model_version, alarms }) =>
    alarms.map(({ at, what, explanation }) => ({
      what,
      at: parseInstant(at),
      model: `${model_name} ${model_version}`,
      why: explanation,
    })),
  );

/** Null where the API did not answer, and while no vector is known. */
export function driftOfFeatures(answer: DriftAnswer | null): ShiftLook | null {
  if (answer === null || answer.at === null) return null;
  const { items, model_name, model_version, at, moved_ratio } = answer;
  return {
    model: `${model_name} ${model_version}`,
    at: parseInstant(at),
    moved_ratio,
    moved: items.map(({ feature }) => feature),
  };
}
