import { boostingParams } from '../../models/boosting/boosting-params.ts';
import { trainBoosting } from '../../models/boosting/train.ts';
import { packBundle } from '../../models/prediction/bundle.ts';
import { importTrees } from '../../models/prediction/import-trees.ts';

/** The smallest bundle that workers can read: one tree, hot boards fail. Others for another number. */
export function smallBundle(number: number): Buffer {
  const temperatures = Float32Array.from({ length: 40 }, (_, row) => 50 + row + number);
  const { document } = trainBoosting({
    data: {
      values: temperatures,
      rows: temperatures.length,
      features: ['gpu_temp_max'],
      labels: temperatures.map((celsius) => Number(celsius > 75)),
    },
    params: boostingParams.parse({ num_boost_round: 1 }),
  });
  return Buffer.from(packBundle(importTrees(document, { trained_on: 'real', where: 'fixture' })));
}
