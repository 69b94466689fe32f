import type { FeatureVector } from '../../pipeline/contract/events.ts';
import type { FailureModel } from '../../pipeline/contract/failure-model.ts';
import type { FailureLabel, FailureType } from '../../pipeline/contract/predictions.ts';
import { createLandmarkBuilder, LANDMARK_DEFAULTS, type Landmarks } from './landmarks.ts';

/** What a model said at landmarks, and what became of them. */
export interface JudgedLandmarks {
  readonly landmarks: Landmarks;
  /** By landmark (`taken`). */
  readonly said: readonly {
    readonly p7: number;
    readonly p30: number;
    readonly p90: number;
    readonly type: FailureType;
    readonly confidence: number;
  }[];
}

export interface ModelJudge {
  take(vector: FeatureVector): void;
  finish(failures: readonly FailureLabel[], until: number): JudgedLandmarks;
}

/** Asks a model once a day and GPU, and lets it follow every other vector, as it would in the running system. */
export function createModelJudge(model: FailureModel): ModelJudge {
  const builder = createLandmarkBuilder({ ...LANDMARK_DEFAULTS, features: ['gpu_age_days'] });
  const carried = new Map<string, { numbers: Float32Array; ts: number }>();
  const said: JudgedLandmarks['said'][number][] = [];
  return {
    take(vector) {
      let own = carried.get(vector.gpu_uuid);
      if (own === undefined) {
        own = { numbers: new Float32Array(model.carried_width), ts: vector.ts };
        carried.set(vector.gpu_uuid, own);
      }
      const elapsed_ms = vector.ts - own.ts;
      own.ts = vector.ts;
      if (!builder.take(vector)) {
        model.follow?.(vector, own.numbers, elapsed_ms);
        return;
      }
      const { p7, p30, p90, type, confidence } = model.judge(vector, own.numbers, elapsed_ms);
      said.push({ p7, p30, p90, type, confidence });
    },
    finish: (failures, until) => ({ landmarks: builder.finish(failures, until), said }),
  };
}
