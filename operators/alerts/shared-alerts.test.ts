import { describe, expect, it } from 'vitest';
import type { Alert } from '../../pipeline/contract/alerts.ts';
import { alertRules } from './alert-rules.ts';
import {
  ALONE,
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

type Category = 'power' | 'thermal';
const story = (gpu_uuid: string, began: number, category: Category, more: Parameters<typeof episode>[1] = {}) =>
  episode(began, {
    ...ALONE,
    gpu_uuid,
    node: gpu_uuid === 'GPU-c' ? 'n2' : 'n1',
    category,
    anomalies: ['power_brake'],
    ...more,
  });

/** What its group tells of a board: an alert that opens, and one that closes with `ended`. */
const toldOf = (gpu_uuid: string, began: number, category: Category, ended?: number): FleetEvent[] =>
  runBoards(
    [
      [began, { episodes: story(gpu_uuid, began, category) }],
      ...(ended === undefined ? [] : [[ended, { episodes: story(gpu_uuid, began, category, { ended }) }] as const]),
    ],
    { until: (ended ?? began) + 30 },
  ).shared.map((alert) => ({ shared: alert }));

const node = (opened: number, more: Parameters<typeof incident>[1] = {}) =>
  incident(opened, { scope: 'node', origin: 'n1', node: 'n1', nodes: ['n1'], category: 'power', ...more });
const tick = (minute: number): FleetEvent => ({ assets: { ...asset('GPU-t', 'n9'), ts: at(minute) } });

const opens = (gpu_uuid: string, began: number, category: Category = 'power'): FleetEvent =>
  toldOf(gpu_uuid, began, category)[0] as FleetEvent;
const closes = (gpu_uuid: string, began: number, ended: number, category: Category = 'power'): FleetEvent =>
  toldOf(gpu_uuid, began, category, ended)[1] as FleetEvent;
const short = (alerts: readonly Alert[]): string[] =>
  brief(alerts).map((line, i) => `${alerts[i]?.gpu_uuid || alerts[i]?.node}: ${line}`);

describe('alerts of boards that their node may be to blame for', () => {
  it('leave their group by a way of their own', () => {
    for (const category of ['power', 'thermal'] as const) {
      const { alerts, shared } = runBoards([[10, { episodes: story('GPU-a', 10, category) }]]);
      expect(brief(shared)).toEqual(['gpu_fault critical open 10']);
      expect(alerts).toEqual(shared);
    }
    expect(runBoards([[10, { episodes: episode(10) }]]).shared).toEqual([]);
  });

  it.each<[string, FleetEvent[], string[]]>([
    [
      'are told where no node is to blame: opened a minute later, with when that was, and closed',
      [opens('GPU-a', 10), tick(20), closes('GPU-a', 10, 30), tick(80)],
      ['GPU-a: gpu_fault critical open 10', 'GPU-a: gpu_fault critical closed 30'],
    ],
    [
      'are one alert of the node where the node is',
      [
        opens('GPU-a', 10),
        opens('GPU-b', 10),
        { incidents: node(10) },
        tick(20),
        closes('GPU-a', 10, 30),
        closes('GPU-b', 10, 31),
        { incidents: node(10, { closed: 31 }) },
        tick(80),
      ],
      ['n1: incident critical open 10.33', 'n1: incident critical closed 31'],
    ],
    [
      'close as explained when they were told before, and say nothing more',
      [
        opens('GPU-a', 10, 'thermal'),
        tick(40),
        opens('GPU-b', 40, 'thermal'),
        { incidents: node(10, { category: 'thermal' }) },
        tick(50),
        closes('GPU-a', 10, 60, 'thermal'),
        closes('GPU-b', 40, 60, 'thermal'),
        tick(70),
      ],
      [
        'GPU-a: gpu_fault critical open 10',
        'n1: incident critical open 40.17',
        expect.stringMatching(/^GPU-a: gpu_fault critical closed 40/) as unknown as string,
      ],
    ],
    [
      'are their own where the node is to blame for something else, or another node for the same',
      [opens('GPU-a', 10, 'thermal'), opens('GPU-c', 10), { incidents: node(10) }, tick(20)],
      ['n1: incident critical open 10.33', 'GPU-a: gpu_fault critical open 10', 'GPU-c: gpu_fault critical open 10'],
    ],
    [
      'are their own where they began long before',
      [opens('GPU-a', 10), tick(100), { incidents: node(100) }, tick(110)],
      ['GPU-a: gpu_fault critical open 10', 'n1: incident critical open 100.33'],
    ],
    [
      'come back where it turns out that the node is not to blame',
      [
        opens('GPU-a', 10),
        opens('GPU-b', 10),
        { incidents: node(10) },
        tick(20),
        { incidents: node(10, { scope: 'gpu', gpu_uuid: 'GPU-a' }) },
        tick(25),
      ],
      [
        'n1: incident critical open 10.33',
        'GPU-a: gpu_fault critical open 10',
        'GPU-b: gpu_fault critical open 10',
        'n1: incident critical closed 19.83',
      ],
    ],
  ])('%s', (_, events, expected) => {
    const alerts = runFleetAlerts(events, { until: 120 });
    expect(short(alerts)).toEqual(expected);
    for (const restoreEvery of [1, 2, 3]) expect(runFleetAlerts(events, { until: 120, restoreEvery })).toEqual(alerts);
  });

  it('say why they close', () => {
    const events = [opens('GPU-a', 10), tick(15), { incidents: node(10) }, tick(20)];
    const closed = runFleetAlerts(events, { until: 30 }).find(({ state }) => state === 'closed');
    expect(closed?.summary).toMatch(
      / Closed at 2026-01-01 00:1\d:\d0 UTC: other boards of node n1 show the same, which one alert of the node tells\.$/,
    );
  });

  it('are told where nobody wants to hear of incidents', () => {
    const events = [opens('GPU-a', 10), opens('GPU-b', 10), { incidents: node(10) }, tick(20)];
    const alerts = runFleetAlerts(events, { until: 30, rules: alertRules({ incident: { enabled: false } }) });
    expect(short(alerts)).toEqual(['GPU-a: gpu_fault critical open 10', 'GPU-b: gpu_fault critical open 10']);
  });

  it('of a board that is lost meanwhile leave its loss to be told by itself', () => {
    const lost = anomaly('gpu_lost', 12, { severity: 'critical', detector: 'absence' });
    const { handed } = runBoards([
      [10, { episodes: story('GPU-a', 10, 'power') }],
      [12, { anomalies: lost }],
    ]);
    const events = [
      opens('GPU-a', 10),
      opens('GPU-b', 10),
      { incidents: node(10) },
      tick(12),
      { anomalies: lost },
      ...handed.map((one) => ({ handed: one })),
      tick(30),
      { anomalies: { ...lost, state: 'closed' as const, closed_at: at(40) } },
      tick(60),
    ];
    expect(short(runFleetAlerts(events, { until: 90 }))).toEqual([
      'n1: incident critical open 10.33',
      'GPU-a: gpu_lost critical open 12.5',
      'GPU-a: gpu_lost critical closed 40',
    ]);
  });
});
