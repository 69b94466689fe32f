import { describe, expect, it } from 'vitest';
import { describeLaws, random, START_MS, sampleRows } from '../core/laws.fixture.ts';
import { absence } from './absence.ts';
import { ABSENCE_OPTIONS, EIGHT, HOUR_MS, minute, runAbsence, type Scene, scrapes } from './scrape-scene.fixture.ts';

const flickers = (scene: Scene) => runAbsence(scrapes(scene)).anomalies.filter(({ type }) => type === 'gpu_flickering');
const brief = (scene: Scene): string[] => flickers(scene).map((a) => `${a.severity} ${a.state} ${a.gpu_uuid}`);
const sometimes = (share: number, from: number, to: number, who = 'GPU-3') => {
  const next = random(11);
  return (gpu: string, t: number): boolean => gpu !== who || t < from || t >= to || next() >= share;
};

describeLaws('absence of GPUs that come and go', () => absence(ABSENCE_OPTIONS), {
  bytes_per_gpu_max: 68,
  rows: (seed) => {
    const next = random(seed);
    return sampleRows(seed, { gpus: 6, scrapes: 300 }).filter(({ uuid }) => uuid !== 'GPU-1' || next() > 0.5);
  },
});

describe('gpu_flickering', () => {
  it.each([
    [1_000, 2 * HOUR_MS],
    [10_000, 3 * HOUR_MS],
    [30_000, 3 * HOUR_MS],
    [60_000, 3 * HOUR_MS],
    [120_000, 4 * HOUR_MS],
  ])('names a GPU that a third of the scrapes lacks, every %i ms', (cadence_ms, until_ms) => {
    const to = until_ms - HOUR_MS;
    const told = flickers({ cadence_ms, until_ms, there: sometimes(0.35, minute(10), to) });
    expect(told.map((a) => `${a.severity} ${a.state} ${a.gpu_uuid}`)).toEqual([
      'warning open GPU-3',
      'warning closed GPU-3',
    ]);
    expect((told[0]?.ts ?? 0) - START_MS - minute(10)).toBeLessThanOrEqual(Math.max(minute(40), 30 * cadence_ms));
    expect(told[0]?.explanation).toMatch(
      /^GPU-3 on n1 comes and goes: \d+ of \d+ scrapes \([2-5]\d %\) of the last \d+ min came without it, in \d+ gaps, while others of the node reported \(limit 20 %\)\./,
    );
    expect(told[1]?.id).toBe(told[0]?.id);
    const quiet_ms = (told[1]?.closed_at ?? 0) - START_MS - to;
    expect(quiet_ms).toBeGreaterThanOrEqual(minute(10));
    expect(quiet_ms).toBeLessThanOrEqual(minute(45));
  });

  it.each([0, 3, 7])('whatever its place on the page: %i', (place) => {
    const who = `GPU-${place}`;
    expect(
      brief({ cadence_ms: 30_000, until_ms: 2 * HOUR_MS, there: sometimes(0.3, minute(10), HOUR_MS * 2, who) }),
    ).toEqual([`warning open ${who}`]);
  });

  it.each<[string, Scene]>([
    ['a calm node', { cadence_ms: 10_000 }],
    [
      'one scrape in twelve is lacking',
      { cadence_ms: 10_000, until_ms: 3 * HOUR_MS, there: sometimes(0.08, 0, 3 * HOUR_MS) },
    ],
    [
      'a GPU that comes less often than the others',
      { cadence_ms: 10_000, until_ms: 3 * HOUR_MS, there: (gpu, t) => gpu !== 'GPU-3' || t % 120_000 === 0 },
    ],
    [
      'a GPU that is lost',
      { cadence_ms: 10_000, until_ms: 3 * HOUR_MS, there: (gpu, t) => gpu !== 'GPU-3' || t < HOUR_MS },
    ],
    [
      'a GPU that is reset twice',
      {
        cadence_ms: 10_000,
        until_ms: 2 * HOUR_MS,
        there: (gpu, t) => gpu !== 'GPU-3' || ![20, 21, 22, 30, 31, 32].includes(Math.floor(t / 60_000)),
      },
    ],
    [
      'a node that comes and goes',
      { cadence_ms: 10_000, until_ms: 3 * HOUR_MS, there: (_, t) => t % 300_000 > 90_000 },
    ],
    ['scrape times that jitter', { cadence_ms: 10_000, until_ms: 2 * HOUR_MS, offset: (_, t) => (t * 7_919) % 4_000 }],
    [
      'another order in every scrape',
      { cadence_ms: 10_000, until_ms: 2 * HOUR_MS, offset: (gpu, t) => (gpu * (1 + (t % 7))) % 8 },
    ],
    [
      'instances',
      {
        cadence_ms: 10_000,
        until_ms: 2 * HOUR_MS,
        gpus: ['GPU-a#1', 'GPU-a#2', 'GPU-b'],
        there: sometimes(0.4, 0, 2 * HOUR_MS, 'GPU-a#1'),
      },
    ],
    [
      'the border from a history to live scrapes',
      {
        cadence_ms: 10_000,
        until_ms: 5 * HOUR_MS,
        there: (_, t) => (t < 2 * HOUR_MS ? t % 120_000 === 0 : t > 4 * HOUR_MS),
      },
    ],
  ])('stays silent: %s', (_, scene) => {
    expect(brief(scene)).toEqual([]);
  });

  it('closes when the board is in another node', () => {
    const there = sometimes(0.35, minute(10), 2 * HOUR_MS);
    const node = (gpu: string, t: number): string => (gpu === 'GPU-3' && t >= HOUR_MS ? 'n2' : 'n1');
    const told = flickers({ cadence_ms: 30_000, until_ms: HOUR_MS + minute(5), there, node });
    expect(told.map(({ state }) => state)).toEqual(['open', 'closed']);
    expect(told[1]?.explanation).toBe('GPU-3 on n1, which came and went, has moved to n2.');
  });

  it('closes when another board sits in its slot', () => {
    const flicker = sometimes(0.35, minute(10), HOUR_MS);
    const there = (gpu: string, t: number): boolean =>
      gpu === 'GPU-new' ? t >= HOUR_MS + minute(10) : gpu === 'GPU-3' ? t < HOUR_MS && flicker(gpu, t) : true;
    const pci = (uuid: string): string => (uuid === 'GPU-new' ? '0000:3B' : `0000:${uuid === 'GPU-3' ? '3B' : uuid}`);
    const rows = scrapes({ cadence_ms: 30_000, until_ms: 2 * HOUR_MS, gpus: [...EIGHT, 'GPU-new'], there });
    const told = runAbsence(rows, pci).anomalies.filter(({ type }) => type === 'gpu_flickering');
    expect(told.map(({ state }) => state)).toEqual(['open', 'closed']);
    expect(told[1]?.explanation).toContain('was replaced by GPU-new');
  });
});
