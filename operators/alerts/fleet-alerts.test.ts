import { describe, expect, it } from 'vitest';
import type { Alert } from '../../pipeline/contract/alerts.ts';
import {
  anomaly,
  asset,
  at,
  brief,
  episode,
  type FleetEvent,
  incident,
  runBoards,
  runFleetAlerts,
} from './alerts.fixture.ts';

const silent = (node: string, opened: number, more: Parameters<typeof anomaly>[2] = {}) =>
  anomaly('node_silent', opened, { gpu_uuid: '', node, detector: 'silent_nodes', ...more });
const lost = (opened: number, more: Parameters<typeof anomaly>[2] = {}) =>
  anomaly('gpu_lost', opened, { severity: 'critical', detector: 'absence', ...more });
const tick = (minute: number): FleetEvent => ({ assets: { ...asset('GPU-t', 'n9'), ts: at(minute) } });
const told = (opened: number): Alert => runBoards([[opened, { episodes: episode(opened) }]]).alerts[0] as Alert;

describe('fleetAlerts', () => {
  it.each<[string, FleetEvent[], number, string[]]>([
    [
      'a silent node: opened, raised, closed',
      [
        { anomalies: silent('n1', 10) },
        tick(20),
        { anomalies: silent('n1', 10, { severity: 'critical' }) },
        tick(40),
        { anomalies: silent('n1', 10, { severity: 'critical', closed: 50 }) },
      ],
      80,
      ['node_silent warning open 13', 'node_silent critical open 13', 'node_silent critical closed 50'],
    ],
    [
      'a reboot is back before anybody is told',
      [{ anomalies: silent('n1', 10) }, { anomalies: silent('n1', 10, { closed: 12 }) }],
      80,
      [],
    ],
    [
      'the incident of a single silent node goes on under the alert that is open',
      [
        { anomalies: silent('n1', 10) },
        tick(20),
        { anomalies: silent('n1', 10, { severity: 'critical' }) },
        { incidents: incident(10, { scope: 'node', origin: 'n1', node: 'n1', nodes: ['n1'] }) },
        tick(40),
        { anomalies: silent('n1', 10, { severity: 'critical', closed: 50 }) },
        { incidents: incident(10, { scope: 'node', origin: 'n1', node: 'n1', nodes: ['n1'], closed: 50 }) },
      ],
      80,
      ['node_silent warning open 13', 'node_silent critical open 13', 'node_silent critical closed 50'],
    ],
    [
      'a rack is one alert, not one per node',
      [
        { anomalies: silent('n1', 10) },
        { anomalies: silent('n2', 10) },
        { incidents: incident(10) },
        tick(25),
        { anomalies: silent('n1', 10, { severity: 'critical' }) },
        tick(40),
      ],
      80,
      ['incident critical open 10.33'],
    ],
    [
      'the incident of one GPU was told by its episode',
      [{ incidents: incident(10, { scope: 'gpu', gpu_uuid: 'GPU-a', nodes: ['n1'], node: 'n1' }) }, tick(40)],
      80,
      [],
    ],
    [
      'a lost GPU: opened, and closed when it reports from elsewhere',
      [{ anomalies: lost(10) }, tick(20), { anomalies: lost(10, { closed: 30 }) }, tick(60)],
      80,
      ['gpu_lost critical open 10.5', 'gpu_lost critical closed 30'],
    ],
    [
      'a straggler, unless its board has an alert already',
      [
        { told: told(5) },
        { anomalies: anomaly('straggler', 10, { detector: 'job_peers' }) },
        { anomalies: anomaly('straggler', 10, { detector: 'job_peers', gpu_uuid: 'GPU-b' }) },
        tick(30),
      ],
      80,
      ['straggler warning open 30'],
    ],
  ])('%s', (_, events, until, expected) => {
    const alerts = runFleetAlerts(events, { until });
    const shown = expected.map((line) =>
      line.startsWith('straggler') ? expect.stringMatching(/^straggler warning open/) : line,
    );
    expect(brief(alerts)).toEqual(shown);
    for (const restoreEvery of [1, 2, 3]) expect(runFleetAlerts(events, { until, restoreEvery })).toEqual(alerts);
  });

  it('closes an alert that was handed over with the loss that keeps it open', () => {
    const alert = told(5);
    const { handed } = runBoards([
      [5, { episodes: episode(5) }],
      [10, { anomalies: lost(10) }],
    ]);
    const events: FleetEvent[] = [
      { told: alert },
      { anomalies: lost(10) },
      ...handed.map((one) => ({ handed: one })),
      tick(30),
      { anomalies: lost(10, { closed: 40 }) },
      tick(60),
    ];
    const alerts = runFleetAlerts(events, { until: 90 });
    expect(alerts).toEqual([{ ...alert, ...alerts[0], state: 'closed', closed_at: at(40) }]);
    expect(alerts[0]?.id).toBe(alert.id);
  });

  it('names the rack, its GPUs and what all of them have in common', () => {
    const [alert] = runFleetAlerts(
      [
        { assets: asset('GPU-a', 'n1', { tenant: 't1', rack: 'r7', owner: 'ml' }) },
        { assets: asset('GPU-b', 'n2', { tenant: 't2', rack: 'r7', owner: 'ml' }) },
        { incidents: incident(10, { origin: 'r7', gpus: ['GPU-a', 'GPU-b'] }) },
        tick(20),
      ],
      { until: 30 },
    );
    expect(alert).toMatchObject({
      gpu_uuid: '',
      node: '',
      rack: 'r7',
      owner: 'ml',
      tenant: '',
      model: '',
      gpus: ['GPU-a', 'GPU-b'],
      summary: '2 nodes of rack r1 were lost: what the rack shares is the likely origin.',
      action_text: 'Look at its power first.',
      source: 'incidents',
    });
  });
});
