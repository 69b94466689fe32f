import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { START_MS } from '../core/laws.fixture.ts';
import { driveFleet, type FleetEntry } from './fleet-driver.fixture.ts';
import { beats, FIVE, minute, OPTIONS, type Scene } from './node-beats.fixture.ts';
import { silentNodes } from './silent-nodes.ts';

const brief = (anomalies: readonly Anomaly[]): string[] =>
  anomalies.map((a) => `${a.type} ${a.severity} ${a.state} ${a.node}`);

describe('a node whose scrapes get no answer', () => {
  const code = 'GV-COL-002';
  /** Heartbeats, and between two instants the collector's failures, each later than the one before, up to 50 s. */
  const asked = (scene: Scene, from: number, to: number, nodes = scene.nodes): FleetEntry[] => {
    const vain = nodes.flatMap((node) => {
      const failures: FleetEntry[] = [];
      for (let t = minute(from), wait = 1; t < minute(to); t += wait * scene.cadence_ms) {
        failures.push({ input: 'heartbeats', item: { ts: START_MS + t, node, cadence_ms: 0, unanswered: code } });
        wait = Math.min(5, wait * 2);
      }
      return failures;
    });
    return [...beats(scene), ...vain].sort((a, b) => a.item.ts - b.item.ts);
  };
  const away = (from: number, to: number): Pick<Scene, 'there'> => ({
    there: (_, t) => t < minute(from) || t >= minute(to),
  });

  it.each([1_000, 10_000, 60_000])('is told where it is all there is, every %i ms', (cadence_ms) => {
    const scene = { nodes: ['n1'], cadence_ms, ...away(30, 60) };
    const told = driveFleet(silentNodes(OPTIONS), asked(scene, 30, 60));
    expect(brief(told.anomalies)).toEqual([
      // Where nobody else is, it is time to tell only when the next scrape has failed, five intervals later.
      ...(cadence_ms < 60_000 ? ['node_silent info open n1'] : []),
      'node_silent warning open n1',
      'node_silent critical open n1',
      'node_silent critical closed n1',
    ]);
    const after_ms = (told.anomalies[0]?.ts ?? 0) - START_MS - minute(30);
    expect(after_ms).toBeGreaterThan(minute(2) - cadence_ms);
    expect(after_ms).toBeLessThanOrEqual(minute(4) + 5 * cadence_ms);
    expect(told.anomalies[0]?.explanation).toMatch(
      /; \d+ scrapes failed \(GV-COL-002 A target refused or broke the connection\)\.$/,
    );
    expect(told.scores.map(({ gpu_uuid, health_grade }) => `${gpu_uuid} ${health_grade}`)).toEqual([
      'GPU-n1-0 unknown',
      'GPU-n1-1 unknown',
    ]);
  });

  it('is told where none of all is heard, with what is likelier than that all broke', () => {
    const scene = { nodes: FIVE, cadence_ms: 10_000, ...away(30, 40) };
    const { anomalies } = driveFleet(silentNodes(OPTIONS), asked(scene, 30, 40));
    expect(anomalies.filter(({ state, severity }) => state === 'open' && severity === 'warning')).toHaveLength(5);
    expect(anomalies[0]?.explanation).toMatch(
      /; \d+ scrapes failed \(.*\); none of 5 nodes is heard, so look at the collector's own network first\.$/,
    );
  });

  it('names the error beside those who went on', () => {
    const scene = {
      nodes: FIVE,
      cadence_ms: 10_000,
      there: (node: string, t: number) => node !== 'n2' || t < minute(30),
    };
    const { anomalies } = driveFleet(silentNodes(OPTIONS), asked(scene, 30, 40, ['n2']));
    expect(anomalies[0]?.explanation).toMatch(/; \d+ scrapes failed \(.*\); 4 other nodes went on\.$/);
  });

  it.each<[string, FleetEntry[]]>([
    ['when some of its scrapes fail', asked({ nodes: ['n1'], cadence_ms: 10_000 }, 30, 90)],
    ['when one failed before a stop of all', asked({ nodes: FIVE, cadence_ms: 10_000, ...away(30, 90) }, 29.9, 30)],
    ['of whom nobody has heard', asked({ nodes: ['n1'], cadence_ms: 10_000 }, 30, 90, ['n2'])],
  ])('is not silent %s', (_, entries) => {
    expect(driveFleet(silentNodes(OPTIONS), entries).anomalies).toEqual([]);
  });

  it('is told alike after a snapshot at any point', () => {
    const entries = asked({ nodes: ['n1'], cadence_ms: 10_000, ...away(30, 60) }, 30, 60);
    const whole = driveFleet(silentNodes(OPTIONS), entries);
    for (const restoreEvery of [1, 7]) {
      expect(driveFleet(silentNodes(OPTIONS), entries, { restoreEvery })).toEqual(whole);
    }
  });
});
