import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { seconds } from '../../pipeline/contract/time.ts';
import { START_MS } from '../core/laws.fixture.ts';
import { driveFleet, type FleetEntry } from './fleet-driver.fixture.ts';
import { movedGpus } from './moved-gpus.ts';

const at = (n: number): number => START_MS + n * 60_000;
const lost = (t: number, node: string, state: 'open' | 'closed' = 'open', opened = t): FleetEntry => ({
  input: 'anomalies',
  item: {
    ts: at(opened),
    gpu_uuid: 'GPU-1',
    node,
    instance: '',
    id: `${node} ${opened}`,
    type: 'gpu_lost',
    metric: '',
    severity: 'critical',
    score: 0,
    observed: 0,
    expected: 1,
    window: '1 min',
    detector: 'absence',
    explanation: '',
    state,
    opened_at: at(opened),
    closed_at: state === 'closed' ? at(t) : null,
  },
});
const gone = (t: number, node: string, opened: number): FleetEntry => ({
  ...lost(t, node, 'closed', opened),
  input: 'gone',
});
const arrival = (t: number, node: string, gpu_uuid = 'GPU-1'): FleetEntry => ({
  input: 'arrivals',
  item: { ts: at(t), node, gpu_uuid },
});
const run = (entries: readonly FleetEntry[], restoreEvery = 0): Anomaly[] =>
  driveFleet(movedGpus({ arrivals_max: 4, delay: seconds(15) }), entries, { restoreEvery }).anomalies;

describe('movedGpus', () => {
  it.each<[string, FleetEntry[], string[]]>([
    ['it comes up elsewhere later', [arrival(0, 'n1'), lost(10, 'n1'), arrival(40, 'n2')], ['n1 10 closed 40']],
    ['it already had come up elsewhere', [arrival(0, 'n1'), arrival(9, 'n2'), lost(10, 'n1')], ['n1 10 closed 10']],
    ['it never comes up', [arrival(0, 'n1'), lost(10, 'n1')], []],
    ['it comes back where it was', [arrival(0, 'n1'), lost(10, 'n1'), lost(20, 'n1', 'closed', 10)], []],
    [
      'it was elsewhere once, came back, and is lost again',
      [arrival(0, 'n1'), lost(10, 'n1'), arrival(20, 'n2'), lost(30, 'n1', 'closed', 10), lost(50, 'n1')],
      ['n1 10 closed 20'],
    ],
    [
      'it is gone for good',
      [arrival(0, 'n1'), lost(10, 'n1'), gone(99, 'n1', 10), arrival(120, 'n2')],
      ['n1 10 closed 99'],
    ],
    [
      'it is gone only from where it was',
      [arrival(0, 'n1'), lost(10, 'n1'), arrival(40, 'n2'), gone(99, 'n1', 10)],
      ['n1 10 closed 40'],
    ],
    ['another GPU comes up', [lost(10, 'n1'), arrival(40, 'n2', 'GPU-2')], []],
    [
      'too many have come since',
      [arrival(0, 'n2'), ...[1, 2, 3, 4].map((i) => arrival(i, 'n3', `GPU-x${i}`)), lost(10, 'n1')],
      [],
    ],
  ])('%s', (_, entries, expected) => {
    const minutes = (ms: number | null): number => ((ms ?? 0) - START_MS) / 60_000;
    const brief = (told: Anomaly[]): string[] => told.map((a) => `${a.id} ${a.state} ${minutes(a.closed_at)}`);
    expect(brief(run(entries))).toEqual(expected);
    expect(run(entries, 1)).toEqual(run(entries));
  });

  it('says where it is now', () => {
    expect(run([lost(10, 'n1'), arrival(40, 'n2')])[0]?.explanation).toBe(
      'GPU-1 reports from n2 since 2026-01-01T00:40:00.000Z, 30 min later: it was moved, not lost.',
    );
  });

  it('goes on from what an earlier release kept', () => {
    const item = { ts: at(9), node: 'n2', gpu_uuid: 'GPU-1' };
    const operator = movedGpus({ arrivals_max: 4, delay: seconds(15) });
    const state = { moves: [{ lost: {}, arrivals: { '@GPU-1': item }, count: 1 }] };
    const told: Anomaly[] = [];
    operator.on.anomalies.take(
      { ts: at(10), node: 'n1', anomaly: lost(10, 'n1').item as unknown as Anomaly },
      state,
      (_, anomaly) => told.push(anomaly),
    );
    expect(told).toMatchObject([{ state: 'closed', closed_at: at(10), explanation: expect.stringContaining('n2') }]);
  });
});
