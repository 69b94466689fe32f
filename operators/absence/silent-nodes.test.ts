import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { GroupState } from '../core/group-state.ts';
import { keepForFleet } from '../core/keep-for-fleet.fixture.ts';
import { START_MS } from '../core/laws.fixture.ts';
import { runFleet } from '../core/run-fleet.ts';
import { driveFleet } from './fleet-driver.fixture.ts';
import { beats, FIVE, HOUR_MS, minute, OPTIONS, type Scene } from './node-beats.fixture.ts';
import { silentNodes } from './silent-nodes.ts';

const run = (scene: Scene, restoreEvery = 0): Anomaly[] =>
  driveFleet(silentNodes(OPTIONS), beats(scene), { restoreEvery }).anomalies;
const brief = (anomalies: readonly Anomaly[]): string[] =>
  anomalies.map((a) => `${a.type} ${a.severity} ${a.state} ${a.node}`);

describe('silentNodes', () => {
  it.each([1_000, 10_000, 30_000, 120_000])(
    'notices, warns, calls it critical, then closes, every %i ms',
    (cadence_ms) => {
      const there = (node: string, t: number): boolean => node !== 'n2' || t < minute(30) || t >= minute(70);
      const told = run({ nodes: FIVE, cadence_ms, there });
      expect(brief(told)).toEqual([
        // At two minutes a row its own cadence asks for more than a reboot takes.
        ...(cadence_ms < 120_000 ? ['node_silent info open n2'] : []),
        'node_silent warning open n2',
        'node_silent critical open n2',
        'node_silent critical closed n2',
      ]);
      const first = told[0];
      const last = told.at(-1);
      const delay_ms = (first?.ts ?? 0) - START_MS - minute(30);
      expect(delay_ms).toBeGreaterThan(Math.max(minute(2), 3 * cadence_ms) - cadence_ms);
      expect(delay_ms).toBeLessThanOrEqual(Math.max(minute(2), 3 * cadence_ms) + minute(2) + cadence_ms);
      expect(new Set(told.map(({ id, ts }) => `${id} ${ts}`)).size).toBe(1);
      expect(last?.closed_at).toBe(START_MS + minute(70) + 377);
      expect(told.every(({ gpu_uuid, instance }) => gpu_uuid === '' && instance === '')).toBe(true);
    },
  );

  it('closes no sooner than it opened, also where the clock of another node is an hour ahead', () => {
    const there = (node: string, t: number): boolean => node !== 'n2' || t < minute(30) || t >= minute(40);
    const ahead = beats({ nodes: FIVE, cadence_ms: 10_000, there }).map((entry) => ({
      ...entry,
      item: { ...entry.item, ts: entry.item.ts + (entry.item.node === 'n4' ? HOUR_MS : 0) },
    }));
    const told = driveFleet(silentNodes(OPTIONS), ahead).anomalies;
    expect(told.some(({ node, state }) => node === 'n2' && state === 'closed')).toBe(true);
    for (const { opened_at, closed_at } of told) expect(closed_at ?? opened_at).toBeGreaterThanOrEqual(opened_at);
  });

  it('says for how long, and who went on', () => {
    const told = run({ nodes: FIVE, cadence_ms: 10_000, there: (node, t) => node !== 'n2' || t < minute(30) });
    expect(told[0]?.explanation).toMatch(
      /^Nothing from n2 since 2026-01-01T00:29:00\.377Z or within 1m after, where it scrapes every 10 s; 4 other nodes went on\.$/,
    );
  });

  it.each([
    [4, ['info open', 'info closed']],
    [5, ['info open', 'info closed']],
    [9, ['info open', 'warning open', 'warning closed']],
    [14, ['info open', 'warning open', 'warning closed']],
    [18, ['info open', 'warning open', 'critical open', 'critical closed']],
  ])('a silence of %i minutes', (lasts, expected) => {
    for (const begins of [30, 30.5, 30.8]) {
      const gone = (t: number): boolean => t >= minute(begins) && t < minute(begins + lasts);
      const told = run({ nodes: FIVE, cadence_ms: 10_000, there: (node, t) => node !== 'n2' || !gone(t) });
      expect(told.map(({ severity, state }) => `${severity} ${state}`)).toEqual(expected);
    }
  });

  describe('a node that goes away again and again', () => {
    const flaps =
      (every: number, lasts: number, from: number, to: number) =>
      (node: string, t: number): boolean =>
        node !== 'n2' || t < minute(from) || t >= minute(to) || (t - minute(from)) % minute(every) >= minute(lasts);
    const unstable = (scene: Scene, restoreEvery = 0): Anomaly[] =>
      run(scene, restoreEvery).filter(({ type }) => type === 'node_unstable');

    it.each([10_000, 30_000, 60_000, 120_000])('is told once, until it stays for hours, every %i ms', (cadence_ms) => {
      const lasts = cadence_ms === 120_000 ? 12 : 7;
      const scene = { nodes: FIVE, cadence_ms, until_ms: 14 * HOUR_MS, there: flaps(25, lasts, 60, 360) };
      const told = unstable(scene);
      expect(brief(told)).toEqual(['node_unstable warning open n2', 'node_unstable warning closed n2']);
      expect((told[0]?.ts ?? 0) - START_MS).toBeLessThanOrEqual(minute(60 + 50 + lasts) + 120_000 + 10_000);
      expect(told[0]?.explanation).toMatch(
        /^n2 fell silent 3 times in \d+ min, lately at 2026-01-01T01:\S+ for \d+ min, and came back each time \(limit 3 times in 6h\)/,
      );
      expect(told[1]?.explanation).toMatch(
        /^n2 fell silent 12 times within 4\.\d h and has not since 2026-01-01T05:\S+\.$/,
      );
      expect((told[1]?.closed_at ?? 0) - START_MS).toBeGreaterThan(minute(335 + 360));
      expect((told[1]?.closed_at ?? 0) - START_MS).toBeLessThan(minute(360 + 365));
    });

    it.each<[string, Scene]>([
      ['twice', { nodes: FIVE, cadence_ms: 10_000, until_ms: 10 * HOUR_MS, there: flaps(25, 7, 60, 110) }],
      [
        'every four hours',
        { nodes: FIVE, cadence_ms: 60_000, until_ms: 40 * HOUR_MS, there: flaps(240, 7, 60, 2_400) },
      ],
      [
        'exporters that start again at once',
        { nodes: FIVE, cadence_ms: 10_000, until_ms: 6 * HOUR_MS, there: flaps(20, 1, 60, 300) },
      ],
    ])('is none: %s', (_, scene) => {
      expect(brief(unstable(scene))).toEqual([]);
    });

    it('goes on after a snapshot', () => {
      const scene = { nodes: FIVE, cadence_ms: 60_000, until_ms: 12 * HOUR_MS, there: flaps(25, 7, 60, 200) };
      expect(unstable(scene, 7)).toEqual(unstable(scene));
    });
  });

  it('several at once are told one by one', () => {
    const there = (node: string, t: number): boolean => node === 'n1' || t < minute(30);
    expect(brief(run({ nodes: FIVE, cadence_ms: 10_000, there, until_ms: minute(40) })).sort()).toEqual(
      ['n2', 'n3', 'n4', '101']
        .flatMap((node) => [`node_silent info open ${node}`, `node_silent warning open ${node}`])
        .sort(),
    );
  });

  it.each<[string, Scene]>([
    ['nothing is wrong', { nodes: FIVE, cadence_ms: 10_000 }],
    [
      'one node is all there is',
      { nodes: ['n1'], cadence_ms: 10_000, there: (_, t) => t < minute(30) || t > minute(90) },
    ],
    [
      'two scrapes are missed',
      { nodes: FIVE, cadence_ms: 30_000, there: (node, t) => node !== 'n2' || t % minute(10) > minute(1) },
    ],
    [
      'all stop together for an hour',
      { nodes: FIVE, cadence_ms: 10_000, there: (_, t) => t < minute(30) || t > minute(90) },
    ],
    [
      'after a stop they come back one by one',
      {
        nodes: FIVE,
        cadence_ms: 10_000,
        there: (node, t) => t < minute(30) || t > minute(90) + FIVE.indexOf(node) * 30_000,
      },
    ],
    [
      'a history at 2 minutes ends, live scrapes begin',
      { nodes: FIVE, cadence_ms: 10_000, there: (_, t) => (t < HOUR_MS ? t % 120_000 === 0 : t > minute(95)) },
    ],
    [
      'one node is recorded on one day, another on the next',
      { nodes: ['n1', 'n2'], cadence_ms: 30_000, there: (node, t) => (node === 'n1') === t < minute(60) },
    ],
  ])('stays silent when %s', (_, scene) => {
    expect(brief(run(scene))).toEqual([]);
  });

  it('stays silent when files are read one node after the other', () => {
    const scene = { nodes: ['n1'], cadence_ms: 30_000 };
    const entries = [...beats(scene), ...beats({ ...scene, nodes: ['n2'] }), ...beats({ ...scene, nodes: ['n3'] })];
    expect(driveFleet(silentNodes(OPTIONS), entries)).toEqual({ anomalies: [], scores: [] });
  });

  it('keeps a fleet of 100,000 GPUs in less than 6 MB', () => {
    const operator = silentNodes(OPTIONS);
    const fleet = new GroupState(0);
    const uuid = (gpu: number): string => `GPU-${gpu.toString(16).padStart(8, '0')}-1111-2222-3333-444455556666`;
    for (let node = 0; node < 12_500; node++) {
      const gpus = Array.from({ length: 8 }, (_, i) => uuid(8 * node + i));
      const ts = START_MS + (node % 60) * 1_000;
      const item = { ts, node: `node-${String(node).padStart(5, '0')}`, cadence_ms: 30_000, gpus };
      keepForFleet('s', operator, fleet, 'heartbeats', item, ts);
    }
    runFleet('s', operator, fleet, { began: START_MS, now: START_MS + minute(2) }, () => undefined);
    const bytes = fleet.save().columns.reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(bytes).toBeGreaterThan(5e6);
    expect(bytes).toBeLessThan(6e6);
  });

  it('forgets a node that stays away, and closes what it had told', () => {
    const operator = silentNodes({ ...OPTIONS, forget_after: minutes(60) });
    const told = driveFleet(
      operator,
      beats({ nodes: FIVE, cadence_ms: 30_000, there: (node, t) => node !== 'n2' || t < minute(10) }),
    ).anomalies;
    expect(brief(told).at(-1)).toBe('node_silent critical closed n2');
    expect(told.at(-1)?.explanation).toBe('Nothing from n2 for 60 min: taken as removed.');
  });

  it('goes on after a snapshot at any point as if nothing had happened', () => {
    const there = (node: string, t: number): boolean => node !== 'n2' || t < minute(30) || t >= minute(70);
    const scene = { nodes: [...FIVE, '__proto__'], cadence_ms: 30_000, there };
    const whole = run(scene);
    expect(whole.length).toBe(4);
    for (const every of [1, 7, 50]) expect(run(scene, every)).toEqual(whole);
  });
});
