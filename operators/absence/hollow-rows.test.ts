import { describe, expect, it } from 'vitest';
import { seconds } from '../../pipeline/contract/time.ts';
import { describeLaws, START_MS, sampleRows } from '../core/laws.fixture.ts';
import { absence } from './absence.ts';
import {
  ABSENCE_OPTIONS,
  brief,
  EIGHT,
  HOUR_MS,
  minute,
  runAbsence,
  type Scene,
  scrapes,
} from './scrape-scene.fixture.ts';

type Values = NonNullable<Scene['values']>;

/** What a driver remembers of a board that it no longer reaches. */
const CODES = { xid_last: 79, recovery_action: 2, throttle_reasons: 0 };
const readings = (t: number): Record<string, number> => ({
  power_watts: 300 + ((t / 7) % 19),
  gpu_temp_celsius: 60,
  ...CODES,
});
/** The readings of `gpu`, but for a time. */
const hollow =
  (which: (gpu: number) => boolean, from: number, to: number, left: Record<string, number> = CODES): Values =>
  (gpu, t) =>
    which(gpu) && t >= from && t < to ? left : readings(t);
const third = (gpu: number): boolean => gpu === 3;

describeLaws(
  'absence of GPUs whose rows are hollow',
  () => absence({ ...ABSENCE_OPTIONS, lost_scrapes: 2, lost_after: seconds(12), partition_grace: seconds(40) }),
  {
    bytes_per_gpu_max: 68,
    rows: (seed) =>
      sampleRows(seed, { gpus: 8 }).map((row) => {
        const away =
          ['GPU-1', 'GPU-4', 'GPU-6', 'GPU-7'].includes(row.uuid) && ((row.ts - START_MS) / 300_000) % 2 >= 1;
        return away ? { ...row, values: CODES } : row;
      }),
  },
);

describe('a GPU whose rows bring nothing but codes', () => {
  it.each([1_000, 10_000, 30_000, 120_000])('is lost as one that the scrapes lack, every %i ms', (cadence_ms) => {
    const values = hollow(third, minute(20), minute(40));
    const told = runAbsence(scrapes({ cadence_ms, values }));
    expect(brief(told)).toEqual(['gpu_lost critical open GPU-3', 'gpu_lost critical closed GPU-3']);
    const [opened, closed] = told.anomalies;
    const delay_ms = (opened?.ts ?? 0) - START_MS - minute(20);
    expect(delay_ms).toBeGreaterThanOrEqual(Math.max(60_000, 3 * cadence_ms));
    expect(delay_ms).toBeLessThanOrEqual(Math.max(60_000, 3 * cadence_ms) + 2 * cadence_ms);
    expect(closed).toMatchObject({ id: opened?.id, closed_at: START_MS + minute(40) });
  });

  it('says so, and stands in no roster', () => {
    const told = runAbsence(scrapes({ cadence_ms: 10_000, values: hollow(third, minute(20), 2 * HOUR_MS) }));
    expect(told.anomalies.map(({ explanation }) => explanation)).toEqual([
      'GPU-3 on n1 is missing since 2026-01-01T00:20:00.000Z: 6 scrapes in 60 s came without any reading of it while 7 others of the node still report (limit 3 scrapes and 1m).',
    ]);
    expect(told.heartbeats.filter(({ gpus }) => gpus !== undefined).at(-1)?.gpus).toEqual(
      EIGHT.filter((gpu) => gpu !== 'GPU-3'),
    );
  });

  it('is lost where all is blank, too', () => {
    const values = hollow(third, minute(20), 2 * HOUR_MS, {});
    expect(brief(runAbsence(scrapes({ cadence_ms: 10_000, values })))).toEqual(['gpu_lost critical open GPU-3']);
  });

  it.each([['the only one'], ['one of eight that are all so']])(
    'is a warning first, critical when it stays, and no silence of its node: %s',
    (which) => {
      const gpus = which === 'the only one' ? ['GPU-0'] : EIGHT;
      const all = {
        cadence_ms: 10_000,
        gpus,
        until_ms: 2 * HOUR_MS,
        values: hollow(() => true, minute(20), minute(80)),
      };
      const told = runAbsence(scrapes(all));
      const each = (what: string): string[] => gpus.map((gpu) => `gpu_lost ${what} ${gpu}`);
      expect(brief(told)).toEqual([...each('warning open'), ...each('critical open'), ...each('critical closed')]);
      const [opened] = told.anomalies;
      const critical = told.anomalies.find(({ severity }) => severity === 'critical');
      expect((opened?.ts ?? 0) - START_MS - minute(20)).toBeLessThanOrEqual(90_000);
      expect(opened?.explanation).toContain('came without any reading of it, nor any other GPU of the node (limit');
      expect(critical?.explanation).toContain('scrapes in 16 min came');
      const beats = told.heartbeats.map(({ ts }) => ts);
      expect(Math.max(...beats.map((ts, i) => ts - (beats[i - 1] ?? ts)))).toBeLessThanOrEqual(70_000);
    },
  );
});

describe('says nothing of', () => {
  const codesBeside =
    (every: number, from: number): Values =>
    (_, t) =>
      t % every === 0 ? readings(t) : t >= from ? CODES : {};
  it.each<[string, Scene]>([
    ['two scrapes without readings', { cadence_ms: 30_000, values: hollow(third, minute(20), minute(21)) }],
    ['a source of codes beside one of readings', { cadence_ms: 5_000, values: codesBeside(10_000, 0) }],
    [
      'codes every second beside readings every half minute, for one GPU',
      {
        cadence_ms: 1_000,
        until_ms: minute(20),
        there: (gpu, t) => t % 30_000 === 0 || gpu === 'GPU-3',
        values: codesBeside(30_000, 0),
      },
    ],
    ['GPUs of which only codes come, ever', { cadence_ms: 10_000, values: () => CODES }],
    [
      'codes before the first readings',
      { cadence_ms: 10_000, values: (_, t) => (t < minute(10) ? CODES : readings(t)) },
    ],
  ])('%s', (_, scene) => {
    const told = runAbsence(scrapes(scene));
    expect(brief(told)).toEqual([]);
    expect(told.heartbeats.length).toBeGreaterThanOrEqual(Math.floor((scene.until_ms ?? HOUR_MS) / 70_000));
  });

  it('scrapes in another cadence than those with readings', () => {
    const told = runAbsence(scrapes({ cadence_ms: 5_000, values: codesBeside(10_000, 0) }));
    expect(told.heartbeats.at(-1)).toMatchObject({ node: 'n1', cadence_ms: 10_000 });
  });

  it('a board that is cut: its own row is left without readings', () => {
    const gpus = ['GPU-a', 'GPU-a#1', 'GPU-a#2'];
    const there = (gpu: string, t: number): boolean => gpu === 'GPU-a' || t >= minute(20);
    const told = runAbsence(
      scrapes({ cadence_ms: 10_000, gpus, there, values: hollow((gpu) => gpu === 0, minute(20), 2 * HOUR_MS) }),
    );
    expect(brief(told)).toEqual(['mig_reconfigured info closed GPU-a']);
  });
});
