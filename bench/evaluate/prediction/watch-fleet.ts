import type { LoadedBundle } from '../../../models/prediction/bundle.ts';
import { createComponents } from '../../../models/prediction/components.ts';
import { createEnsemble } from '../../../models/prediction/ensemble.ts';
import type { JudgedLandmarks } from '../../../models/prediction/judge-model.ts';
import { createLandmarkBuilder, LANDMARK_DEFAULTS, type Landmarks } from '../../../models/prediction/landmarks.ts';
import { heuristic } from '../../../operators/prediction/heuristic.ts';
import type { FeatureVector } from '../../../pipeline/contract/events.ts';
import type { FailureModel } from '../../../pipeline/contract/failure-model.ts';
import type { FailureLabel } from '../../../pipeline/contract/predictions.ts';

type Said = JudgedLandmarks['said'][number];

/** A fleet as models saw it, a day and GPU at a time. Lists by landmark are by `taken`. */
export interface WatchedFleet {
  readonly landmarks: Landmarks;
  readonly ensemble: readonly Said[];
  readonly heuristic: readonly Said[];
  /** What the models of the bundle said one by one: ComponentScores.inputs. */
  readonly inputs: readonly Float64Array[];
}

export interface FleetWatch {
  /** Takes every vector, in the order of time per GPU. */
  take(vector: FeatureVector): void;
  finish(failures: readonly FailureLabel[], until: number): WatchedFleet;
}

/**
 * Asks a bundle, its parts and the heuristic along a history once a day and GPU; what the bundle carries is carried through
 * every vector in between, as it would have been live. About 2 kB a GPU, 200 B a landmark.
 */
export function createFleetWatch(loaded: LoadedBundle): FleetWatch {
  const model = createEnsemble(loaded, 'judged');
  const components = createComponents(loaded);
  const builder = createLandmarkBuilder({ ...LANDMARK_DEFAULTS, features: ['gpu_age_days'] });
  const carried = new Map<string, { numbers: Float32Array; ts: number }>();
  const ensemble: Said[] = [];
  const rule: Said[] = [];
  const inputs: Float64Array[] = [];
  const nothing = new Float32Array(0);
  const ask = (one: FailureModel, vector: FeatureVector, numbers: Float32Array, elapsed_ms: number): Said => {
    const { p7, p30, p90, type, confidence } = one.judge(vector, numbers, elapsed_ms);
    return { p7, p30, p90, type, confidence };
  };
  return {
    take(vector) {
      if (vector.instance !== '') return;
      const own = carried.get(vector.gpu_uuid) ?? { numbers: new Float32Array(model.carried_width), ts: vector.ts };
      carried.set(vector.gpu_uuid, own);
      const elapsed_ms = vector.ts - own.ts;
      own.ts = vector.ts;
      if (!builder.take(vector)) {
        components.follow(vector, own.numbers, elapsed_ms);
        return;
      }
      // Asked twice, but stepped once: the parts on a copy of what is carried.
      components.judge(vector, own.numbers.slice(), elapsed_ms);
      inputs.push(components.scores.inputs.slice());
      ensemble.push(ask(model, vector, own.numbers, elapsed_ms));
      rule.push(ask(heuristic, vector, nothing, 0));
    },
    finish: (failures, until) => ({ landmarks: builder.finish(failures, until), ensemble, heuristic: rule, inputs }),
  };
}
