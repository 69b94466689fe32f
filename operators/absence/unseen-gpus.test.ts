import { describe, expect, it } from 'vitest';
import { START_MS } from '../core/laws.fixture.ts';
import { driveFleet, type FleetEntry } from './fleet-driver.fixture.ts';
import { beats, FIVE, GPUS, minute, OPTIONS } from './node-beats.fixture.ts';
import { silentNodes } from './silent-nodes.ts';

describe('the scores of GPUs whose node is silent', () => {
  it('are told once, with the warning: nobody knows them', () => {
    const there = (node: string, t: number): boolean => node !== 'n2' || t < minute(30) || t >= minute(70);
    const { scores, anomalies } = driveFleet(
      silentNodes({ ...OPTIONS, profile: 'reference' }),
      beats({ nodes: FIVE, cadence_ms: 30_000, there }),
    );
    expect(scores.map(({ gpu_uuid, instance }) => [gpu_uuid, instance])).toEqual([
      ['GPU-n2-0', ''],
      ['GPU-n2-1', '3'],
    ]);
    const [first] = anomalies;
    for (const score of scores) {
      expect(score).toMatchObject({
        node: 'n2',
        overall_score: null,
        memory_health: null,
        health_grade: 'unknown',
        confidence: 0,
        thermal_confidence: 0,
        contributions: [],
        action: 'none',
        profile: 'reference',
        explanation:
          'unknown: no sample since 2026-01-01T00:29:00.377Z or within 1m after (node n2 is silent), confidence 0.00.',
      });
      expect(score.ts - (first?.ts ?? 0)).toBe(minute(3));
    }
  });

  it('are not told behind a reboot, and again behind another silence', () => {
    const gone = [
      [30, 34],
      [50, 60],
      [80, 90],
    ] as const;
    const there = (node: string, t: number): boolean =>
      node !== 'n2' || !gone.some(([from, to]) => t >= minute(from) && t < minute(to));
    const { scores } = driveFleet(silentNodes(OPTIONS), beats({ nodes: FIVE, cadence_ms: 30_000, there }));
    expect(scores.map(({ ts }) => Math.floor((ts - START_MS) / minute(10)))).toEqual([5, 5, 8, 8]);
  });

  it('are of those that it had when it was heard last', () => {
    const entries = beats({ nodes: FIVE, cadence_ms: 30_000, there: (node, t) => node !== 'n2' || t < minute(30) });
    const changed = entries.map((entry) =>
      entry.item.node === 'n2' && entry.item.ts > START_MS + minute(20) && entry.item.ts < START_MS + minute(22)
        ? { ...entry, item: { ...entry.item, gpus: ['GPU-new'] } }
        : entry,
    );
    expect(driveFleet(silentNodes(OPTIONS), changed).scores.map(({ gpu_uuid }) => gpu_uuid)).toEqual(['GPU-new']);
  });

  it('are left to another node that has told of the board since', () => {
    const entries = beats({ nodes: FIVE, cadence_ms: 30_000, there: (node, t) => node !== 'n2' || t < minute(30) });
    const moved = (to: number): FleetEntry[] =>
      entries.map((entry) =>
        entry.item.node === 'n3' && Math.floor((entry.item.ts - START_MS) / minute(1)) === to
          ? { ...entry, item: { ...entry.item, gpus: [...GPUS('n3'), ['GPU-n2-1', '3'], 'GPU-n2-9'] } }
          : entry,
      );
    const unseen = (all: readonly FleetEntry[]): string[] =>
      driveFleet(silentNodes(OPTIONS), all).scores.map(({ gpu_uuid }) => gpu_uuid);
    expect(unseen(moved(33))).toEqual(['GPU-n2-0']);
    expect(unseen(moved(50))).toEqual(['GPU-n2-0', 'GPU-n2-1']);
  });

  describe('of a node all of whose GPUs report from another', () => {
    /** n2 is silent from minute 30 on; from minute `to` on n3 has its GPUs too, or some. */
    const renamed = (to: number, gpus = GPUS('n2')): FleetEntry[] =>
      beats({ nodes: FIVE, cadence_ms: 30_000, there: (node, t) => node !== 'n2' || t < minute(30) }).map((entry) =>
        entry.item.node === 'n3' && entry.item.ts >= START_MS + minute(to)
          ? { ...entry, item: { ...entry.item, gpus: [...GPUS('n3'), ...gpus] } }
          : entry,
      );
    const told = (entries: readonly FleetEntry[], restoreEvery = 0) =>
      driveFleet(silentNodes(OPTIONS), entries, { restoreEvery });

    it('nothing is told: it has another name, as behind the restart of an exporter in a pod', () => {
      expect(told(renamed(31))).toMatchObject({ anomalies: [], scores: [] });
    });

    it('what was told before is closed, and says where they are', () => {
      const { anomalies } = told(renamed(35));
      expect(anomalies.map(({ severity, state }) => `${severity} ${state}`)).toEqual(['info open', 'info closed']);
      expect(anomalies[1]?.explanation).toBe('All GPUs of n2 report from n3 since.');
      expect(told(renamed(35), 3).anomalies).toEqual(anomalies);
    });

    it('is told as ever where one is missing', () => {
      const { anomalies } = told(renamed(31, GPUS('n2').slice(1)));
      expect(anomalies.at(-1)).toMatchObject({ node: 'n2', severity: 'critical', state: 'open' });
    });
  });
});
