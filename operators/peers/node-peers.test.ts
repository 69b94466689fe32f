import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { GroupState } from '../core/group-state.ts';
import { batchOf, describeLaws, START_MS } from '../core/laws.fixture.ts';
import { runOperator } from '../core/lift.ts';
import { nodePeers } from './node-peers.ts';
import { NODE_OPTIONS, runNodePeers, type WorkRow, type WorkScene, workRows } from './peers.fixture.ts';

const HOUR_MS = 3_600_000;
const minute = (n: number): number => n * 60_000;
const brief = (anomalies: readonly Anomaly[]): string[] =>
  anomalies.map((a) => `${a.type} ${a.metric} ${a.severity} ${a.state} ${a.gpu_uuid}`);
const run = (scene: Omit<WorkScene, 'nodes'> & { nodes?: number }): Anomaly[] =>
  runNodePeers(workRows({ nodes: 1, ...scene })).anomalies;

describeLaws('nodePeers', () => nodePeers(NODE_OPTIONS), { bytes_per_gpu_max: 300 });
describeLaws('nodePeers at work', () => nodePeers({ ...NODE_OPTIONS, clock_ratio: 0.02, power_ratio: 0.02, mads: 2 }), {
  bytes_per_gpu_max: 300,
  rows: (seed) =>
    workRows({
      nodes: 2,
      cadence_ms: 10_000,
      until_ms: minute(12),
      seed,
      change: (gpu, t, sound) =>
        gpu === 3 && t > minute(4) && t < minute(8) ? { sm_clock_mhz: (sound.sm_clock_mhz as number) * 0.7 } : {},
    }),
});

const from = minute(20);
const to = minute(40);
const sick = (t: number): boolean => t >= from && t < to;

