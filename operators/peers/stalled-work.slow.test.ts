import { describe, expect, it } from 'vitest';
import { START_MS } from '../core/laws.fixture.ts';
import { HOUR_MS, minute, runJobPeers } from './job-peers.fixture.ts';
import type { WorkScene } from './peers.fixture.ts';

describe('a job that only waits', () => {
  const spin = {
    gr_engine_active_ratio: 1,
    sm_active_ratio: 0.12,
    tensor_active_ratio: 0,
    dram_active_ratio: 0,
    power_watts: 140,
    nvlink_bandwidth_mb_per_second: 0,
  };
  const hung = (more: Record<string, number> = {}, begins = 45, ends = 300): Partial<WorkScene> => ({
    nodes: 2,
    boards: 4,
    cadence_ms: 30_000,
    until_ms: 3 * HOUR_MS,
    change: (_, t) => (t >= minute(begins) && t < minute(ends) ? { ...spin, ...more } : {}),
  });

  it.each([10_000, 30_000, 120_000])(
    'is told once for the job, and warned of after an hour, every %i ms',
    (cadence_ms) => {
      const told = runJobPeers({ ...hung({}, 60, 140), cadence_ms });
      expect(told.map((a) => `${a.type} ${a.severity} ${a.state} ${a.gpu_uuid}${a.node}`)).toEqual([
        'work_stalled info open n0',
        'work_stalled warning open n0',
        'work_stalled warning closed n0',
      ]);
      expect(new Set(told.map(({ id }) => id)).size).toBe(1);
      const delay_ms = (told[0]?.ts ?? 0) - START_MS - minute(60);
      expect(delay_ms).toBeGreaterThanOrEqual(minute(10));
      expect(delay_ms).toBeLessThanOrEqual(minute(16));
      expect(told[0]?.explanation).toMatch(
        /^Job train has done nothing for 1\d min: all its 8 GPUs on 2 nodes are busy, .* they draw 140 W instead of 6\d\d W\./,
      );
      expect(told[2]?.explanation).toMatch(
        /^Job train has done nothing for 6\d min by \S+Z\. Since then train computes again\.$/,
      );
    },
  );

  it('ends with the job', () => {
    const told = runJobPeers({ ...hung({}, 45, 300), there: (_, t) => t < minute(80) });
    expect(told.map(({ severity, state }) => `${severity} ${state}`)).toEqual(['info open']);
    const other = (gpu: number, t: number): number => (gpu < 8 && t > minute(80) ? 0 : 0.95);
    const scene = hung({}, 45, 300);
    const change: WorkScene['change'] = (gpu, t, sound) =>
      gpu >= 8 || t > minute(80) ? {} : (scene.change?.(gpu, t, sound) ?? {});
    const ended = runJobPeers({ ...scene, change, load: other, job: (gpu) => (gpu < 8 ? 'train' : 'x'), nodes: 3 });
    expect(ended.map(({ type, state }) => `${type} ${state}`)).toEqual(['work_stalled open', 'work_stalled closed']);
    expect(ended[1]?.explanation).toContain('train has let go of its GPUs.');
  });

  it.each<[string, Partial<WorkScene>]>([
    ['it never worked', hung({}, 0)],
    ['nine minutes of checkpoint', hung({}, 45, 54)],
    ['memory still moves', hung({ dram_active_ratio: 0.1 })],
    ['NVLink still moves', hung({ nvlink_bandwidth_mb_per_second: 90_000 })],
    ['power as usual', hung({ power_watts: 480 })],
    ['idle', hung({ gr_engine_active_ratio: 0, sm_active_ratio: 0 })],
    ['no profiling counters', hung({ tensor_active_ratio: Number.NaN, dram_active_ratio: Number.NaN })],
    [
      'one evaluates while the others wait',
      {
        ...hung(),
        change: (gpu, t) => (t >= minute(45) && gpu !== 2 ? spin : {}),
        job: (gpu) => (gpu < 8 ? 'train' : ''),
      },
    ],
  ])('is none: %s', (_, scene) => {
    expect(runJobPeers(scene).filter(({ type }) => type === 'work_stalled')).toEqual([]);
  });

  it('goes on after a snapshot', () => {
    const scene = { ...hung({}, 45, 100), until_ms: 2 * HOUR_MS };
    expect(runJobPeers(scene, 5)).toEqual(runJobPeers(scene));
  });
});
