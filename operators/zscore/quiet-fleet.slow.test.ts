import { describe, expect, it } from 'vitest';
import type { StorySpec } from '../../bench/fleet/story-schedule.ts';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { START_MS } from '../core/laws.fixture.ts';
import { fleetAnomalies } from './fleet-anomalies.fixture.ts';

const DAY_MS = 86_400_000;

const above = (told: readonly Anomaly[]): string[] =>
  told.filter(({ severity }) => severity !== 'info').map(({ explanation }) => explanation);

describe('zscore over a simulated fleet', () => {
  it('warns of nothing in a fleet without faults, and hardly tells anything', () => {
    const { told } = fleetAnomalies({ gpus: 128, seed: 5, interval_ms: 120_000, days: 3, stories: 'none' });
    expect(above(told)).toEqual([]);
    expect(told.length).toBeLessThan(0.05 * 128 * 3);
  });

  it.each([
    'job_change',
    'idle',
    'hot_afternoon',
    'driver_reload',
    'reboot',
    'application_xid',
    'power_capped_training',
    'checkpoint_bursts',
  ])('warns of nothing when what happens is %s', (story) => {
    const stories: StorySpec[] = [{ story, gpu: 9, at_ms: START_MS + 1.3 * DAY_MS }];
    const { told } = fleetAnomalies({ gpus: 16, seed: 3, interval_ms: 120_000, days: 1.8, stories });
    expect(above(told)).toEqual([]);
  });

  it.each([
    ['cold_plate_decay', 20, 'gpu_temp_celsius', 1],
    ['fan_decay', 20, 'gpu_temp_celsius', 1],
    ['paste_pump_out', 30, 'gpu_temp_celsius', 1],
    ['hot_inlet', 2, 'gpu_temp_celsius', 1],
    ['power_brake', 2, 'power_watts', -1],
  ])('sees %s, told over %d hours', (story, hours, metric, side) => {
    const since = START_MS + 3 * DAY_MS;
    const stories: StorySpec[] = [{ story, gpu: 12, at_ms: since, duration_ms: hours * 3_600_000 }];
    const days = 3 + hours / 24;
    const { told, truth } = fleetAnomalies({ gpus: 16, seed: 3, interval_ms: 120_000, days, stories });
    const found = told.filter((anomaly) => truth[0]?.gpu_uuids.includes(anomaly.gpu_uuid) && anomaly.ts >= since);
    expect(found.map((anomaly) => anomaly.metric)).toContain(metric);
    for (const anomaly of found.filter((a) => a.metric === metric)) expect(side * anomaly.score).toBeGreaterThan(3);
  });
});
