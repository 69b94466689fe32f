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
