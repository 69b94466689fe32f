import { describe, expect, it } from 'vitest';
import type { FeatureVector } from '../../pipeline/contract/events.ts';
import { type FailureModel, NO_MODELS } from '../../pipeline/contract/failure-model.ts';
import type { Prediction } from '../../pipeline/contract/predictions.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { bytesPerGpu, GroupState } from '../core/group-state.ts';
import { vectorOf } from '../health/observations.fixture.ts';
import { heuristic } from './heuristic.ts';
import { type PredictOptions, predict } from './predict.ts';

/** Its answer is how many vectors it has seen, and the time since the last: what it carries is what it says. */
const counting = (version: string): FailureModel => ({
  name: 'counting',
  version,
  carried_width: 2,
  judge(_, carried, elapsed_ms) {
    carried[0] = (carried[0] as number) + 1;
    carried[1] = elapsed_ms / 1_000;
    const p = (carried[0] as number) / 1_000;
    return {
      p7: p,
      p30: p,
      p90: p,
      type: 'other',
      confidence: 1,
      contributions: [{ feature: 'elapsed', value: carried[1] as number, contribution: 0 }],
      explanation: '',
    };
  },
});

const START_MS = Date.UTC(2026, 0, 1);
const at = (step: number, more: Partial<FeatureVector> = {}): FeatureVector =>
  vectorOf({ gpu_temp_max: 70 }, { ts: START_MS + step * minutes(5), ...more });

function run(vectors: readonly FeatureVector[], options: PredictOptions, restore = false): Prediction[] {
  const operator = predict(options);
  const told: Prediction[] = [];
  let state = new GroupState(0);
  for (const vector of vectors) {
    const { gpu_uuid: uuid, instance, model } = vector;
    state.registry.gpu(
      { uuid, instance, model, pci_bus_id: '', serial: '', slot: '' },
      state.registry.node(vector.node),
    );
    operator.on.vectors(vector, state, state.columns('p', operator.state), (_, item) => told.push(item));
    if (restore) state = GroupState.restore(structuredClone(state.save()), new Map([['p', operator.state]]));
  }
  return told;
}

describe('predict', () => {
  it('asks the heuristic where the book has no model, and nobody where there is nothing else', () => {
    const [row] = run([at(0)], { models: NO_MODELS, otherwise: heuristic });
    expect(row).toMatchObject({ model_name: 'heuristic', model_version: '1', failure_prob_30d: 0.02 });
    expect(run([at(0)], { models: NO_MODELS, otherwise: null })).toEqual([]);
  });

  it('carries what a model remembers per GPU, over snapshots too', () => {
    const vectors = [0, 1, 2, 4].flatMap((step) => [at(step), at(step, { gpu_uuid: 'GPU-b', node: 'node-1' })]);
    const options = { models: { at: () => counting('1') }, otherwise: null };
    const told = run(vectors, options);
    expect(told.map(({ failure_prob_7d }) => Math.round(failure_prob_7d * 1_000))).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
    expect(told.filter((row) => row.node === 'node-0').map((row) => row.contributions[0]?.value)).toEqual([
      0, 300, 300, 600,
    ]);
    expect(run(vectors, options, true)).toEqual(told);
  });

  it('begins anew with another model, from the vector on that came after it', () => {
    const first = counting('1');
    const second = counting('2');
    const models = { at: (arrived_at: number) => (arrived_at < START_MS + minutes(10) ? first : second) };
    const told = run([at(0), at(1), at(2), at(3)], { models, otherwise: null });
    expect(told.map((row) => [row.model_version, row.failure_prob_7d, row.contributions[0]?.value])).toEqual([
      ['1', 0.001, 0],
      ['1', Math.fround(2) / 1_000, 300],
      ['2', 0.001, 0],
      ['2', Math.fround(2) / 1_000, 300],
    ]);
  });

  it('ignores what is older than what it has seen, and GPUs that nobody knows', () => {
    const models = { at: () => counting('1') };
    expect(run([at(2), at(1)], { models, otherwise: null })).toHaveLength(1);
    const operator = predict({ models, otherwise: null });
    const state = new GroupState(0);
    const told: Prediction[] = [];
    operator.on.vectors(at(0), state, state.columns('p', operator.state), (_, item) => told.push(item));
    expect(told).toEqual([]);
  });

  it('holds the bytes per GPU that it declares', () => {
    expect(bytesPerGpu(predict({ models: NO_MODELS, otherwise: null }).state)).toBe(2_572);
  });
});
