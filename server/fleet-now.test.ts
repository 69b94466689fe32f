import { expect, it } from 'vitest';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../pipeline/contract/prediction-tables.ts';
import { GPU_HEALTH_SCORES } from '../pipeline/contract/verdict-tables.ts';
import { apiWorld, NOW } from './api.fixture.ts';
import { fleetNow } from './fleet-now.ts';
import { rowOf } from './row-of.fixture.ts';

const DAY_MS = 86_400_000;

function startWorld() {
  const world = apiWorld();
  return {
    ...world,
    now: fleetNow(world),
    predicted: (gpu_uuid: string, changes: Record<string, unknown> = {}) =>
      world.verdict('prediction', rowOf(GPU_FAILURE_PREDICTIONS, { gpu_uuid, failure_prob_30d: 0.25, ...changes })),
    decided: (gpu_uuid: string, changes: Record<string, unknown> = {}) =>
      world.verdict(
        'decision',
        rowOf(GPU_ECONOMIC_DECISIONS, { gpu_uuid, advice: 'keep', value_at_risk_usd_per_hour: 4, ...changes }),
      ),
  };
}

it('tells the risk of every instance with the decision about its board, which is told once', () => {
  const { now, sample, predicted, decided } = startWorld();
  for (const instance of ['1', '2']) {
    sample('GPU-cut', { power_watts: 300 }, { instance, node: 'n7' });
    predicted('GPU-cut', { instance });
  }
  sample('GPU-whole', { power_watts: 300 });
  predicted('GPU-whole');
  decided('GPU-cut');
  expect(now.decisions()).toMatchObject([{ gpu_uuid: 'GPU-cut', node: 'n7', value_at_risk_usd_per_hour: 4 }]);
  expect(now.risks().map(({ gpu_uuid, instance, node, priority }) => [gpu_uuid, instance, node, priority])).toEqual([
    ['GPU-cut', '1', 'n7', 1],
    ['GPU-cut', '2', 'n7', 1],
    ['GPU-whole', '', 'n1', null],
  ]);
});

it('knows where a board is now, whatever its last rows say', () => {
  const { now, sample, predicted } = startWorld();
  sample('GPU-a', { power_watts: 300 }, { node: 'n1' });
  predicted('GPU-a', { node: 'n1' });
  sample('GPU-a', { power_watts: 300 }, { node: 'n2', ts: NOW });
  expect(now.risks()).toMatchObject([{ node: 'n2' }]);
});

it('forgets what was said of a board a day before the newest sample', () => {
  const { now, sample, predicted, verdict } = startWorld();
  const ts = NOW - DAY_MS - 1;
  for (const gpu_uuid of ['GPU-gone', 'GPU-here']) {
    sample(gpu_uuid, { power_watts: 300 }, { ts });
    predicted(gpu_uuid, { ts });
    verdict('health', rowOf(GPU_HEALTH_SCORES, { gpu_uuid, ts, profile: 'default', action: 'none' }));
  }
  sample('GPU-here', { power_watts: 300 }, { ts: NOW });
  predicted('GPU-here');
  expect(now.risks().map(({ gpu_uuid }) => gpu_uuid)).toEqual(['GPU-here']);
  expect(now.scores()).toEqual([]);
});

it('is the same list for ten seconds, and for as long as nothing changes', () => {
  const { now, clock, sample, predicted } = startWorld();
  sample('GPU-a', { power_watts: 300 });
  predicted('GPU-a');
  const first = now.risks();
  predicted('GPU-a', { failure_prob_30d: 0.5 });
  clock.advance(9_999);
  expect(now.risks()).toBe(first);
  clock.advance(1);
  const second = now.risks();
  expect(second).toMatchObject([{ failure_prob_30d: 0.5 }]);
  clock.advance(60_000);
  expect(now.risks()).toBe(second);
});
