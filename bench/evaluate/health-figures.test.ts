import { expect, it } from 'vitest';
import { hours } from '../../pipeline/contract/time.ts';
import { logOf, truthOf } from './alarms.fixture.ts';
import { healthFigures } from './health-figures.ts';
import { indexTruth } from './match-truth.ts';
import type { HealthTrack } from './sink-log.ts';

const places = [
  { gpu_uuid: 'GPU-0', node: 'n1' },
  { gpu_uuid: 'GPU-9', node: 'n2' },
];
const truth = indexTruth([
  truthOf({ since_ms: hours(2), until_ms: hours(4) }),
  truthOf({ id: 's2', since_ms: hours(6), until_ms: hours(7), nodes: ['n3'], gpu_uuids: ['GPU-3'] }),
]);
const track = (...scores: readonly (readonly [hour: number, score: number, grade: string])[]) =>
  new Map<string, HealthTrack>([
    [
      '',
      {
        ts: scores.map(([hour]) => hours(hour)),
        score: scores.map(([, score]) => score),
        grade: scores.map(([, , grade]) => grade),
      },
    ],
  ]);

it.each<[string, readonly (readonly [hour: number, score: number, grade: string])[], string]>([
  [
    'is worse than healthy, whichever came first',
    [
      [2, 100, 'excellent'],
      [3, Number.NaN, 'unknown'],
    ],
    'unknown',
  ],
  [
    'is worse than healthy, also when health came last',
    [
      [2, Number.NaN, 'unknown'],
      [3, 85, 'good'],
    ],
    'unknown',
  ],
  [
    'is not as bad as a fault',
    [
      [2, Number.NaN, 'unknown'],
      [3, 79, 'fair'],
    ],
    'fair',
  ],
])('unknown %s', (_, scores, grade) => {
  const log = logOf({ health: new Map([['GPU-0', track(...scores)]]), items: { gpu_health_scores: 2 } });
  expect(healthFigures(truth, log, places)?.sick).toMatchObject({ sbe_slow_burn: { grades: { [grade]: 1 } } });
});

it('takes sick GPUs at their worst, clean ones at all times, and those beside faults not at all', () => {
  const health = new Map([
    ['GPU-0', track([1, 10, 'critical'], [2, 80, 'good'], [3, 40, 'poor'], [4, 60, 'degraded'], [5, 5, 'critical'])],
    ['GPU-9', track([1, 99, 'excellent'], [2, Number.NaN, 'unknown'], [3, 97, 'excellent'], [4, 85, 'good'])],
    ['GPU-3', track([6.5, Number.NaN, 'unknown'])],
  ]);
  expect(healthFigures(truth, logOf({ health, items: { gpu_health_scores: 10 } }), places)).toEqual({
    clean: {
      scores: 4,
      p01: expect.closeTo(85.24, 6),
      p50: 97,
      grades: { excellent: 0.5, good: 0.25, unknown: 0.25 },
    },
    sick: { sbe_slow_burn: { worst_p50: 40, grades: { poor: 0.5, unknown: 0.5 } } },
  });
  expect(healthFigures(truth, logOf({ health }), places)).toBeNull();
});
