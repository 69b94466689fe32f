import type { HealthScore } from '../pipeline/contract/events.ts';
import { GPU_FAILURE_PREDICTIONS } from '../pipeline/contract/prediction-tables.ts';
import type { Prediction } from '../pipeline/contract/predictions.ts';
import { GPU_HEALTH_SCORES } from '../pipeline/contract/verdict-tables.ts';
import type { ApiParts } from './api-parts.ts';
import { rowOf } from './row-of.fixture.ts';

/** Knows GPU-00; refuses samples without a temperature. */
export const cannedScorer = (): ApiParts['scorer'] => {
  const score = rowOf(GPU_HEALTH_SCORES, { contributions: [], degradation_factors: ['one'] }) as unknown as HealthScore;
  return {
    stored: async ({ gpu_uuid, profile }) => (gpu_uuid === 'GPU-00' ? { ...score, profile } : null),
    samples: async ({ samples, profile }) =>
      samples.some((row) => 'gpu_temp_celsius' in row)
        ? { score: { ...score, profile }, refused: [] }
        : { score: null, refused: [{ detail: 'no known metric' }] },
  };
};

/** For a read side that nobody asks for predictions. */
export const NO_PREDICTOR: ApiParts['predictor'] = {
  stored: async () => null,
  features: () => {
    throw new Error('no model here');
  },
};

/** Knows GPU-00. */
export const cannedPredictor = (): ApiParts['predictor'] => {
  const prediction = rowOf(GPU_FAILURE_PREDICTIONS, { contributions: [] }) as unknown as Prediction;
  return {
    stored: async (gpu_uuid) => (gpu_uuid === 'GPU-00' ? prediction : null),
    features: (features) => ({ ...prediction, failure_prob_7d: features.gpu_temp_max ?? 0.25 }),
  };
};
