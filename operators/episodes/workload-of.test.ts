import { expect, it } from 'vitest';
import { workloadOf } from './workload-of.ts';

it.each([
  ['ml/api-7c9d8f6b5-x2k9p', 'ml/api'],
  ['ml/api-5f6bc9d7xx-bb4bb', 'ml/api'],
  ['ml/train-x2k9p', 'ml/train'],
  ['ml/train-worker-3', 'ml/train-worker'],
  ['array-job_17', 'array-job'],
  ['llama', 'llama'],
  ['ml/llama-large', 'ml/llama-large'],
  ['ml/-3', 'ml/-3'],
  ['184233', '184233'],
  ['', ''],
])('%s runs %s', (job, workload) => {
  expect(workloadOf(job)).toBe(workload);
});
