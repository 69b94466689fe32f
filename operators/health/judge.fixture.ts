import { expect } from 'vitest';
import { DIMENSIONS } from '../../pipeline/contract/events.ts';
import { boardOf } from './board-limits.ts';
import { defaultProfile, type HealthInput } from './default-profile.ts';
import type { OpenAnomaly, RecentEpisode } from './faults.ts';
import { observationsOf, WELL } from './observations.fixture.ts';
import { DIMENSION_WEIGHTS, gradeOf, type HealthVerdict } from './verdict.ts';

export const T = Date.UTC(2026, 0, 8);
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const NAN = Number.NaN;

interface Told extends Partial<Pick<HealthInput, 'anomalies' | 'episodes' | 'latest_ts'>> {
  readonly model?: string;
}
export const judge = (change: Readonly<Record<string, number>>, told: Told = {}): HealthVerdict =>
  defaultProfile({
    t: T,
    latest_ts: told.latest_ts ?? T,
    seen: observationsOf({ ...WELL, ...change }),
    board: boardOf(told.model ?? 'NVIDIA H100 80GB HBM3'),
    anomalies: told.anomalies ?? [],
    episodes: told.episodes ?? [],
  });

export const anomaly = (type: string, severity: OpenAnomaly['severity'], metric = ''): OpenAnomaly => ({
  id: `${type}-${metric}`,
  type,
  metric,
  severity,
  opened_at: T - 120_000,
  observed: 17_700,
  expected: 0,
});
export const episode = (change: Partial<RecentEpisode>): RecentEpisode => ({
  id: 'e1',
  primary_xid: 62,
  anomalies: [],
  severity: 'critical',
  category: 'memory',
  action: 'reset_gpu',
  started_at: T - DAY_MS,
  ended_at: null,
  reset_at: null,
  cured: null,
  ...change,
});

/** What must hold of every verdict. */
export function expectSound(verdict: HealthVerdict): void {
  let weight = 0;
  let sum = 0;
  for (const dimension of DIMENSIONS) {
    const score = verdict.dimensions[dimension];
    const points = verdict.contributions.filter((c) => c.dimension === dimension).map((c) => c.points);
    const lost = points.reduce((a, b) => a + b, 0);
    expect(verdict.confidences[dimension]).toBeGreaterThanOrEqual(0);
    expect(verdict.confidences[dimension]).toBeLessThanOrEqual(1);
    if (score === null) {
      expect(points).toEqual([]);
      continue;
    }
    expect(score).toBeGreaterThanOrEqual(0);
    expect(lost, dimension).toBeCloseTo(100 - score, 9);
    weight += DIMENSION_WEIGHTS[dimension];
    sum += DIMENSION_WEIGHTS[dimension] * score;
  }
  if (verdict.overall === null) {
    expect(verdict.grade).toBe('unknown');
    return;
  }
  const held = verdict.contributions.filter(({ dimension }) => dimension === 'overall').map(({ points }) => points);
  expect(held.length).toBeLessThanOrEqual(1);
  for (const points of held) expect(points).toBeGreaterThan(0);
  expect(Math.abs(verdict.overall + (held[0] ?? 0) - sum / weight)).toBeLessThanOrEqual(0.05 + 1e-9);
  if (verdict.grade === 'excellent') expect(verdict.action).toBe('none');
  expect(verdict.grade).toBe(gradeOf(verdict.overall));
}
