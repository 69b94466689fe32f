import type { HealthProfile, HealthScore } from '../../pipeline/contract/events.ts';
import { healthScore, perDimension, type ScoredGpu } from './verdict.ts';

/** The health of a GPU whose node has fallen silent: nobody knows it. `since`: when it was seen last, in words. */
export const unseenScore = (gpu: ScoredGpu, ts: number, since: string, profile: HealthProfile): HealthScore =>
  healthScore(
    gpu,
    ts,
    {
      overall: null,
      dimensions: perDimension(() => null),
      confidence: 0,
      confidences: perDimension(() => 0),
      grade: 'unknown',
      factors: ['node_silent'],
      contributions: [],
      explanation: `unknown: no sample since ${since} (node ${gpu.node} is silent), confidence 0.00.`,
      action: 'none',
    },
    profile,
  );
