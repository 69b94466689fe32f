import { expect, it } from 'vitest';
import { METRIC_COUNT, metricIndex } from '../../pipeline/contract/metrics.ts';
import { GroupState } from '../core/group-state.ts';
import { batchOf, describeLaws } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import { behindDetector, comingAndGoing } from './gone.fixture.ts';

const READING = metricIndex('gpu_temp_celsius');

describeLaws('gone', behindDetector, { bytes_per_gpu_max: 25, rows: comingAndGoing });

it('has closed and opened again in what its laws are asked of', () => {
  const told = { closed: 0, again: 0 };
  for (const seed of [1, 2, 3]) {
    const state = new GroupState(0);
    const batch = batchOf(state, comingAndGoing(seed));
    runOperator('gone', behindDetector(), state, batch, (_, { state: now, explanation }, row) => {
      if (explanation.includes('no longer reports')) told.closed++;
      else if (now === 'open' && batch.values[row * METRIC_COUNT + READING] !== 1) told.again++;
    });
  }
  expect(told.closed).toBeGreaterThan(10);
  expect(told.again).toBeGreaterThan(5);
});
