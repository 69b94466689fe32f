import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { days, minutes, seconds } from '../../pipeline/contract/time.ts';
import { START_MS } from '../core/laws.fixture.ts';
import { driveFleet, type FleetEntry } from './fleet-driver.fixture.ts';
import { type SilentNodesOptions, silentNodes } from './silent-nodes.ts';

const OPTIONS: SilentNodesOptions = {
  silent_after: minutes(2),
  silent_scrapes: 3,
  critical_after: minutes(15),
  forget_after: days(7),
  heartbeat: minutes(1),
  delay: seconds(15),
};
const HOUR_MS = 3_600_000;
const minute = (n: number): number => n * 60_000;

interface Scene {
  readonly nodes: readonly string[];
  readonly cadence_ms: number;
  readonly until_ms?: number;
  readonly there?: (node: string, t: number) => boolean;
}

/** Heartbeats as `absence` tells them: at a node's scrapes, a minute apart at least. */
function beats({ nodes, cadence_ms, until_ms = 2 * HOUR_MS, there = () => true }: Scene): FleetEntry[] {
  const last = new Map<string, number>();
  const entries: FleetEntry[] = [];
  for (let t = 0; t <= until_ms; t += cadence_ms) {
    nodes.forEach((node, i) => {
      const ts = START_MS + t + ((i * 377) % Math.min(cadence_ms, 10_000));
      if (!there(node, t) || ts - (last.get(node) ?? 0) < 60_000) return;
      last.set(node, ts);
      entries.push({ input: 'heartbeats', item: { ts, node, cadence_ms } });
    });
  }
  return entries.sort((a, b) => a.item.ts - b.item.ts);
}

const run = (scene: Scene, restoreEvery = 0): Anomaly[] =>
  driveFleet(silentNodes(OPTIONS), beats(scene), { restoreEvery });
const brief = (anomalies: readonly Anomaly[]): string[] =>
  anomalies.map((a) => `${a.type} ${a.severity} ${a.state} ${a.node}`);
const FIVE = ['n1', 'n2', 'n3', 'n4', '101'];

describe('silentNodes', () => {
  it.each([1_000, 10_000, 30_000, 120_000])('warns, then calls it critical, then closes, every %i ms', (cadence_ms) => {
    const there = (node: string, t: number): boolean => node !== 'n2' || t < minute(30) || t >= minute(70);
    const told = run({ nodes: FIVE, cadence_ms, there });
    expect(brief(told)).toEqual([
      'node_silent warning open n2',
      'node_silent critical open n2',
      'node_silent critical closed n2',
    ]);
    const [first, , last] = told;
    const delay_ms = (first?.ts ?? 0) - START_MS - minute(30);
    expect(delay_ms).toBeGreaterThan(Math.max(minute(2), 3 * cadence_ms) - cadence_ms);
    expect(delay_ms).toBeLessThanOrEqual(Math.max(minute(2), 3 * cadence_ms) + minute(2) + cadence_ms);
    expect(new Set(told.map(({ id, ts }) => `${id} ${ts}`)).size).toBe(1);
    expect(last?.closed_at).toBe(START_MS + minute(70) + 377);
    expect(told.every(({ gpu_uuid, instance }) => gpu_uuid === '' && instance === '')).toBe(true);
  });

  it('says for how long, and who went on', () => {
    const told = run({ nodes: FIVE, cadence_ms: 10_000, there: (node, t) => node !== 'n2' || t < minute(30) });
    expect(told[0]?.explanation).toMatch(
      /^Nothing from n2 for 3(\.\d)? min, last heard at 2026-01-01T00:29:00\.377Z or within 1m after, where it scrapes every 10 s; 4 other nodes went on\.$/,
    );
  });

  it('a reboot of nine minutes is a warning, never critical', () => {
    const there = (node: string, t: number): boolean => node !== 'n2' || t < minute(30) || t >= minute(39);
    expect(brief(run({ nodes: FIVE, cadence_ms: 10_000, there }))).toEqual([
      'node_silent warning open n2',
      'node_silent warning closed n2',
    ]);
  });

  it('several at once are told one by one', () => {
    const there = (node: string, t: number): boolean => node === 'n1' || t < minute(30);
    expect(brief(run({ nodes: FIVE, cadence_ms: 10_000, there, until_ms: minute(40) })).sort()).toEqual(
      ['n2', 'n3', 'n4', '101'].map((node) => `node_silent warning open ${node}`).sort(),
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
    expect(driveFleet(silentNodes(OPTIONS), entries)).toEqual([]);
  });

  it('forgets a node that stays away, and closes what it had told', () => {
    const operator = silentNodes({ ...OPTIONS, forget_after: minutes(60) });
    const told = driveFleet(
      operator,
      beats({ nodes: FIVE, cadence_ms: 30_000, there: (node, t) => node !== 'n2' || t < minute(10) }),
    );
    expect(brief(told).at(-1)).toBe('node_silent critical closed n2');
    expect(told.at(-1)?.explanation).toBe('Nothing from n2 for 60 min: taken as removed.');
  });

  it('goes on after a snapshot at any point as if nothing had happened', () => {
    const there = (node: string, t: number): boolean => node !== 'n2' || t < minute(30) || t >= minute(70);
    const scene = { nodes: [...FIVE, '__proto__'], cadence_ms: 30_000, there };
    const whole = run(scene);
    expect(whole.length).toBe(3);
    for (const every of [1, 7, 50]) expect(run(scene, every)).toEqual(whole);
  });
});
