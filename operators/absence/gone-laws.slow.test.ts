import { expect, it } from 'vitest';
import { GroupState } from '../core/group-state.ts';
import { batchOf, describeLaws } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import { behindDetector, comingAndGoing } from './gone.fixture.ts';

describeLaws('gone', behindDetector, { bytes_per_gpu_max: 25, rows: comingAndGoing });

it('has closed and opened again in what its laws are asked of', () => {
  const state = new GroupState(0);
  const told: string[] = [];
  runOperator('gone', behindDetector(), state, batchOf(state, comingAndGoing(1)), (_, { state: now }) =>
    told.push(now),
  );
  expect(told.filter((now) => now === 'closed').length).toBeGreaterThan(20);
});
