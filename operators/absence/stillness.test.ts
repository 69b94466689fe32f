import { describe, expect, it } from 'vitest';
import { random, START_MS } from '../core/laws.fixture.ts';
import { brief, HOUR_MS, minute, runAbsence, scrapes } from './scrape-scene.fixture.ts';

describe('exporter_frozen', () => {
  const FREEZE = minute(20);
  const lively = (gpu: number, t: number): Record<string, number> => {
    const at = random(gpu * 1_000_003 + t);
    return {
      power_watts: 300 + Math.round(at() * 20_000) / 1_000,
      gpu_temp_celsius: 60 + Math.round(at() * 2),
      gpu_util_ratio: 0.97,
      energy_joules_total: 1e6 + 0.31 * t,
    };
  };
  const frozenFrom = (from: number, to: number) => (gpu: number, t: number) =>
    lively(gpu, t >= from && t < to ? from : t);
  const without =
    (name: string, draw: (gpu: number, t: number) => Record<string, number>) => (gpu: number, t: number) =>
      Object.fromEntries(Object.entries(draw(gpu, t)).filter(([metric]) => metric !== name));

  it.each([1_000, 10_000, 30_000, 120_000])(
    'names an exporter that repeats itself every %i ms, once per node',
    (cadence_ms) => {
      const told = runAbsence(scrapes({ cadence_ms, values: frozenFrom(FREEZE, minute(50)) }));
      expect(brief(told)).toEqual(['exporter_frozen warning open ', 'exporter_frozen warning closed ']);
      const [opened, closed] = told.anomalies;
      expect(opened).toMatchObject({ gpu_uuid: '', instance: '', node: 'n1' });
      expect((opened?.ts ?? 0) - START_MS - FREEZE).toBeLessThanOrEqual(Math.max(minute(5), 10 * cadence_ms));
      expect(closed).toMatchObject({
        id: opened?.id,
        closed_at: START_MS + Math.ceil(minute(50) / cadence_ms) * cadence_ms,
      });
    },
  );

  it('tells what cannot be', () => {
    const [opened] = runAbsence(scrapes({ cadence_ms: 30_000, values: frozenFrom(FREEZE, 2 * HOUR_MS) })).anomalies;
    expect(opened?.explanation).toMatch(
      /^All readings of n1 stand still since 2026-01-01T00:20:00\.000Z: 10 scrapes in 5 min were equal bit for bit, and energy stands at 1372000 J although 3\d\d(\.\d)? W are drawn; the exporter repeats old values\.$/,
    );
  });

  it('sees it without an energy counter while work goes on, and with one on an idle node', () => {
    const busy = without('energy_joules_total', frozenFrom(FREEZE, 2 * HOUR_MS));
    const idle = without('gpu_util_ratio', frozenFrom(FREEZE, 2 * HOUR_MS));
    expect(brief(runAbsence(scrapes({ cadence_ms: 10_000, values: busy })))).toEqual(['exporter_frozen warning open ']);
    expect(brief(runAbsence(scrapes({ cadence_ms: 10_000, values: idle })))).toEqual(['exporter_frozen warning open ']);
  });

  it.each([1_000, 10_000, 30_000, 120_000])(
    'names one GPU of eight that stands still at %i ms, until it moves again',
    (cadence_ms) => {
      const one = frozenFrom(FREEZE, minute(50));
      const told = runAbsence(scrapes({ cadence_ms, values: (gpu, t) => (gpu === 2 ? one(gpu, t) : lively(gpu, t)) }));
      expect(brief(told)).toEqual(['exporter_frozen warning open GPU-2', 'exporter_frozen warning closed GPU-2']);
      const [opened, closed] = told.anomalies;
      expect((opened?.ts ?? 0) - START_MS - FREEZE).toBeLessThanOrEqual(Math.max(minute(5), 10 * cadence_ms));
      expect(opened?.explanation).toMatch(
        /^All readings of GPU-2 on n1 stand still since .*\.000Z while other GPUs of the node move: \d+ scrapes in (5|20) min were equal bit for bit, and energy stands at 1372000 J although 3\d\d(\.\d)? W are drawn; old values are repeated for this GPU\.$/,
      );
      expect(closed?.explanation).toBe('The readings of GPU-2 move again; they had stood still for 30 min.');
    },
  );

  it('lets a node that froze be its exporter, not its boards', () => {
    const late = (gpu: number, t: number): Record<string, number> =>
      lively(gpu, t >= FREEZE + (gpu === 2 ? 0 : minute(3)) ? FREEZE : t);
    expect(brief(runAbsence(scrapes({ cadence_ms: 30_000, values: late })))).toEqual(['exporter_frozen warning open ']);
  });

  const idleConstant = { power_watts: 68, gpu_temp_celsius: 31, gpu_util_ratio: 0 };
  it.each<[string, (gpu: number, t: number) => Record<string, number>]>([
    ['idle and constant from the start', () => idleConstant],
    [
      'idle and constant after work',
      (gpu, t) => (t < FREEZE ? without('energy_joules_total', lively)(gpu, t) : idleConstant),
    ],
    ['constant at work from the start', () => ({ power_watts: 300, gpu_temp_celsius: 60, gpu_util_ratio: 1 })],
    ['four minutes of standing still', frozenFrom(FREEZE, FREEZE + minute(4))],
    [
      'one GPU of eight stands still, and no energy tells whether it may',
      (gpu, t) => without('energy_joules_total', lively)(gpu, gpu === 2 && t > FREEZE ? FREEZE : t),
    ],
    ['one GPU of eight stands still for four minutes', frozenFrom(FREEZE, FREEZE + minute(4))],
    ['only energy counts', (_, t) => ({ ...idleConstant, energy_joules_total: 68 * t })],
    [
      'no power, no energy',
      (gpu, t) => ({ gpu_util_ratio: t < FREEZE ? (lively(gpu, t).power_watts as number) / 400 : 0.9 }),
    ],
    [
      'readings in whole units that often stand for minutes',
      (gpu, t) => ({
        power_watts: 250 + (Math.floor(t / minute(4)) % 3),
        gpu_util_ratio: 1,
        gpu_temp_celsius: 50 + gpu,
      }),
    ],
  ])('stays silent: %s', (_, values) => {
    expect(brief(runAbsence(scrapes({ cadence_ms: 10_000, values })))).toEqual([]);
  });
});

