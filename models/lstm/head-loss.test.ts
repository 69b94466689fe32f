import { expect, it } from 'vitest';
import { headLoss, NO_TYPE } from './head-loss.ts';

const WEIGHTS = { positive: 4, type: 0.5 };
const LN = Math.log;

it.each([
  { sums: [0, 0, 0, 0, 0], failure: 0, type: NO_TYPE, loss: LN(2) },
  { sums: [0, 0, 0, 0, 0], failure: 1, type: NO_TYPE, loss: 4 * LN(2) },
  { sums: [0, 0, 0, 0, 0], failure: 1, type: 2, loss: 4 * (LN(2) + 0.5 * LN(4)) },
  { sums: [0, 9, 9, 9, 9], failure: 0, type: 2, loss: LN(2) },
  { sums: [LN(3), LN(2), 0, 0, 0], failure: 1, type: 0, loss: 4 * (LN(4 / 3) + 0.5 * LN(5 / 2)) },
  { sums: [200, 0, 0, 0, 0], failure: 0, type: NO_TYPE, loss: 200 },
  { sums: [-200, 300, -300, 0, 0], failure: 1, type: 1, loss: 4 * (200 + 0.5 * 600) },
  { sums: [3, 1, 2, 3, 4], failure: Number.NaN, type: 1, loss: 0 },
])('costs $loss for $sums, failure $failure of type $type', ({ sums, failure, type, loss }) => {
  const slopes = new Float32Array(5).fill(9);
  expect(headLoss(Float32Array.from(sums), 0, failure, type, WEIGHTS, slopes)).toBeCloseTo(loss, 4);
  sums.forEach((sum, k) => {
    const moved = (by: number) => headLoss(Float64Array.from(sums.with(k, sum + by)), 0, failure, type, WEIGHTS);
    expect(slopes[k]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 4);
  });
});
