import { describe, expect, it } from 'vitest';
import type { HealthScore } from '../../pipeline/contract/events.ts';
import { hours, minutes } from '../../pipeline/contract/time.ts';
import { GroupState } from '../core/group-state.ts';
import { batchOf, describeLaws, type SampleRow, START_MS } from '../core/laws.fixture.ts';
import { finishOperator, runOperator } from '../core/lift.ts';
import { referenceHealth } from './reference-health.ts';

const make = () =>
  referenceHealth({ every: minutes(15), interval: null, lateness_max: minutes(5), vectors_every: minutes(5) });

describeLaws('reference_health', make, { bytes_per_gpu_max: 16 });

const row = (at_ms: number, values: Record<string, number>, uuid = 'GPU-a', node = 'node-0'): SampleRow => ({
  ts: START_MS + at_ms,
  node,
  uuid,
  values,
});

function scoresOf(rows: readonly SampleRow[], end: number): HealthScore[] {
  const state = new GroupState(0);
  const scores: HealthScore[] = [];
  const operator = make();
  runOperator('health', operator, state, batchOf(state, rows), (_port, item) => scores.push(item));
  finishOperator('health', operator, state, START_MS + end, (_port, item) => scores.push(item));
  return scores;
}

describe('reference_health', () => {
  it('tells a score as of each quarter of an hour that a row passes, and at the end', () => {
    const rows = Array.from({ length: 40 }, (_, i) => row(i * 60_000, { gpu_temp_celsius: i < 16 ? 60 : 90 }));
    const scores = scoresOf(rows, 39 * 60_000 + 1_000);
    expect(scores.map(({ ts }) => (ts - START_MS) / 60_000)).toEqual([0, 15, 30, 39 + 1 / 60]);
    // Up to and with minute 15 all 60 C; at minute 30 the mean of 16 x 60 and 15 x 90 is 74.5 C, its deviation 15.2 C.
    expect(scores[1]?.thermal_health).toBe(100);
    expect(scores[2]?.thermal_health).toBe(97.4);
    expect(scores.every(({ profile }) => profile === 'reference')).toBe(true);
  });

  it('tells all GPUs of a node by the row that passes, the silent ones once more', () => {
    const rows = [0, 10, 20, 30, 40].flatMap((m) => [
      row(m * 60_000, {}, 'GPU-a'),
      ...(m < 20 ? [row(m * 60_000, {}, 'GPU-b')] : []),
    ]);
    const state = new GroupState(0);
    const told: string[] = [];
    runOperator('health', make(), state, batchOf(state, rows), (_port, { ts, gpu_uuid }, at) =>
      told.push(`row ${at}: ${gpu_uuid} at ${(ts - START_MS) / 60_000}`),
    );
    expect(told).toEqual([
      'row 2: GPU-a at 0',
      'row 2: GPU-b at 0',
      'row 4: GPU-a at 15',
      'row 4: GPU-b at 15',
      'row 6: GPU-a at 30',
    ]);
  });

  it('tells the last score of a node that fell silent while others go on', () => {
    const rows = [
      row(0, {}, 'GPU-a'),
      row(minutes(10), {}, 'GPU-a'),
      ...[0, 10, 20, 25, 30, 60].map((m) => row(m * 60_000, {}, 'GPU-b', 'node-1')),
    ];
    const ofA = scoresOf(rows, minutes(60)).filter(({ gpu_uuid }) => gpu_uuid === 'GPU-a');
    expect(ofA.map(({ ts }) => (ts - START_MS) / 60_000)).toEqual([0, 15, 60]);
  });

  it('puts late rows in their place, once, and leaves out what is too late', () => {
    const rows = [0, 1, 2, 4, 5].map((m) => row(m * 60_000, { gpu_temp_celsius: 60 }));
    const late = [row(180_000, { gpu_temp_celsius: 100 }), row(180_000, { gpu_temp_celsius: 30 })];
    const tooLate = [row(600_000, { gpu_temp_celsius: 60 }), row(60_500, { gpu_temp_celsius: 200 })];
    const last = scoresOf([...rows, ...late, ...tooLate], 600_000).at(-1);
    expect(last?.contributions.find(({ limit }) => limit === 95)?.value).toBe(100);
  });

  it('tells a silent GPU at the end, from its last week, unless that is over', () => {
    const rows = [row(0, {}, 'GPU-a'), row(hours(24 * 4), {}, 'GPU-b'), row(hours(24 * 8), {}, 'GPU-c')];
    const ended = scoresOf(rows, hours(24 * 8)).filter(({ ts }) => ts === START_MS + hours(24 * 8));
    expect(ended.map(({ gpu_uuid }) => gpu_uuid)).toEqual(['GPU-b', 'GPU-c']);
  });

  it('forgets samples older than 7 days', () => {
    const rows = [
      row(0, { gpu_temp_celsius: 120 }),
      ...Array.from({ length: 200 }, (_, i) => row(hours(i + 1), { gpu_temp_celsius: 60 })),
    ];
    const last = scoresOf(rows, hours(200)).at(-1);
    expect(last?.contributions).toEqual([]);
    expect(last).toMatchObject({ overall_score: 100, confidence: 0.23 });
  });
});
