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

  it('makes one that sees counts of samples as they are stored, where our own see them told alike', () => {
    const counted = ['thermal_throttle_count', 'gpu_age_days'];
    const bundle = importTrees(JSON.parse(JSON.stringify(trees(counted))), OPTIONS);
    const { sample_counts, ...ours } = bundle;
    expect(sample_counts).toBe('stored');
    // Trees that fear more than 60, of a week of twice as many samples.
    const vector = plantedVector('GPU-a', 1, { thermal_throttle_count: 80, gpu_age_days: 50, samples_7d: 2_016 });
    const judge = (one: typeof ours) =>
      createEnsemble(loadBundle(one, 'test'), '1').judge(vector, new Float32Array(0), 0);
    expect(judge(bundle).p30).toBeGreaterThan(0.5);
    expect(judge(ours).p30).toBeLessThan(0.5);
    // Reasons tell what people find in the vector, whatever the trees were told.
    for (const one of [bundle, ours]) {
      expect(judge(one).contributions[0]).toMatchObject({ feature: 'thermal_throttle_count', value: 80 });
    }
  });

  it('says nothing new of bundles that see them as ever', () => {
    const { sample_counts: _, ...ours } = importTrees(JSON.parse(JSON.stringify(trees(OURS))), OPTIONS);
    const text = JSON.stringify(ours);
    expect(JSON.stringify(loadBundle(JSON.parse(text), 'test').bundle)).toBe(text);
    expect(() => loadBundle({ ...ours, sample_counts: 'doubled' }, 'test')).toThrow(/sample_counts/);
  });

  it.each([
    ['features of somebody else', () => trees(['a', 'b']), /needs the feature a/],
    ['another objective', () => trees(OURS, { objective: 'reg:squarederror' }), /foresees no failure/],
    ['nothing', () => ({}), /./],
  ])('refuses %s', (_, document, says) => {
    expect(() => importTrees(JSON.parse(JSON.stringify(document())), OPTIONS)).toThrow(says);
  });
});
