import { expect, it } from 'vitest';
import type { GetOperations } from '../../server/client/api-client.ts';
import { driftOfFeatures, driftOfPredictions, type PerformanceAnswer } from './drift-answers.ts';

const AT = '2026-03-01T00:00:00.000Z';

/** As the API answers: the types of its client must fit. */
const ANSWER: GetOperations['/api/v1/models/drift']['answer'] = {
  items: [],
  next: null,
  total: 0,
  model_name: 'failure-prediction',
  model_version: '3',
  trained_on: 'real',
  at: AT,
  gpus: 300,
  alarms: 9,
  moved_ratio: 0.3,
};
const performanceOf = (answer: Pick<GetOperations['/api/v1/models/performance']['answer'], 'items'>) =>
  driftOfPredictions(answer satisfies PerformanceAnswer);

it('reads how far the features have moved', () => {
  const items = ['gpu_temp_max', 'gpu_temp_mean'].map((feature) => ({ feature }));
  expect(driftOfFeatures({ ...ANSWER, items })).toEqual({
    model: 'failure-prediction 3',
    at: Date.parse(AT),
    moved_ratio: 0.3,
    moved: ['gpu_temp_max', 'gpu_temp_mean'],
  });
  expect(driftOfFeatures({ ...ANSWER, at: null })).toBeNull();
  expect(driftOfFeatures(null)).toBeNull();
});

it('reads every alarm about predictions and losses', () => {
  const alarm = (what: 'prediction' | 'loss') => ({
    at: AT,
    what,
    figure: 1,
    limit: 0.5,
    explanation: `${what} moved`,
  });
  const items = [
    { model_name: 'failure-prediction', model_version: '3', alarms: [alarm('prediction'), alarm('loss')] },
    { model_name: 'heuristic', model_version: '1', alarms: [] },
  ];
  expect(driftOfPredictions({ items })).toEqual([
    { what: 'prediction', at: Date.parse(AT), model: 'failure-prediction 3', why: 'prediction moved' },
    { what: 'loss', at: Date.parse(AT), model: 'failure-prediction 3', why: 'loss moved' },
  ]);
  expect(performanceOf({ items: [] })).toEqual([]);
  expect(driftOfPredictions(null)).toEqual([]);
});
