import { expect, it } from 'vitest';
import type { Episode, Incident } from '../../pipeline/contract/events.ts';
import { hours } from '../../pipeline/contract/time.ts';
import { truthOf } from './alarms.fixture.ts';
import { healthFigures } from './health-figures.ts';
import { indexTruth } from './match-truth.ts';
import { retoldClean } from './retold-clean.ts';
import type { HealthTrack, SinkLog } from './sink-log.ts';

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
const logOf = (told: Partial<SinkLog>): SinkLog => ({
  alarms: new Map(),
  health: new Map(),
  episodes: new Map(),
  incidents: new Map(),
  items: {},
  breaches: {},
  ...told,
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

it('counts episodes and incidents where nothing was wrong', () => {
  const episode = (id: string, gpu_uuid: string, node: string, hour: number): [string, Episode] => [
    id,
    { id, gpu_uuid, node, started_at: hours(hour) } as unknown as Episode,
  ];
  const incident = (id: string, nodes: string[], episodes: string[]): [string, Incident] => [
    id,
    { id, nodes, episodes, opened_at: hours(3) } as unknown as Incident,
  ];
  const log = logOf({
    episodes: new Map([
      episode('e1', 'GPU-0', 'n1', 3),
      episode('e2', 'GPU-9', 'n2', 3),
      episode('e3', 'GPU-1', 'n1', 3),
    ]),
    incidents: new Map([incident('i1', ['n2'], ['e2']), incident('i2', ['n1', 'n2'], ['e1', 'e2'])]),
    items: { xid_episodes: 3, incidents: 2 },
  });
  expect(retoldClean(truth, log)).toEqual({ episodes: 1, incidents: 1 });
  expect(retoldClean(truth, logOf({}))).toEqual({ episodes: null, incidents: null });
});
