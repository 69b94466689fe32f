import { describe, expect, it } from 'vitest';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import type { Sink } from '../../pipeline/contract/ports.ts';
import type { Topology } from '../../pipeline/define-topology.ts';
import { createSinkLog } from './sink-log.ts';

const anomaly = (told: Partial<Anomaly> = {}): Anomaly => ({
  ts: 10,
  gpu_uuid: 'GPU-0',
  node: 'n1',
  instance: '',
  id: 'a1',
  type: 'ecc_rate',
  metric: 'ecc_sbe_volatile_total',
  severity: 'warning',
  score: 1,
  observed: 5,
  expected: 1,
  window: '1h',
  detector: 'conditions',
  explanation: 'It was 5 where 1 was expected.',
  state: 'open',
  opened_at: 10,
  closed_at: null,
  ...told,
});

const topology: Topology = { nodes: [{ kind: 'sink', id: 'anomalies', summary: '', inputs: [], ports: [] }] };

function written(...told: readonly (readonly [now: number, anomaly: Anomaly])[]) {
  let now = 0;
  const log = createSinkLog(() => now);
  const sink = (log.sinksFor(topology) as Record<string, Sink<Anomaly>>).anomalies;
  for (const [at, one] of told) {
    now = at;
    sink?.write(one);
  }
  return log;
}

it('keeps what an anomaly was at its worst, and since when', () => {
  const log = written(
    [20, anomaly({ severity: 'info' })],
    [30, anomaly()],
    [40, anomaly({ severity: 'critical' })],
    [50, anomaly({ severity: 'warning', state: 'closed', closed_at: 45 })],
  );
  expect([...log.alarms.values()]).toMatchObject([
    { severity: 'critical', told_at: 20, warned_at: 30, critical_at: 40, closed_at: 45, opened_at: 10 },
  ]);
  expect(log.items.anomalies).toBe(4);
  expect(log.breaches).toEqual({});
});

it('keeps the anomalies of a detector that is off by default apart', () => {
  const nodes = [...topology.nodes, { ...topology.nodes[0], id: 'anomalies of density' }] as Topology['nodes'];
  const log = createSinkLog(() => 20);
  const sinks = log.sinksFor({ nodes }) as unknown as Record<string, Sink<Anomaly>>;
  sinks.anomalies?.write(anomaly());
  sinks['anomalies of density']?.write(anomaly({ id: 'a2', detector: 'dbscan' }));
  expect([...log.alarms.keys()]).toEqual(['a1']);
  expect([...(log.optional.get('density')?.keys() ?? [])]).toEqual(['a2']);
});

it('keeps since when an episode is serious, whom an incident speaks of, and what was made up', () => {
  let now = 0;
  const log = createSinkLog(() => now);
  const nodes = ['xid_episodes', 'incidents', 'dead_letters'].map((id) => ({ ...topology.nodes[0], id }));
  const sinks = log.sinksFor({ nodes: nodes as Topology['nodes'] }) as unknown as Record<string, Sink<unknown>>;
  const tell = (at: number, table: string, row: object): void => {
    now = at;
    sinks[table]?.write(row);
  };
  tell(10, 'xid_episodes', { id: 'e1', severity: 'info' });
  tell(20, 'xid_episodes', { id: 'e1', severity: 'critical', ended_at: null });
  tell(30, 'xid_episodes', { id: 'e1', severity: 'critical', ended_at: 25 });
  expect(log.episodes.get('e1')).toMatchObject({ told_at: 10, warned_at: 20, critical_at: 20, row: { ended_at: 25 } });
  tell(10, 'incidents', { id: 'i1', severity: 'warning', gpus: ['GPU-1'], nodes: ['n1'] });
  tell(40, 'incidents', { id: 'i1', severity: 'critical', gpus: ['GPU-1', 'GPU-2'], nodes: ['n1'] });
  expect(log.incidents.get('i1')).toMatchObject({
    critical_at: 40,
    gpus: new Map([
      ['GPU-1', 10],
      ['GPU-2', 40],
    ]),
    nodes: new Map([['n1', 10]]),
  });
  const letter = { level: 'value', reason: 'out_of_range', node: 'n1', detail: 'power_watts 12000' };
  tell(50, 'dead_letters', letter);
  tell(51, 'dead_letters', { ...letter, reason: 'sentinel', detail: 'GPU-7: power_watts 1' });
  tell(52, 'dead_letters', { ...letter, reason: 'not_a_number' });
  tell(53, 'dead_letters', { ...letter, level: 'row', reason: 'late' });
  expect(log.refused).toEqual([
    { gpu_uuid: '', node: 'n1', reason: 'out_of_range', at_ms: 50 },
    { gpu_uuid: 'GPU-7', node: 'n1', reason: 'sentinel', at_ms: 51 },
  ]);
});

describe('rules of anomalies', () => {
  const closed = { state: 'closed', closed_at: 20 } as const;
  it.each<[string, readonly Anomaly[]]>([
    ['ts is not opened_at', [anomaly({ ts: 11 })]],
    ['opened_at moved', [anomaly(), anomaly({ ts: 12, opened_at: 12 })]],
    ['told again after it closed', [anomaly(), anomaly(closed), anomaly(closed)]],
    ['no explanation', [anomaly({ explanation: ' ' })]],
    [
      'explanation with NaN, undefined or the epoch',
      [anomaly({ explanation: 'It is so since 1970-01-01T00:00:00Z.' })],
    ],
    ['a figure that is no number', [anomaly({ expected: Number.NaN })]],
    ['open with closed_at', [anomaly({ closed_at: 20 })]],
    ['closed_at before opened_at', [anomaly(), anomaly({ ...closed, closed_at: 9 })]],
    ['a second one for an open condition', [anomaly(), anomaly({ id: 'a2' })]],
  ])('%s', (breach, told) => {
    expect(written(...told.map((one) => [20, one] as const)).breaches).toEqual({
      [`${breach}: conditions/ecc_rate`]: 1,
    });
  });

  it('lets a condition come back, and others be open beside it', () => {
    const back = anomaly({ id: 'a2', ts: 30, opened_at: 30 });
    const other = anomaly({ id: 'a3', type: 'ecc_burst' });
    expect(written([20, anomaly()], [20, other], [21, anomaly(closed)], [30, back]).breaches).toEqual({});
  });
});
