import { describe, expect, it } from 'vitest';
import { START_MS } from '../core/laws.fixture.ts';
import { anomaly, MINUTE_MS, minuteOf, run, vector } from './health.fixture.ts';
import { unseenScore } from './unseen-score.ts';

describe('GPUs out of sight', () => {
  it('of a silent node are unknown in every dimension, and say why', () => {
    const gpu = { gpu_uuid: 'GPU-a', node: 'n1', instance: '2' };
    const score = unseenScore(gpu, START_MS, '12:00', 'default');
    expect(score).toMatchObject({ ...gpu, ts: START_MS, overall_score: null, health_grade: 'unknown', confidence: 0 });
    expect(score.explanation).toBe('unknown: no sample since 12:00 (node n1 is silent), confidence 0.00.');
    const { memory_health, thermal_health, performance_health, power_health, reliability_health } = score;
    for (const health of [memory_health, thermal_health, performance_health, power_health, reliability_health]) {
      expect(health).toBeNull();
    }
  });

  it('at once when an exporter freezes, unknown for all of its node, and with the first vector behind that', () => {
    const frozen = { type: 'exporter_frozen', metric: '', gpu_uuid: '', severity: 'warning' } as const;
    const over = { ...frozen, state: 'closed', closed_at: START_MS + 11 * MINUTE_MS } as const;
    const told = run([
      vector(3),
      vector(4, {}, { gpu_uuid: 'GPU-b' }),
      anomaly(5, frozen),
      anomaly(5, over),
      vector(13),
    ]);
    expect(told.map((s) => [minuteOf(s), s.gpu_uuid, s.overall_score, s.health_grade])).toEqual([
      [3, 'GPU-a', 100, 'excellent'],
      [4, 'GPU-b', 100, 'excellent'],
      [5, 'GPU-a', null, 'unknown'],
      [5, 'GPU-b', null, 'unknown'],
      [13, 'GPU-a', 100, 'excellent'],
    ]);
  });

  it('with the first vector of a GPU that was out of sight', () => {
    expect(run([16, 21, 29, 30.5, 35].map((m) => vector(m))).map(minuteOf)).toEqual([16, 29, 30.5]);
  });
});
