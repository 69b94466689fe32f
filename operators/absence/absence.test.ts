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

describeLaws('absence', () => absence(ABSENCE_OPTIONS), { bytes_per_gpu_max: 68 });
describeLaws(
  'absence with losses',
  () => absence({ ...ABSENCE_OPTIONS, lost_scrapes: 2, lost_after: seconds(12), frozen_scrapes: 3 }),
  {
    bytes_per_gpu_max: 68,
    rows: (seed) =>
      sampleRows(seed, { gpus: 8 }).filter(
        ({ uuid, ts }) => !['GPU-1', 'GPU-4'].includes(uuid) || ((ts - START_MS) / 300_000) % 2 < 1,
      ),
  },
);

describe('gpu_lost', () => {
  const cadences = [100, 1_000, 10_000, 30_000, 120_000];

  it.each(cadences)('names a GPU that leaves its node, and closes when it is back, every %i ms', (cadence_ms) => {
    const short = cadence_ms < 1_000;
    const [from, to, until_ms] = short ? [minute(1), minute(4), minute(5)] : [minute(20), minute(40), HOUR_MS];
    const there = (gpu: string, t: number): boolean => gpu !== 'GPU-3' || t < from || t >= to;
    const told = runAbsence(scrapes({ cadence_ms, until_ms, there }));
    expect(brief(told)).toEqual(['gpu_lost critical open GPU-3', 'gpu_lost critical closed GPU-3']);
    const [opened, closed] = told.anomalies;
    const delay_ms = (opened?.ts ?? 0) - START_MS - from;
    expect(delay_ms).toBeGreaterThanOrEqual(Math.max(60_000, 3 * cadence_ms));
    expect(delay_ms).toBeLessThanOrEqual(Math.max(60_000, 3 * cadence_ms) + cadence_ms);
    expect(closed).toMatchObject({ id: opened?.id, ts: opened?.ts, closed_at: START_MS + to });
  });

  it('says since when, how many scrapes, and who still reports', () => {
    const told = runAbsence(scrapes({ cadence_ms: 10_000, there: (gpu, t) => gpu !== 'GPU-3' || t < minute(20) }));
    expect(told.anomalies.map(({ explanation }) => explanation)).toEqual([
      'GPU-3 on n1 is missing since 2026-01-01T00:20:00.000Z: 6 scrapes in 60 s came without it while 7 others of the node still report (limit 3 scrapes and 1m).',
    ]);
  });

  it.each<[string, Scene]>([
    ['a calm node', { cadence_ms: 10_000 }],
    ['rows that differ by milliseconds', { cadence_ms: 10_000, offset: (gpu) => gpu * 7 }],
    ['rows of a scrape spread over most of its cadence', { cadence_ms: 10_000, offset: (gpu) => gpu * 1_200 }],
    ['another order in every scrape', { cadence_ms: 10_000, offset: (gpu, t) => (gpu * (1 + (t % 7))) % 8 }],
    ['scrape times that jitter', { cadence_ms: 10_000, offset: (_, t) => (t * 7_919) % 4_000 }],
    ['a restart of the exporter', { cadence_ms: 30_000, there: (_, t) => t < minute(20) || t > minute(21) }],
    [
      'two scrapes without a GPU',
      { cadence_ms: 30_000, there: (gpu, t) => gpu !== 'GPU-3' || t < minute(20) || t >= minute(21) },
    ],
    [
      'many scrapes without a GPU in less than a minute',
      {
        cadence_ms: 1_000,
        until_ms: minute(10),
        there: (gpu, t) => gpu !== 'GPU-3' || t < minute(5) || t > minute(5.8),
      },
    ],
    ['a reboot of the node', { cadence_ms: 10_000, there: (_, t) => t < minute(20) || t > minute(28) }],
    [
      'a reboot after which the GPUs come one by one',
      {
        cadence_ms: 10_000,
        there: (gpu, t) => t < minute(20) || t > minute(28) + Number(gpu.slice(4)) * 7_000,
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
    [
      'a GPU that comes less often than the others',
      { cadence_ms: 10_000, there: (gpu, t) => gpu !== 'GPU-3' || t % 120_000 === 0 },
    ],
    [
      'a GPU that was there for one scrape only',
      { cadence_ms: 10_000, there: (gpu, t) => gpu !== 'GPU-3' || t === minute(20) },
    ],
    [
      'a GPU that moved to another node',
      { cadence_ms: 10_000, node: (gpu, t) => (gpu === 'GPU-3' && t > minute(20) ? 'n2' : 'n1') },
    ],
  ])('stays silent: %s', (_, scene) => {
    expect(brief(runAbsence(scrapes(scene)))).toEqual([]);
  });

  it('closes when a lost GPU reports from another node of its group', () => {
    const there = (gpu: string, t: number): boolean => gpu !== 'GPU-3' || t < minute(20) || t > minute(40);
    const node = (gpu: string, t: number): string => (gpu === 'GPU-3' && t > minute(30) ? 'n2' : 'n1');
    const told = runAbsence(scrapes({ cadence_ms: 10_000, there, node }));
    expect(brief(told)).toEqual(['gpu_lost critical open GPU-3', 'gpu_lost critical closed GPU-3']);
    expect(told.anomalies[1]?.explanation).toBe('GPU-3 on n1 has moved to n2 after 20 min.');
    expect(told.arrivals.at(-1)).toEqual({ ts: START_MS + minute(40) + 10_000, node: 'n2', gpu_uuid: 'GPU-3' });
  });

  it('takes another board in the same slot as a replacement', () => {
    const gpus = [...EIGHT, 'GPU-new'];
    const pci = (uuid: string): string => (uuid === 'GPU-new' ? '0000:3B' : `0000:${uuid === 'GPU-3' ? '3B' : uuid}`);
    const swap = (from: number, to: number) => (gpu: string, t: number) =>
      gpu === 'GPU-3' ? t < from : gpu === 'GPU-new' ? t >= to : t < from || t >= to;
    expect(brief(runAbsence(scrapes({ cadence_ms: 10_000, gpus, there: swap(minute(20), minute(30)) }), pci))).toEqual(
      [],
    );
    const there = (gpu: string, t: number): boolean =>
      gpu === 'GPU-3' ? t < minute(20) : gpu !== 'GPU-new' || t >= minute(30);
    const told = runAbsence(scrapes({ cadence_ms: 10_000, gpus, there }), pci);
    expect(brief(told)).toEqual(['gpu_lost critical open GPU-3', 'gpu_lost critical closed GPU-3']);
    expect(told.anomalies[1]?.explanation).toBe(
      'GPU-3 on n1 was replaced by GPU-new in its slot 0000:3B after 10 min.',
    );
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['the first board of a node', EIGHT, ['GPU-0']],
    ['the only board of a node', ['GPU-0'], ['GPU-0']],
    ['every board of a node', EIGHT, EIGHT],
  ])('takes a swap while the node was off as a replacement: %s', (_, boards, swapped) => {
    const gpus = boards.flatMap((gpu) => (swapped.includes(gpu) ? [gpu, `new-${gpu}`] : [gpu]));
    const there = (gpu: string, t: number): boolean =>
      gpu.startsWith('new-') ? t >= minute(30) : t < minute(20) || (t >= minute(30) && !swapped.includes(gpu));
    const told = runAbsence(scrapes({ cadence_ms: 10_000, gpus, there }), (uuid) => uuid.replace('new-', ''));
    expect(brief(told)).toEqual([]);
    const last = told.heartbeats.filter((beat) => beat.gpus !== undefined).at(-1);
    expect(last?.gpus).toHaveLength(boards.length);
  });

  it('takes a board from another slot of the node as a replacement', () => {
    const there = (gpu: string, t: number): boolean => t < minute(20) || (t >= minute(30) && gpu !== 'GPU-3');
    const pci = (uuid: string, t: number): string => (uuid === 'GPU-5' && t >= minute(30) ? 'GPU-3' : uuid);
    const told = runAbsence(scrapes({ cadence_ms: 10_000, there }), pci);
    expect(brief(told)).toEqual([]);
    expect(told.arrivals.slice(EIGHT.length)).toEqual([{ ts: START_MS + minute(30), node: 'n1', gpu_uuid: 'GPU-5' }]);
  });

  it('does not take a neighbour that says the same slot for a replacement', () => {
    const there = (gpu: string, t: number): boolean => gpu !== 'GPU-3' || t < minute(20);
    const told = runAbsence(scrapes({ cadence_ms: 10_000, there }), () => '0000:3B');
    expect(brief(told)).toEqual(['gpu_lost critical open GPU-3']);
  });

  it('names each of several lost GPUs, and the last one left keeps the node talking', () => {
    const told = runAbsence(scrapes({ cadence_ms: 10_000, there: (gpu, t) => gpu === 'GPU-0' || t < minute(20) }));
    expect(brief(told).sort()).toEqual(EIGHT.slice(1).map((gpu) => `gpu_lost critical open ${gpu}`));
  });
});

describe('MIG', () => {
  it.each<[string, Scene, string[]]>([
    [
      'instances are cut anew while another stays',
      {
        cadence_ms: 10_000,
        gpus: ['GPU-a#1', 'GPU-a#2', 'GPU-a#3', 'GPU-a#7'],
        there: (gpu, t) => gpu === 'GPU-a#1' || (gpu === 'GPU-a#7') === t >= minute(20),
      },
      ['mig_reconfigured info closed GPU-a'],
    ],
    [
      'the whole board becomes instances',
      {
        cadence_ms: 10_000,
        gpus: ['GPU-a', 'GPU-a#1', 'GPU-a#2', 'GPU-b'],
        there: (gpu, t) => gpu === 'GPU-b' || (gpu === 'GPU-a') === t < minute(20),
      },
      ['mig_reconfigured info closed GPU-a'],
    ],
    [
      'instances go, the row of the board stays',
      {
        cadence_ms: 10_000,
        gpus: ['GPU-a', 'GPU-a#1', 'GPU-a#2'],
        there: (gpu, t) => gpu === 'GPU-a' || t < minute(20),
      },
      ['mig_reconfigured info closed GPU-a'],
    ],
    [
      'board and instances go: one loss, of the board',
      {
        cadence_ms: 10_000,
        gpus: ['GPU-a', 'GPU-a#1', 'GPU-a#2', 'GPU-b'],
        there: (gpu, t) => gpu === 'GPU-b' || t < minute(20),
      },
      ['gpu_lost critical open GPU-a'],
    ],
    [
      'a board known by its instances goes: it may be about to be cut',
      {
        cadence_ms: 10_000,
        gpus: ['GPU-a#1', 'GPU-a#2', 'GPU-b'],
        there: (gpu, t) => gpu === 'GPU-b' || t < minute(20),
      },
      ['gpu_lost warning open GPU-a', 'gpu_lost critical open GPU-a'],
    ],
    [
      'and comes back as other instances',
      {
        cadence_ms: 10_000,
        gpus: ['GPU-a#1', 'GPU-a#2', 'GPU-a#9', 'GPU-b'],
        there: (gpu, t) => gpu === 'GPU-b' || (gpu === 'GPU-a#9' ? t >= minute(25) : t < minute(20)),
      },
      ['gpu_lost warning open GPU-a', 'gpu_lost warning closed GPU-a', 'mig_reconfigured info closed GPU-a'],
    ],
  ])('%s', (_, scene, expected) => {
    const told = runAbsence(scrapes(scene));
    expect(brief(told)).toEqual(expected);
    expect(new Set(told.anomalies.map(({ type, id }) => `${type} ${id}`)).size).toBe(
      new Set(told.anomalies.map((a) => a.type)).size,
    );
  });
});

describe('heartbeats', () => {
  /** Rosters by node, in order, with the minute. */
  const rosters = (scene: Scene, node: string): [minute: number, gpus: string][] =>
    runAbsence(scrapes(scene)).heartbeats.flatMap((beat) =>
      beat.gpus === undefined || beat.node !== node
        ? []
        : [[Math.floor((beat.ts - START_MS) / 60_000), beat.gpus.map(String).join(' ')] as [number, string]],
    );
  const changes = (told: readonly [number, string][]): [number, string][] =>
    told.filter(([, gpus], i) => gpus !== told[i - 1]?.[1]);

  it('name the GPUs of the node when they have changed, and once an hour', () => {
    const all = 'GPU-a GPU-b GPU-c,2';
    const told = rosters(
      {
        cadence_ms: 10_000,
        gpus: ['GPU-a', 'GPU-b', 'GPU-c#2'],
        until_ms: 3 * HOUR_MS,
        there: (gpu, t) => gpu !== 'GPU-b' || t < minute(20) || t > minute(40),
      },
      'n1',
    );
    expect(changes(told)).toEqual([
      [0, 'GPU-a'],
      [1, all],
      [21, 'GPU-a GPU-c,2'],
      [41, all],
    ]);
    expect(told.length).toBeGreaterThanOrEqual(6);
    expect(told.length).toBeLessThanOrEqual(8);
  });

  it('leave out a GPU that has moved to another node', () => {
    const scene: Scene = {
      cadence_ms: 10_000,
      gpus: ['GPU-a', 'GPU-b'],
      until_ms: minute(30),
      node: (gpu, t) => (gpu === 'GPU-b' && t > minute(20) ? 'n2' : 'n1'),
    };
    expect(changes(rosters(scene, 'n1')).at(-1)).toEqual([21, 'GPU-a']);
    expect(changes(rosters(scene, 'n2'))).toEqual([[20, 'GPU-b']]);
  });
});
