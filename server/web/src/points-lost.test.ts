import { expect, it } from 'vitest';
import type { HealthContribution } from '../../../pipeline/contract/events.ts';
import { healthAnswer } from './answers.fixture.ts';
import { dimensionScores, pointsLost } from './points-lost.ts';

const lost = (changes: Partial<HealthContribution>): HealthContribution => ({
  dimension: 'memory',
  points: 10,
  metric: 'ecc_sbe_rate',
  value: 10.054,
  limit: 10,
  unit: '',
  window: '1h',
  action: 'test the memory',
  ...changes,
});

it('puts what cost most first, and one reason in several dimensions once', () => {
  const reasons = pointsLost({
    contributions: [
      lost({ points: 7.4, metric: 'change_point', value: 2_457.7, limit: 243.7 }),
      lost({ points: 91.8 }),
      lost({ points: 60, dimension: 'performance' }),
      lost({ points: 40, dimension: 'performance' }),
    ],
  });
  expect(reasons.map(({ what, points }) => [what, ...points])).toEqual([
    ['ECC corrected rate', ['performance', 100], ['memory', 91.8]],
    ['Change point', ['memory', 7.4]],
  ]);
  expect(reasons.map(({ action }) => action)).toEqual(['Test the memory', 'Test the memory']);
});

it('says with a fault what it takes from the whole', () => {
  const reasons = pointsLost({ contributions: [lost({ points: 80 }), lost({ points: 26, dimension: 'overall' })] });
  expect(reasons.map(({ points }) => points)).toEqual([
    [
      ['memory', 80],
      ['overall', 26],
    ],
  ]);
});

it.each<[Partial<HealthContribution>, string, string]>([
  [{}, 'ECC corrected rate', '10.1 against 10'],
  [{ metric: 'gpu_temp_celsius', value: 91, limit: 87, unit: 'C' }, 'GPU temperature', '91 °C against 87 °C'],
  [{ metric: 'xid', value: 79, limit: null, unit: 'XID' }, 'XID 79, GPU has fallen off the bus', ''],
  [
    { metric: 'remapped_rows_uncorrectable_total', value: 6, limit: 512, unit: 'rows' },
    'Remapped rows uncorrectable',
    '6 rows against 512 rows',
  ],
  [
    { metric: 'coverage_ratio_7d', value: 0.737, limit: 0.95, unit: 'ratio' },
    'Coverage ratio 7d',
    '73.7 % against 95.0 %',
  ],
  [{ metric: 'gpu_lost', value: null, limit: null }, 'GPU lost', ''],
  [{ metric: 'power_watts', value: 690, limit: null, unit: 'W' }, 'Power', '690 W'],
])('tells %j as %s: %s', (changes, what, reading) => {
  expect(pointsLost({ contributions: [lost(changes)] })[0]).toMatchObject({ what, reading });
});

it('takes a dimension that nothing speaks for as unknown, never as healthy', () => {
  const health = healthAnswer({ thermal_health: null, power_confidence: 0, memory_health: 20, memory_confidence: 0.5 });
  expect(dimensionScores(health)).toEqual([
    { dimension: 'memory', score: 20, confidence: 0.5 },
    { dimension: 'thermal', score: null, confidence: 1 },
    { dimension: 'performance', score: 100, confidence: 1 },
    { dimension: 'power', score: null, confidence: 0 },
    { dimension: 'reliability', score: 100, confidence: 1 },
  ]);
});
