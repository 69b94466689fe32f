import { boostingParams } from '../../models/boosting/boosting-params.ts';
import { trainBoosting } from '../../models/boosting/train.ts';
import { packBundle } from '../../models/prediction/bundle.ts';
import { importTrees } from '../../models/prediction/import-trees.ts';

/** One tree: hot boards fail. Others for another number. */
export function smallTrees(number: number) {
  const temperatures = Float32Array.from({ length: 40 }, (_, row) => 50 + row + number);
  return trainBoosting({
    data: {
      values: temperatures,
      rows: temperatures.length,
      features: ['gpu_temp_max'],
      labels: temperatures.map((celsius) => Number(celsius > 75)),
    },
    params: boostingParams.parse({ num_boost_round: 1 }),
  }).document;
}

/** The smallest bundle that workers can read. */
export const smallBundle = (number: number): Buffer =>
  Buffer.from(packBundle(importTrees(smallTrees(number), { trained_on: 'real', where: 'fixture' })));
