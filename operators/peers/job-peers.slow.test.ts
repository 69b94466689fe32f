import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { seconds } from '../../pipeline/contract/time.ts';
import { START_MS } from '../core/laws.fixture.ts';
import { gangOf } from './gang-of.ts';
import { HOUR_MS, minute, runJobPeers } from './job-peers.fixture.ts';
import type { WorkScene } from './peers.fixture.ts';

const from = minute(20);
const to = minute(40);
/** What is told of an instant leaves when the fleet's clock is so far past it. */
const LEAVES_MS = seconds(15);
const sick = (gpu: number, t: number): boolean => gpu === 13 && t >= from && t < to;

const brief = (anomalies: readonly Anomaly[]): string[] =>
  anomalies.map((a) => `${a.type} ${a.metric} ${a.severity} ${a.state} ${a.gpu_uuid}`);
const slower =
  (ratio: number): WorkScene['change'] =>
  (gpu, t, sound) =>
    sick(gpu, t)
      ? { sm_clock_mhz: (sound.sm_clock_mhz as number) * ratio, power_watts: (sound.power_watts as number) * ratio }
      : {};

/** Boards at their power limit, with clocks 7 % apart; what differs on one of them, as shares. */
const spreadByPower = (gpu: number, one: { clock?: number; watts?: number }): Record<string, number> => ({
  sm_clock_mhz: (1_500 + 15 * ((gpu * 7) % 8)) * (one.clock ?? 1),
  power_watts: 690 * (one.watts ?? 1),
  throttle_reasons: one.clock === undefined ? 4 : 0,
});