const IDLE = { gpu_util_ratio: 0, memory_util_ratio: 0, gr_engine_active_ratio: 0, dram_active_ratio: 0.000_004 };
const FULL = { gpu_util_ratio: 1, memory_util_ratio: 0 };

describe('exporter_frozen where no power is told', () => {
  const FREEZE = minute(20);
  const percent = (x: number): number => Math.round(100 * x) / 100;
  /** A vGPU at work: whole percents, and profiling where `prof`. */
  const work = (t: number, prof: boolean): Record<string, number> => {
    const at = random(t + 1);
    return {
      gpu_util_ratio: percent(0.9 + 0.1 * at()),
      memory_util_ratio: percent(0.4 + 0.1 * at()),
      sm_clock_mhz: 1_410,
      memory_clock_mhz: 1_215,
      fb_used_bytes: 20 * 2 ** 30,
      ...(prof ? { gr_engine_active_ratio: 0.97 + 0.02 * at(), dram_active_ratio: 0.3 + 0.1 * at() } : {}),
    };
  };
  const told = (values: (t: number) => Record<string, number>, cadence_ms = 10_000) =>
    runAbsence(scrapes({ cadence_ms, gpus: ['GPU-v'], until_ms: 3 * HOUR_MS, values: (_, t) => values(t) }));
  const frozen = (t: number, from: number, to: number): number => (t >= from && t < to ? from : t);

  it.each([
    [1_000, true, 5],
    [10_000, true, 5],
    [120_000, true, 20],
    [1_000, false, 30],
    [10_000, false, 30],
    [120_000, false, 30],
  ])('names it by what never repeats, every %i ms, with profiling %s after %i min', (cadence_ms, prof, after) => {
    const end = FREEZE + minute(80);
    const both = told((t) => work(frozen(t, FREEZE, end), prof), cadence_ms);
    expect(brief(both)).toEqual(['exporter_frozen warning open ', 'exporter_frozen warning closed ']);
    const [opened, closed] = both.anomalies;
    expect((opened?.ts ?? 0) - START_MS - FREEZE).toBeGreaterThanOrEqual(minute(after));
    expect((opened?.ts ?? 0) - START_MS - FREEZE).toBeLessThanOrEqual(minute(after) + 2 * cadence_ms);
    expect((closed?.closed_at ?? 0) - START_MS).toBe(end);
  });

  it('tells what cannot be', () => {
    const says = (prof: boolean): string =>
      told((t) => work(frozen(t, FREEZE, 9 * HOUR_MS), prof)).anomalies[0]?.explanation ?? '';
    expect(says(true)).toMatch(
      /scrapes in 5 min were equal bit for bit, and a GPU at work shows (gr_engine|dram)_active_ratio 0\.\d{6,} in every one of them; the exporter repeats old values\.$/,
    );
    expect(says(false)).toMatch(
      /: 180 scrapes in 30 min were equal bit for bit, and a GPU at work shows utilisations of 9\d % and 4\d % in every one of them;/,
    );
  });

  it.each<[string, (t: number) => Record<string, number>]>([
    ['idle', (t) => ({ ...work(t, true), ...(t < FREEZE ? {} : IDLE) })],
    ['idle since always', () => IDLE],
    ['constant at work from the start', () => work(0, true)],
    [
      'at full from a time on, with memory at rest',
      (t) => (t < FREEZE ? work(t, false) : { ...work(0, false), ...FULL }),
    ],
    ['twenty minutes in whole percents', (t) => work(frozen(t, FREEZE, FREEZE + minute(20)), false)],
    ['four minutes with profiling', (t) => work(frozen(t, FREEZE, FREEZE + minute(4)), true)],
    [
      'only an encoder that works',
      (t) => ({ ...work(0, false), encoder_util_ratio: work(t, false).gpu_util_ratio as number }),
    ],
    ['percents that often stand for ten minutes', (t) => work(Math.floor(t / minute(10)) * minute(10), false)],
    [
      'only utilisation',
      (t) => ({ gpu_util_ratio: work(frozen(t, FREEZE, 9 * HOUR_MS), false).gpu_util_ratio as number }),
    ],
  ])('stays silent: %s', (_, values) => {
    expect(brief(told(values))).toEqual([]);
  });
});

describe('heartbeats', () => {
  it.each([
    [1_000, 60_000],
    [10_000, 60_000],
    [120_000, 120_000],
  ])('one per node and minute at %i ms, with the cadence', (cadence_ms, apart_ms) => {
    const beats = runAbsence(scrapes({ cadence_ms })).heartbeats;
    expect(beats.length).toBe(Math.floor(HOUR_MS / apart_ms) + 1);
    expect(beats.at(-1)).toMatchObject({ ts: START_MS + HOUR_MS, node: 'n1', cadence_ms });
  });
});