describe('nodePeers', () => {
  it.each([1_000, 10_000, 30_000, 120_000])(
    'names one board that is slower than its peers, every %i ms',
    (cadence_ms) => {
      const told = run({
        cadence_ms,
        until_ms: HOUR_MS,
        change: (gpu, t, sound): Record<string, number> =>
          gpu === 3 && sick(t) ? { sm_clock_mhz: 1_410, power_watts: (sound.power_watts as number) * 0.85 } : {},
      });
      expect(brief(told)).toEqual([
        'peer_deviation sm_clock_mhz warning open GPU-3',
        'peer_deviation sm_clock_mhz warning closed GPU-3',
      ]);
      const delay_ms = (told[0]?.ts ?? 0) - START_MS - from;
      expect(delay_ms).toBeLessThanOrEqual(Math.max(120_000, 4 * cadence_ms));
      expect(told[1]).toMatchObject({ id: told[0]?.id, ts: told[0]?.ts });
      expect((told[1]?.closed_at ?? 0) - START_MS - to).toBeLessThanOrEqual(Math.max(180_000, 6 * cadence_ms));
    },
  );

  it('says by how much, of whom, and how often', () => {
    const change = (gpu: number, t: number): Record<string, number> =>
      gpu === 3 && sick(t) ? { sm_clock_mhz: 1_410 } : {};
    const told = run({ cadence_ms: 10_000, until_ms: HOUR_MS, change });
    expect(told[0]?.explanation).toMatch(
      /^sm_clock_mhz is 1,4\d\d MHz, 1\d % below the median 1,75\d MHz of 7 boards of n0 under the same load \(MAD \d MHz\), in 3 of the last 5 evaluations\.$/,
    );
    expect(told.at(-1)?.explanation).toMatch(
      /^sm_clock_mhz was 1,4\d\d MHz, .* evaluations\. Since then it has not been apart from its peers for five evaluations\.$/,
    );
  });

  it.each<[string, WorkScene['change'], string]>([
    [
      'hotter at the same power',
      (gpu, t, sound) => (gpu === 3 && sick(t) ? { gpu_temp_celsius: (sound.gpu_temp_celsius as number) + 18 } : {}),
      'gpu_temp_celsius info',
    ],
    [
      'much hotter at the same power',
      (gpu, t, sound) => (gpu === 3 && sick(t) ? { gpu_temp_celsius: (sound.gpu_temp_celsius as number) + 30 } : {}),
      'gpu_temp_celsius warning',
    ],
    [
      'less power at the same load',
      (gpu, t, sound) => (gpu === 3 && sick(t) ? { power_watts: (sound.power_watts as number) * 0.6 } : {}),
      'power_watts info',
    ],
    [
      'half the PCIe traffic',
      (gpu, t) => (gpu === 3 && sick(t) ? { pcie_rx_bytes_per_second: 1e9 } : {}),
      'pcie_rx_bytes_per_second info',
    ],
    [
      'half the NVLink traffic',
      (gpu, t) => (gpu === 3 && sick(t) ? { nvlink_bandwidth_mb_per_second: 5e4 } : {}),
      'nvlink_bandwidth_mb_per_second info',
    ],
  ])('names a board with %s', (_, change, expected) => {
    const told = run({ cadence_ms: 10_000, until_ms: HOUR_MS, ...(change ? { change } : {}) });
    const last = told.filter(({ state }) => state === 'open').at(-1);
    expect(`${last?.metric} ${last?.severity} ${last?.gpu_uuid}`).toBe(`${expected} GPU-3`);
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
    expect(told.at(-1)?.state).toBe('closed');
  });

  it.each<[string, Partial<WorkScene>]>([
    ['all the same', {}],
    ['no attribution at all', { job: () => '' }],
    ['idle boards beside busy ones', { load: (gpu) => (gpu < 4 ? 0 : 0.95) }],
    ['one busy board beside idle ones', { load: (gpu) => (gpu === 3 ? 0.95 : 0) }],
    ['jobs that start one after the other', { load: (gpu, t) => (t > minute(10) + gpu * 45_000 ? 0.95 : 0) }],
    ['jobs that end one after the other', { load: (gpu, t) => (t < minute(30) + gpu * 45_000 ? 0.95 : 0) }],
    ['checkpoints in step', { load: (_, t) => (t % minute(6) < 80_000 ? 0.1 : 0.95) }],
    ['a board that works lighter', { load: (gpu) => (gpu === 3 ? 0.5 : 0.95) }],
    [
      'two jobs with other clocks and powers',
      {
        job: (gpu) => (gpu < 4 ? 'a' : 'b'),
        change: (gpu, _, sound) =>
          gpu < 4 ? { sm_clock_mhz: 1_410, power_watts: (sound.power_watts as number) * 0.7 } : {},
      },
    ],
    [
      'the same two jobs, nobody knows whose',
      {
        job: () => '',
        change: (gpu, _, sound) =>
          gpu < 4 ? { sm_clock_mhz: 1_410, power_watts: (sound.power_watts as number) * 0.7 } : {},
      },
    ],
    [
      'one board held by its power limit',
      { change: (gpu) => (gpu === 3 ? { sm_clock_mhz: 1_410, throttle_reasons: 4 } : { throttle_reasons: 0 }) },
    ],
    [
      'one board with heavier work at a lower clock',
      {
        job: () => '',
        change: (gpu, _, sound) =>
          gpu === 3 ? { sm_clock_mhz: 1_500, power_watts: (sound.power_watts as number) * 1.15 } : {},
      },
    ],
    [
      'rear boards 9 C hotter',
      { change: (gpu, _, sound) => ({ gpu_temp_celsius: (sound.gpu_temp_celsius as number) + (gpu < 4 ? 0 : 9) }) },
    ],
    [
      'rear boards 14 C hotter',
      { change: (gpu, _, sound) => ({ gpu_temp_celsius: (sound.gpu_temp_celsius as number) + (gpu < 4 ? 0 : 14) }) },
    ],
    ['too few boards', { boards: 3, change: (gpu) => (gpu === 1 ? { sm_clock_mhz: 1_200 } : {}) }],
    ['one odd scrape', { change: (gpu, t) => (gpu === 3 && t === minute(20) ? { sm_clock_mhz: 900 } : {}) }],
    ['a reboot', { there: (_, t) => t < minute(20) || t > minute(28) }],
    [
      'readings missing on one board',
      {
        change: (gpu) =>
          gpu === 3 ? { power_watts: Number.NaN, sm_clock_mhz: Number.NaN, gpu_temp_celsius: Number.NaN } : {},
      },
    ],
  ])('stays silent: %s', (_, scene) => {
    for (const cadence_ms of [10_000, 30_000, 120_000]) {
      expect(brief(run({ cadence_ms, until_ms: HOUR_MS, ...scene }))).toEqual([]);
    }
  });

  it('does not compare MIG instances', () => {
    const rows = workRows({
      nodes: 1,
      cadence_ms: 10_000,
      until_ms: HOUR_MS,
      change: (gpu) => (gpu === 3 ? { sm_clock_mhz: 900 } : {}),
    });
    expect(runNodePeers(rows.map((row, i) => ({ ...row, instance: String((i % 7) + 1) }))).anomalies).toEqual([]);
  });

  it('takes a pause of the work for no recovery: one condition, one anomaly', () => {
    const told = run({
      cadence_ms: 10_000,
      until_ms: 2 * HOUR_MS,
      load: (_, t) => (t % minute(12) < 120_000 ? 0.02 : 0.95),
      change: (gpu, _, sound) => (gpu === 3 ? { gpu_temp_celsius: (sound.gpu_temp_celsius as number) + 18 } : {}),
    });
    expect(brief(told)).toEqual(['peer_deviation gpu_temp_celsius info open GPU-3']);
  });

  it('closes what it told of a board that nobody can compare for an hour', () => {
    const change = (gpu: number, t: number): Record<string, number> =>
      gpu === 3 && t >= from ? { sm_clock_mhz: 1_000 } : {};
    const rows = workRows({ nodes: 1, cadence_ms: 10_000, until_ms: 2 * HOUR_MS, change });
    const told = runNodePeers(rows.filter(({ uuid, ts }) => uuid !== 'GPU-3' || ts - START_MS < to)).anomalies;
    expect(told.map(({ state }) => state)).toEqual(['open', 'closed']);
    expect(told[1]?.closed_at).toBeGreaterThan(START_MS + to + HOUR_MS);
  });
});

