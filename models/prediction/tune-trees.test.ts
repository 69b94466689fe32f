import { expect, it } from 'vitest';
import { days } from '../../pipeline/contract/time.ts';
import { randomOf } from '../../pipeline/honesty/honesty.fixture.ts';
import type { Landmarks } from './landmarks.ts';
import { tuneTrees } from './tune-trees.ts';

const FEATURES = ['gpu_temp_max', 'gpu_temp_mean', 'sm_active_mean', 'power_usage_cv'];

/** Boards with a row each; `risk` is the chance to fail within 30 days, of four numbers 0..1. */
function landmarksOf(risk: (x: readonly number[]) => number, gpus = 1_600): Landmarks {
  const random = randomOf(3);
  const values = new Float32Array(gpus * FEATURES.length).map(() => random());
  const fails = Array.from({ length: gpus }, (_, i) => random() < risk([...values.subarray(4 * i, 4 * i + 4)]));
  return {
    features: FEATURES,
    rows: gpus,
    values,
    taken: Uint32Array.from({ length: gpus }, (_, i) => i),
    gpu: Uint32Array.from({ length: gpus }, (_, i) => i),
    ts: new Float64Array(gpus),
    failure_days: Float64Array.from(fails, (failed) => (failed ? 10 : Number.NaN)),
    watched_days: Float64Array.from(fails, (failed) => (failed ? 10 : 60)),
    type: new Uint8Array(gpus).fill(255),
    gpus: Array.from({ length: gpus }, (_, i) => `GPU-${i}`),
    until: days(60),
  };
}
const OPTIONS = { seed: 1, params: { num_boost_round: 80, eta: 0.3, early_stopping_rounds: 20 } };
const tune = (landmarks: Landmarks, params: Readonly<Record<string, unknown>> = {}) => {
  const said: string[] = [];
  const chosen = tuneTrees(landmarks, {
    ...OPTIONS,
    params: { ...OPTIONS.params, ...params },
    say: (line) => said.push(line),
  });
  return { chosen, said };
};

/** Each number a little: deep trees learn the luck of few boards. */
const additive = (x: readonly number[]): number => 0.02 + 0.1 * x.reduce((sum, one) => sum + one, 0);

it('takes plainer trees where deep ones learn luck, the same ones again', () => {
  const landmarks = landmarksOf(additive, 700);
  const { chosen, said } = tune(landmarks);
  expect(chosen.max_depth).toBeLessThan(4);
  expect(said).toHaveLength(1);
  expect(tune(landmarks)).toEqual({ chosen, said });
  // What is given stays as it is.
  expect(tune(landmarks, { max_depth: 5 }).chosen).not.toHaveProperty('max_depth');
});

it('stays with the default where nothing is better by more than luck', () => {
  const { chosen, said } = tune(landmarksOf(([hot = 0]) => (hot > 0.8 ? 0.9 : 0.02)));
  expect(chosen).toEqual({});
  expect(said[0]).toMatch(/^tuned: as usual AUC 0\.\d{3} \(\{"max_depth":2,.*AUC/);
});

it('leaves everything as it is where nobody can judge, or all is given', () => {
  expect(tune(landmarksOf(() => 0))).toEqual({ chosen: {}, said: [] });
  const given = { max_depth: 2, min_child_weight: 1, lambda: 1 };
  expect(tune(landmarksOf(additive), given).chosen).toEqual({});
});
