import { FAILURE_TYPES } from '../../pipeline/contract/predictions.ts';
import { boostingParams } from '../boosting/boosting-params.ts';
import { trainBoosting } from '../boosting/train.ts';
import { type Landmarks, NO_TYPE, selectLandmarks } from './landmarks.ts';

const FAILURES_MIN = 40;

/**
 * Trees that tell which kind of failure a GPU is heading for, from landmarks within 90 days of one; close to the failure it
 * shows, and counts more. Null where fewer than 40 GPUs failed.
 */
export function trainTypes(landmarks: Landmarks, seed: number, say: (line: string) => void): unknown {
  const failing = selectLandmarks(
    landmarks,
    (row) => landmarks.type[row] !== NO_TYPE && (landmarks.failure_days[row] as number) <= 90,
  );
  const gpus = new Set(failing.gpu).size;
  if (gpus < FAILURES_MIN) {
    say(`types: only ${gpus} GPUs failed, ${FAILURES_MIN} are needed`);
    return null;
  }
  const params = boostingParams.parse({
    objective: 'multi:softprob',
    num_class: FAILURE_TYPES.length,
    max_depth: 3,
    eta: 0.1,
    num_boost_round: 60,
    early_stopping_rounds: null,
    scale_pos_weight: 1,
    min_child_weight: 3,
    seed,
  });
  const { rows, values, features } = failing;
  const weights = Float32Array.from(failing.failure_days, (days) => 1 / (1 + days / 7));
  say(`types: ${rows} rows of ${gpus} GPUs that failed`);
  return trainBoosting({ data: { values, rows, features, labels: Float32Array.from(failing.type), weights }, params })
    .document;
}