describe('a scrape', () => {
  const scene: WorkScene = { nodes: 1, cadence_ms: 30_000, until_ms: minute(10) };
  /** Places in the stream of the rows behind which a summary came, and the instants it tells of. */
  const heard = (rows: readonly WorkRow[]): string[] => {
    const state = new GroupState(0);
    const batch = batchOf(state, rows);
    rows.forEach(({ job }, i) => {
      batch.attribution[i] = state.registry.attribution([{ namespace: '', pod: '', container: '', job }]);
    });
    const told: string[] = [];
    runOperator('peers', nodePeers(NODE_OPTIONS), state, batch, (port, item, row) => {
      const { uuid, ts } = rows[row] as WorkRow;
      if (port === 'summaries') told.push(`${uuid} ${(item.ts - START_MS) / 1_000} s at ${(ts - START_MS) / 1_000} s`);
    });
    return told;
  };

  it('is judged with the row that completes it', () => {
    expect(heard(workRows(scene)).slice(0, 3)).toEqual([
      'GPU-7 30 s at 30 s',
      'GPU-7 60 s at 60 s',
      'GPU-7 90 s at 90 s',
    ]);
  });

  it('is judged with the next one where a GPU is lacking, and by itself again when that GPU is known to be away', () => {
    const rows = workRows(scene).filter(({ uuid, ts }) => uuid !== 'GPU-5' || ts - START_MS < 60_000);
    expect(heard(rows).slice(0, 4)).toEqual([
      'GPU-7 30 s at 30 s',
      'GPU-0 60 s at 90 s',
      'GPU-7 90 s at 90 s',
      'GPU-7 120 s at 120 s',
    ]);
  });

  it('of a GPU that is back or new counts without it once', () => {
    const rows = workRows(scene).filter(({ uuid, ts }) => uuid !== 'GPU-5' || ts - START_MS >= 60_000);
    expect(heard(rows).slice(0, 4)).toEqual([
      'GPU-7 30 s at 30 s',
      'GPU-6 60 s at 60 s',
      'GPU-7 90 s at 90 s',
      'GPU-7 120 s at 120 s',
    ]);
  });
});

describe('summaries', () => {
  it('tell every 20 s what busy boards do for each job, and whose load is new', () => {
    const job = (gpu: number): string => (gpu < 4 ? 'a' : gpu < 6 ? 'b' : '');
    const { summaries } = runNodePeers(workRows({ nodes: 1, cadence_ms: 10_000, until_ms: minute(10), job }));
    const ofA = summaries.filter((summary) => summary.job === 'a');
    expect(ofA.length).toBeGreaterThanOrEqual(26);
    expect(ofA[0]).toMatchObject({
      node: 'n0',
      model: 'NVIDIA H100 80GB HBM3',
      gpus: ['GPU-0', 'GPU-1', 'GPU-2', 'GPU-3'],
    });
    expect(ofA.slice(0, 3).map(({ unsettled }) => unsettled)).toEqual([[0, 1, 2, 3], undefined, undefined]);
    expect(ofA[0]?.readings.length).toBe(4 * 8);
    expect(new Set(summaries.map((summary) => summary.job))).toEqual(new Set(['a', 'b']));
    expect(summaries.filter((summary) => summary.job === 'b').every(({ gpus }) => gpus.length === 2)).toBe(true);
  });

  it('are of nobody who idles', () => {
    expect(
      runNodePeers(workRows({ nodes: 1, cadence_ms: 10_000, until_ms: minute(10), load: () => 0 })).summaries,
    ).toEqual([]);
  });
});
