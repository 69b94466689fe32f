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
