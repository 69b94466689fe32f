import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { CARRIED_WIDTH, type FailureModel, type ModelBook } from '../../pipeline/contract/failure-model.ts';
import { fnv1a } from '../../pipeline/contract/ids.ts';
import type { ItemOperator } from '../../pipeline/contract/operator.ts';
import type { Prediction } from '../../pipeline/contract/predictions.ts';
import { timeToFailure } from './time-to-failure.ts';

export interface PredictOptions {
  readonly models: ModelBook;
  /** What judges where the book has no model; null: nothing is told then. */
  readonly otherwise: FailureModel | null;
}

export interface PredictInputs {
  readonly vectors: FeatureVector;
}

export interface PredictPorts {
  readonly predictions: Prediction;
}

const STATE = {
  carried: { scope: 'gpu', type: 'f32', width: CARRIED_WIDTH, initial: 0 },
  /** Which model the carried numbers are of. */
  carried_by: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  vector_ts: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
} as const;

/**
 * Tells how likely every GPU is to fail, with each of its vectors.
 *
 * Input    vectors.
 * Output   predictions: probabilities within 7, 30 and 90 days, type, time to failure, confidence, reasons.
 * Models   the one that counts for what the server stored when the vector's last row came: a new champion counts for the
 *          same vectors in a replay as it did live. What a model carries begins anew with another model.
 * Time     no timers.
 * State    2,572 B per GPU.
 * Cost     the model's; see the benchmark `prediction`.
 * Errors   none; vectors of unknown GPUs are ignored.
 */
export function predict(options: PredictOptions): ItemOperator<PredictInputs, typeof STATE, PredictPorts> {
  const { models, otherwise } = options;
  return {
    name: 'predict',
    summary: 'how likely each GPU is to fail within 7, 30 and 90 days, and why',
    state: STATE,
    ports: ['predictions'],
    on: {
      vectors(vector, { registry }, state, emit) {
        const gpu = registry.find(vector.gpu_uuid, vector.instance);
        if (gpu < 0) return;
        const model = models.at(vector.arrived_at, vector.gpu_uuid) ?? otherwise;
        if (model === null) return;
        const before = state.vector_ts[gpu] as number;
        if (vector.ts < before) return;
        state.vector_ts[gpu] = vector.ts;
        let elapsed_ms = before === 0 ? 0 : vector.ts - before;
        const carried = state.carried.subarray(gpu * CARRIED_WIDTH, gpu * CARRIED_WIDTH + model.carried_width);
        const mark = model.carried_width === 0 ? 0 : markOf(model);
        if (state.carried_by[gpu] !== mark) {
          state.carried.fill(0, gpu * CARRIED_WIDTH, (gpu + 1) * CARRIED_WIDTH);
          state.carried_by[gpu] = mark;
          elapsed_ms = 0;
        }
        emit('predictions', predictionOf(vector, model, model.judge(vector, carried, elapsed_ms)));
      },
    },
  };
}

/** The row of a judgement. */
export function predictionOf(
  vector: Pick<FeatureVector, 'ts' | 'gpu_uuid' | 'node' | 'instance'>,
  model: Pick<FailureModel, 'name' | 'version'>,
  judgement: ReturnType<FailureModel['judge']>,
): Prediction {
  const { p7, p30, p90 } = judgement;
  const { median_days, low_days, high_days } = timeToFailure(p7, p30, p90);
  return {
    ts: vector.ts,
    gpu_uuid: vector.gpu_uuid,
    node: vector.node,
    instance: vector.instance,
    failure_prob_7d: p7,
    failure_prob_30d: p30,
    failure_prob_90d: p90,
    predicted_failure_type: judgement.type,
    estimated_ttf_days: median_days,
    ttf_low_days: low_days,
    ttf_high_days: high_days,
    confidence: judgement.confidence,
    model_name: model.name,
    model_version: model.version,
    contributions: judgement.contributions,
    explanation: judgement.explanation,
  };
}

/** Never 0, which is nobody. */
const markOf = ({ name, version }: FailureModel): number => fnv1a(`${name}\n${version}`) || 1;
