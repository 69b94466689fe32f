import { expect, it } from 'vitest';
import { ago, anomalyAnswer, healthAnswer, incidentAnswer, summaryRow } from './answers.fixture.ts';
import { healthOf } from './board-health.ts';
import { fleetGpu } from './fleet-gpu.ts';
import { needsMe } from './needs-me.ts';

const gpu = (gpu_uuid: string, slot: string, health = healthAnswer()) =>
  fleetGpu([summaryRow({ gpu_uuid, slot })], healthOf(health));
const gpus = new Map(
  [gpu('GPU-a', '0'), gpu('GPU-b', '1', healthAnswer({ action: 'reset_gpu' })), gpu('GPU-c', '2')].map((one) => [
    one.gpu_uuid,
    one,
  ]),
);
const needs = (known: Partial<Parameters<typeof needsMe>[0]>) =>
  needsMe({ incidents: [], anomalies: [], gpus, ...known });

it('ranks by severity, incidents first, wide ones before narrow ones, old ones before new ones', () => {
  const ids = needs({
    incidents: [
      incidentAnswer({ id: 'new', gpus: ['GPU-x'], opened_at: ago(1) }),
      incidentAnswer({ id: 'warning', severity: 'warning', gpus: ['GPU-y'] }),
      incidentAnswer({ id: 'old', gpus: ['GPU-z'], opened_at: ago(100) }),
      incidentAnswer({ id: 'wide', scope: 'node', gpus: ['GPU-1', 'GPU-2'], opened_at: ago(1) }),
    ],
    anomalies: [
      anomalyAnswer({ id: 'note', gpu_uuid: 'GPU-c', severity: 'info' }),
      anomalyAnswer({ id: 'bad', gpu_uuid: 'GPU-b', severity: 'critical' }),
      anomalyAnswer({ id: 'worrying', gpu_uuid: 'GPU-a', severity: 'warning' }),
    ],
  }).map(({ id }) => id);
  expect(ids).toEqual(['wide', 'old', 'new', 'bad', 'warning', 'worrying', 'note']);
});

it('tells nothing twice: what an incident covers is in it, unless it is worse', () => {
  const anomalies = [anomalyAnswer({ severity: 'critical' }), anomalyAnswer({ id: 'b', severity: 'info' })];
  const shown = (severity: 'critical' | 'warning') =>
    needs({ incidents: [incidentAnswer({ severity })], anomalies }).map(({ id }) => id);
  expect(shown('critical')).toEqual(['i']);
  expect(shown('warning')).toEqual(['a', 'i']);
});

it('says where, why, and what to do', () => {
  const [node, one] = needs({
    incidents: [
      incidentAnswer(),
      incidentAnswer({
        id: 'w',
        scope: 'nvlink_domain',
        origin: 'n1',
        gpus: ['GPU-b', 'GPU-c'],
        action: 'drain_and_reset',
        summary:
          '2 of 8 GPUs show nvlink_errors: a switch is likely. Drain the GPU and reset it, after a look at the switches.',
      }),
    ],
  });
  expect(node).toMatchObject({
    where: 'NVLink domain n1 · 2 GPUs',
    href: '/incidents?id=w',
    why: '2 of 8 GPUs show NVLink errors: a switch is likely',
    action: 'Drain the GPU and reset it, after a look at the switches',
  });
  expect(one).toMatchObject({
    where: 'n1 · GPU 0',
    href: '/gpus/GPU-a',
    why: 'XID 79, GPU has fallen off the bus (bus)',
    action: 'Reboot the node',
  });
  const hot = incidentAnswer({
    gpu_uuid: 'GPU-b',
    origin: 'GPU-b',
    gpus: ['GPU-b'],
    action: 'none',
    summary: 'GPU-b on node n1: hw_slowdown, zscore (thermal). Nothing to do.',
  });
  expect(needs({ incidents: [hot] })).toMatchObject([
    { why: 'Hardware slowdown, unusual reading (thermal)', action: 'Reset the GPU' },
  ]);
  const anomalies = [anomalyAnswer({ gpu_uuid: 'GPU-b' }), anomalyAnswer({ gpu_uuid: 'GPU-b', id: 'b', score: 1 })];
  expect(needs({ anomalies })).toMatchObject([
    { where: 'n1 · GPU 1', why: 'GPU temperature 91 °C, expected 63 °C; 1 more', action: 'Reset the GPU' },
  ]);
  expect(needs({ anomalies: [anomalyAnswer({ gpu_uuid: 'GPU-of-nobody' })] })).toMatchObject([
    { where: 'n1 · GPU-of-nobod', action: '' },
  ]);
});

it('names a node whose exporter is in trouble as a node', () => {
  const explanation = 'All readings of n7 stand still since 2026-01-01T00:00:00.000Z: 31 scrapes were equal.';
  const frozen = { gpu_uuid: '', node: 'n7', metric: '', detector: 'absence', explanation };
  expect(
    needs({ anomalies: [anomalyAnswer(frozen), anomalyAnswer({ ...frozen, id: 'b', node: 'n8' })] }),
  ).toMatchObject([
    {
      where: 'Node n7',
      href: '/?node=n7',
      why: 'All readings of n7 stand still: 31 scrapes were equal',
      action: 'Check the node and its exporter',
    },
    { where: 'Node n8' },
  ]);
});

const risk = (usd_per_hour: number, advice = 'keep') => ({
  p30: 0.4,
  usd_per_hour,
  advice,
  type: 'memory',
  origin: 'trained on simulated fleets',
  ts: ago(5),
});
const risky = (gpu_uuid: string, usd: number, advice?: string) =>
  fleetGpu([summaryRow({ gpu_uuid })], null, risk(usd, advice));

it('ranks what is equally bad by what waiting costs, over all boards concerned', () => {
  const known = new Map([risky('GPU-a', 0.1), risky('GPU-b', 3), risky('GPU-c', 2)].map((one) => [one.gpu_uuid, one]));
  const found = needsMe({
    gpus: known,
    incidents: [incidentAnswer({ id: 'wide', severity: 'warning', scope: 'node', gpus: ['GPU-a', 'GPU-c'] })],
    anomalies: [
      anomalyAnswer({ id: 'dear', gpu_uuid: 'GPU-b' }),
      anomalyAnswer({ id: 'unknown', gpu_uuid: 'GPU-z' }),
      anomalyAnswer({ id: 'node', gpu_uuid: '', node: 'n1', severity: 'critical' }),
    ],
  });
  expect(found.map(({ id, usd_per_hour }) => [id, usd_per_hour])).toEqual([
    ['node', 5.1],
    ['dear', 3],
    ['wide', 2.1],
    ['unknown', null],
  ]);
});

it('tells of boards that the advisor wants out of work before anything shows, and by which model', () => {
  const known = new Map(
    [risky('GPU-a', 1, 'drain'), risky('GPU-b', 1, 'watch'), risky('GPU-c', 1, 'rma')].map((one) => [
      one.gpu_uuid,
      one,
    ]),
  );
  const found = needsMe({ gpus: known, incidents: [incidentAnswer({ gpus: ['GPU-c'] })], anomalies: [] });
  expect(found.map(({ id }) => id)).toEqual(['i', 'risk GPU-a']);
  expect(found[1]).toMatchObject({
    severity: 'warning',
    why: '40 % likely to fail within 30 days, by memory (trained on simulated fleets)',
    action: 'Take work off it now',
  });
});
