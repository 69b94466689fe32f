import { describe, expect, it } from 'vitest';
import { draw, draws } from '../../bench/fleet/random.ts';
import { boostingParams } from '../boosting/boosting-params.ts';
import { trainBoosting } from '../boosting/train.ts';
import { loadBundle } from './bundle.ts';
import { createEnsemble } from './ensemble.ts';
import { importTrees } from './import-trees.ts';
import { plantedVector } from './planted.fixture.ts';

function trees(features: readonly string[], params: Readonly<Record<string, unknown>> = {}) {
  const rows = 400;
  const from = draws(3);
  const values = Float32Array.from({ length: rows * 2 }, () => 100 * draw(from));
  const labels = Float32Array.from({ length: rows }, (_, row) => ((values[row * 2] as number) > 60 ? 1 : 0));
  return trainBoosting({
    data: { values, rows, features, labels },
    params: boostingParams.parse({
      num_boost_round: 8,
      eta: 0.5,
      early_stopping_rounds: null,
      scale_pos_weight: 1,
      ...params,
    }),
  }).document;
}
const OURS = ['gpu_temp_max', 'gpu_age_days'];
const OPTIONS = { trained_on: 'real', where: 'test' } as const;

describe('importTrees', () => {
  it('makes a model that says what the trees say, and names their features', () => {
    const bundle = importTrees(JSON.parse(JSON.stringify(trees(OURS))), OPTIONS);
    const model = createEnsemble(loadBundle(bundle, 'test'), '1');
    const judge = (gpu_temp_max: number) =>
      model.judge(plantedVector('GPU-a', 1, { gpu_temp_max, gpu_age_days: 50 }), new Float32Array(0), 0);
    const [hot, cool] = [judge(95), judge(20)];
    expect(hot.p30).toBeGreaterThan(0.5);
    expect(cool.p30).toBeLessThan(0.5);
    expect(hot.p7).toBeLessThan(hot.p30);
    expect(1 - hot.p90).toBeCloseTo((1 - hot.p30) ** 3, 9);
    expect(hot.contributions[0]).toMatchObject({ feature: 'gpu_temp_max', value: 95 });
    expect(hot.explanation).not.toContain('simulated');
  });

  it.each([
    ['features of somebody else', () => trees(['a', 'b']), /needs the feature a/],
    ['another objective', () => trees(OURS, { objective: 'reg:squarederror' }), /foresees no failure/],
    ['nothing', () => ({}), /./],
  ])('refuses %s', (_, document, says) => {
    expect(() => importTrees(JSON.parse(JSON.stringify(document())), OPTIONS)).toThrow(says);
  });
});
