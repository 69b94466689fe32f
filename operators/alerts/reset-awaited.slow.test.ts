import { expect, it } from 'vitest';
import { ALONE, at, type BoardEvent, brief, episode, runBoards, vector } from './alerts.fixture.ts';

type Events = Parameters<typeof runBoards>[0];

it.each<[string, Events, number, string[]]>([
  [
    'a fault that needs a reset stays until one was seen',
    [
      [10, { episodes: episode(10, { action: 'reset_gpu' }) }],
      [14, { episodes: episode(10, { action: 'reset_gpu', ended: 11 }) }],
      [300, { episodes: episode(10, { action: 'reset_gpu', ended: 11, reset_at: at(300) }) }],
    ],
    400,
    ['gpu_fault critical open 10', 'gpu_fault critical closed 300'],
  ],
  [
    'or for a day, where it is one of anomalies alone',
    [
      [10, { episodes: episode(10, { ...ALONE, action: 'reset_gpu' }) }],
      [14, { episodes: episode(10, { ...ALONE, action: 'reset_gpu', ended: 11 }) }],
      [700, { vectors: vector(700) }],
      [1_400, { vectors: vector(1_400) }],
    ],
    1_500,
    ['gpu_fault critical open 10', 'gpu_fault critical closed 1451'],
  ],
  [
    'or for a week, while its episode waits',
    [
      [10, { episodes: episode(10, { action: 'reset_gpu' }) }],
      ...Array.from({ length: 14 }, (_, i): [number, BoardEvent] => [720 * i + 20, { vectors: vector(720 * i + 20) }]),
      [10_091, { episodes: episode(10, { action: 'reset_gpu', ended: 11 }) }],
    ],
    10_200,
    ['gpu_fault critical open 10', 'gpu_fault critical closed 10091'],
  ],
])('%s', (_, events, until, expected) => {
  const told = runBoards(events, { until });
  expect(brief(told.alerts)).toEqual(expected);
  expect(runBoards(events, { until, restore: true }).alerts).toEqual(told.alerts);
  expect(runBoards(events, { until, together: true }).alerts).toEqual(told.alerts);
});