describe('jobPeers', () => {
  it.each([1_000, 10_000, 30_000])('names a GPU 8 %% below its job within two minutes, every %i ms', (cadence_ms) => {
    const change = slower(0.92);
    const told = runJobPeers({ cadence_ms, ...(change ? { change } : {}) });
    expect(brief(told)).toEqual([
      'straggler sm_clock_mhz warning open GPU-13',
      'straggler sm_clock_mhz warning closed GPU-13',
    ]);
    const delay_ms = (told[0]?.ts ?? 0) - START_MS - from;
    expect(delay_ms).toBeGreaterThan(0);
    expect(delay_ms + LEAVES_MS).toBeLessThanOrEqual(120_000);
    expect(told[0]?.node).toBe('n1');
    expect(told[1]).toMatchObject({ id: told[0]?.id, ts: told[0]?.ts });
    expect((told[1]?.closed_at ?? 0) - START_MS - to).toBeLessThanOrEqual(200_000);
    expect(told[0]?.explanation).toMatch(
      /^sm_clock_mhz is 1,6\d\d MHz, [5-8] % below the median 1,7\d\d MHz of 31 peers of job train \(MAD \d MHz\), in 3 of the last 5 evaluations: it holds up the job\.$/,
    );
    expect(told[1]?.explanation).toMatch(
      /^sm_clock_mhz was 1,6\d\d MHz, .* evaluations\. Since then it has kept up with the others of train for five evaluations\.$/,
    );
  });

  it('at a cadence of two minutes takes three scrapes', () => {
    const change = slower(0.92);
    const [opened] = runJobPeers({ cadence_ms: 120_000, ...(change ? { change } : {}) });
    expect(brief(opened ? [opened] : [])).toEqual(['straggler sm_clock_mhz warning open GPU-13']);
    expect((opened?.ts ?? 0) - START_MS - from).toBeLessThanOrEqual(minute(7));
  });

  it.each<[string, Partial<WorkScene>, string]>([
    [
      'within one node',
      { nodes: 2, job: (gpu) => `job-${gpu >> 3}`, change: slower(0.9) as NonNullable<WorkScene['change']> },
      'sm_clock_mhz',
    ],
    [
      'by power, where no clock is told',
      {
        change: (gpu, t, sound) => ({
          sm_clock_mhz: Number.NaN,
          ...(sick(gpu, t) ? { power_watts: (sound.power_watts as number) * 0.8 } : {}),
        }),
      },
      'power_watts',
    ],
    [
      'by its tensor cores',
      {
        change: (gpu, t, sound) =>
          sick(gpu, t) ? { tensor_active_ratio: (sound.tensor_active_ratio as number) * 0.88 } : {},
      },
      'tensor_active_ratio',
    ],
    [
      'by waiting for its own host',
      {
        change: (gpu, t, sound) =>
          sick(gpu, t) ? { gr_engine_active_ratio: (sound.gr_engine_active_ratio as number) * 0.88 } : {},
      },
      'gr_engine_active_ratio',
    ],
    [
      'beside others that are held by their power limit',
      {
        change: (gpu, t, sound) => ({
          throttle_reasons: sick(gpu, t) ? 0 : 4,
          ...(sick(gpu, t) ? { sm_clock_mhz: (sound.sm_clock_mhz as number) * 0.92 } : {}),
        }),
      },
      'sm_clock_mhz',
    ],
    [
      'that draws less, beside others whose clocks the power limit spreads',
      { change: (gpu, t) => spreadByPower(gpu, sick(gpu, t) ? { clock: 0.92, watts: 0.88 } : {}) },
      'sm_clock_mhz',
    ],
  ])('names a straggler %s', (_, scene, metric) => {
    expect(brief(runJobPeers(scene))).toEqual([
      `straggler ${metric} warning open GPU-13`,
      `straggler ${metric} warning closed GPU-13`,
    ]);
  });

  it.each<[string, Partial<WorkScene>]>([
    ['all keep up', {}],
    ['nobody knows the jobs', { job: () => '', change: slower(0.8) as NonNullable<WorkScene['change']> }],
    ['nodes start one after the other', { load: (gpu, t) => (t > minute(10) + (gpu >> 3) * 40_000 ? 0.95 : 0) }],
    ['GPUs end one after the other', { load: (gpu, t) => (t < minute(30) + gpu * 9_000 ? 0.95 : 0) }],
    ['checkpoints in step', { load: (_, t) => (t % minute(6) < 80_000 ? 0.1 : 0.95) }],
    [
      'a quarter does other work',
      {
        change: (gpu, _, sound) =>
          gpu % 4 === 0 ? { tensor_active_ratio: (sound.tensor_active_ratio as number) * 0.7 } : {},
      },
    ],
    ['a node with lower clocks', { change: (gpu) => (gpu >> 3 === 2 ? { sm_clock_mhz: 1_500 } : {}) }],
    ['half runs slower', { change: (gpu) => (gpu < 16 ? { sm_clock_mhz: 1_500 } : {}) }],
    ['each GPU serves its own requests', { load: (gpu, t) => 0.5 + 0.2 * Math.sin(t / 90_000 + gpu * 2.4) }],
    [
      'power limits spread the clocks',
      { change: (gpu) => ({ sm_clock_mhz: 1_500 + 15 * ((gpu * 7) % 8), throttle_reasons: 4 }) },
    ],
    [
      'one that draws as much as the others, whose clocks the power limit spreads',
      { change: (gpu, t) => spreadByPower(gpu, sick(gpu, t) ? { clock: 0.93 } : {}) },
    ],
    ['one peer only', { nodes: 1, boards: 2, change: (gpu) => (gpu === 1 ? { sm_clock_mhz: 1_200 } : {}) }],
    ['one odd scrape', { change: (gpu, t) => (gpu === 13 && t === from ? { sm_clock_mhz: 900 } : {}) }],
    ['a node reboots', { there: (node, t) => node !== 1 || t < minute(20) || t > minute(28) }],
    [
      'the border from a history to live scrapes',
      { there: (_, t) => (t < minute(20) ? t % 120_000 === 0 : t > minute(40)) },
    ],
  ])('stays silent: %s', (_, scene) => {
    expect(brief(runJobPeers(scene))).toEqual([]);
  });

  describe('of a small job', () => {
    const few = (boards: number, ratio: number, more: Record<string, number> = {}): Partial<WorkScene> => ({
      nodes: 1,
      boards,
      change: (gpu, t, sound) =>
        gpu === 1 && t >= from && t < to
          ? {
              sm_clock_mhz: (sound.sm_clock_mhz as number) * ratio,
              power_watts: (sound.power_watts as number) * ratio,
              ...more,
            }
          : {},
    });

    it.each([
      [3, 1_000],
      [4, 1_000],
      [3, 10_000],
      [4, 10_000],
      [3, 30_000],
      [4, 30_000],
    ])('names the one of %i that runs 8 %% slower within two minutes, every %i ms', (boards, cadence_ms) => {
      const told = runJobPeers({ ...few(boards, 0.92), cadence_ms });
      expect(brief(told)).toEqual([
        'straggler sm_clock_mhz warning open GPU-1',
        'straggler sm_clock_mhz warning closed GPU-1',
      ]);
      expect((told[0]?.ts ?? 0) - START_MS - from + LEAVES_MS).toBeLessThanOrEqual(120_000);
      expect(told[0]?.explanation).toContain(`of ${boards - 1} peers of job train`);
    });

    it.each<[string, Partial<WorkScene>]>([
      ['5 % slower', few(4, 0.95)],
      ['5 % slower of three', few(3, 0.95)],
      ['slower because it draws more', few(4, 0.88, { power_watts: 760 })],
      ['less to do than the others', few(4, 0.88, { gr_engine_active_ratio: 0.7 })],
      ['held by its power limit', few(4, 0.92, { throttle_reasons: 4 })],
      [
        'stages of a pipeline',
        {
          nodes: 1,
          boards: 4,
          change: (gpu, _, sound) => ({
            tensor_active_ratio: [0.3, 0.5, 0.52, 0.38][gpu] as number,
            sm_clock_mhz: (sound.sm_clock_mhz as number) * ([1, 0.9, 1, 1][gpu] as number),
          }),
        },
      ],
      [
        'two pairs',
        {
          nodes: 1,
          boards: 4,
          change: (gpu, _, sound) => ({ sm_clock_mhz: (sound.sm_clock_mhz as number) * (gpu < 2 ? 0.88 : 1) }),
        },
      ],
      [
        'requests of their own, clocks that rest between them',
        {
          nodes: 1,
          boards: 4,
          load: (gpu, t) => 0.5 + 0.1 * Math.sin(t / 90_000 + gpu * 2.4),
          change: (gpu, t) => (gpu === 1 && t % 40_000 < 20_000 ? { sm_clock_mhz: 1_300 } : {}),
        },
      ],
    ])('stays silent: %s', (_, scene) => {
      expect(brief(runJobPeers(scene))).toEqual([]);
    });
  });

  it.each<[string, Partial<WorkScene>]>([
    ['large', { nodes: 4 }],
    ['small', { nodes: 1, boards: 4 }],
  ])('tells application clocks that hold up a %s job as a setting', (_, scene) => {
    const told = runJobPeers({
      ...scene,
      change: (gpu, t) => (gpu === 1 && t > from ? { sm_clock_mhz: 1_185, throttle_reasons: 2, power_watts: 400 } : {}),
    });
    expect(brief(told)).toEqual(['straggler sm_clock_mhz warning open GPU-1']);
    expect(told[0]?.explanation).toMatch(
      /in 3 of the last 5 evaluations, because its application clocks are set so, which is a setting and no fault of the board: it holds up the job\.$/,
    );
  });

  it('takes a pause of the work for no recovery: one condition, one anomaly', () => {
    const told = runJobPeers({
      until_ms: 2 * HOUR_MS,
      load: (_, t) => (t % minute(6) < 80_000 ? 0.1 : 0.95),
      change: (gpu, _, sound) => (gpu === 13 ? { sm_clock_mhz: (sound.sm_clock_mhz as number) * 0.9 } : {}),
    });
    expect(brief(told)).toEqual(['straggler sm_clock_mhz warning open GPU-13']);
  });

  it('closes when the straggler leaves the job', () => {
    const told = runJobPeers({
      change: slower(0.85) as NonNullable<WorkScene['change']>,
      job: (gpu, t) => (gpu === 13 && t > minute(30) ? 'other' : 'train'),
    });
    expect(brief(told).map((line) => line.split(' ')[3])).toEqual(['open', 'closed']);
    expect(told[1]?.explanation).toMatch(
      /^\S+ was [\d,.]+ \S+, \d+ % below the median .* of the last 5 evaluations\. Since then it no longer works on train\.$/,
    );
  });

  it('names a GPU that is slow in its next job too anew, and never in two at once', () => {
    const change: WorkScene['change'] = (gpu, t, sound) =>
      gpu === 13 && t >= from ? { sm_clock_mhz: (sound.sm_clock_mhz as number) * 0.85 } : {};
    const told = runJobPeers({ change, job: (_, t) => (t > minute(30) ? 'second' : 'first') });
    const states = told.filter(({ gpu_uuid }) => gpu_uuid === 'GPU-13').map(({ state }) => state);
    expect(states).toEqual(['open', 'closed', 'open']);
    expect(told[1]?.id).toBe(told[0]?.id);
    expect(told[2]?.id).not.toBe(told[0]?.id);
  });

  it('goes on after a snapshot at any point as if nothing had happened', () => {
    const scene = { until_ms: minute(45), change: slower(0.9) as NonNullable<WorkScene['change']> };
    const whole = runJobPeers(scene);
    expect(whole.length).toBe(2);
    for (const every of [1, 11]) expect(runJobPeers(scene, every)).toEqual(whole);
  });
});

describe('gangOf', () => {
  const pod = (name: string) => ({ namespace: 'ml', pod: name, container: 'c', job: '' });
  it.each([
    [[], ''],
    [[{ namespace: '', pod: '', container: '', job: 'run-7' }], 'run-7'],
    [[pod('train-x1-worker-12')], 'ml/train-x1'],
    [[pod('train-x1-master-0')], 'ml/train-x1'],
    [[pod('train-x1-3')], 'ml/train-x1'],
    [[pod('serve-6d5f-abcde')], 'ml/serve-6d5f-abcde'],
    [[pod('a'), pod('b')], ''],
    [[pod('a'), { ...pod('a'), container: 'd' }], 'ml/a'],
  ])('%j is %s', (attribution, gang) => {
    expect(gangOf(attribution)).toBe(gang);
  });
});
