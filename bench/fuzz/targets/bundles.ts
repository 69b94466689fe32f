import { gzipSync } from 'node:zlib';
import { writeLstm } from '../../../models/lstm/lstm-document.ts';
import { placesOf } from '../../../models/lstm/lstm-model.ts';
import { type PredictionBundle, readBundle } from '../../../models/prediction/bundle.ts';
import { createEnsemble } from '../../../models/prediction/ensemble.ts';
import { importTrees } from '../../../models/prediction/import-trees.ts';
import { VitalsError } from '../../../pipeline/contract/errors.ts';
import type { FeatureVector } from '../../../pipeline/contract/events.ts';
import { CARRIED_WIDTH } from '../../../pipeline/contract/failure-model.ts';
import { FEATURE_COUNT } from '../../../pipeline/contract/features.ts';
import { METRIC_COUNT } from '../../../pipeline/contract/metrics.ts';
import { bytesOf, type FuzzTarget, law } from '../fuzz-target.ts';
import { keptInputs } from '../kept-inputs.ts';
import { SAMPLE_TS } from '../sample-telemetry.ts';
import { smallTrees } from './xgboost.ts';

const FEATURE = 'gpu_temp_max';
const plain = importTrees(smallTrees(FEATURE), { trained_on: 'real', where: 'fuzz' });

/** Every part that a bundle may have, each as small as it can be. */
function whole(): PredictionBundle {
  const shape = {
    inputs: [{ name: FEATURE, transform: 'linear', mean: 60, std: 10, half_life_steps: 6, group: 0 } as const],
    layers: 1,
    units: 2,
    state_half_life_steps: 100,
  };
  const weights = Float32Array.from({ length: placesOf(shape).count }, (_, i) => Math.sin(i));
  const forest = {
    ...{ features: 1, sample_size: 4, medians: [60], roots: [0], feature: [0, -1, -1] },
    ...{ value: [70, 1, 2], child: [1, 0, 0], size: [4, 2, 2] },
  };
  const cox = {
    format: 'gpu-vitals-cox-1',
    names: [FEATURE],
    coefficients: [0.1],
    means: [4],
    baselines: [{ stratum: 0, days: [10, 20], cumulative_hazard: [0.01, 0.03], since_days: 0 }],
  };
  return {
    ...plain,
    lstm: { document: writeLstm({ ...shape, temperature: 1, weights }, 'f32'), origin: null },
    cox: { features: [FEATURE], document: cox },
    novelty: forest,
  };
}

const vector = (value: number): FeatureVector => ({
  ...{
    ts: SAMPLE_TS,
    gpu_uuid: 'a',
    node: 'n1',
    instance: '',
    model: '',
    job: '',
    latest_ts: SAMPLE_TS,
    arrived_at: SAMPLE_TS,
    final: false,
  },
  values: new Float64Array(FEATURE_COUNT).fill(value),
  latest: new Float64Array(METRIC_COUNT).fill(value),
});
const VECTORS = [80, 0, Number.NaN, -1e30].map(vector);

/** A failure model with all its parts: what is taken judges any vector, with probabilities that rise with the horizon. */
export const bundles: FuzzTarget = {
  name: 'bundles',
  summary: 'failure model: trees, Cox, recurrent network, forest',
  seeds: [
    bytesOf(JSON.stringify(plain)),
    bytesOf(JSON.stringify(whole())),
    gzipSync(JSON.stringify(plain)),
    // Its trees were walked without end: the child is hardly more than its parent, and was rounded to it.
    bytesOf(JSON.stringify(whole()).replace('"child":[1', '"child":[5e-324')),
    ...keptInputs('bundles'),
  ],
  words: [
    FEATURE,
    'gpu_temp_mean',
    '"format":',
    '"weights":',
    'AAAA',
    '"threshold_30d":',
    '"d7":null',
    '"lstm":null',
    'gpu-vitals-lstm',
  ],
  bytes_max: 16_384,
  grown_bytes_max: 524_288,
  feed(input) {
    try {
      const model = createEnsemble(readBundle(input, 'fuzz'), '1');
      const carried = new Float32Array(CARRIED_WIDTH);
      for (const one of VECTORS) {
        const { p7, p30, p90, confidence, contributions, explanation } = model.judge(one, carried, 600_000);
        law(p7 >= 0 && p7 <= p30 && p30 <= p90 && p90 <= 1, `probabilities ${p7}, ${p30}, ${p90}`);
        law(confidence >= 0 && confidence <= 1, `confidence ${confidence}`);
        law(
          contributions.every(({ contribution }) => !Number.isNaN(contribution)),
          'a reason that is no number',
        );
        law(explanation !== '', 'no words');
      }
    } catch (error) {
      if (error instanceof VitalsError) return false;
      throw error;
    }
    return true;
  },
};
