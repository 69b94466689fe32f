import { describe, expect, it } from 'vitest';
import { alertRules } from './alert-rules.ts';
import { anomaly, asset, at, brief, episode, prediction, runBoards, score, vector } from './alerts.fixture.ts';

type Events = Parameters<typeof runBoards>[0];

describe('boardAlerts', () => {
  it('tells a critical episode at once, with what, where, since when and what to do', () => {
    const explanation =
      'XID 79 (GPU has fallen off the bus) at 2026-01-01 00:10:00 UTC. Reboot the node: that is the remedy for XID 79.';
    const { alerts } = runBoards([
      [0, { assets: asset('GPU-a', 'n1') }],
      [10, { episodes: episode(10, { action: 'reboot_node', job: 'train-7', explanation }) }],
    ]);
    expect(alerts).toEqual([
      {
        ts: at(10),
        gpu_uuid: 'GPU-a',
        node: 'n1',
        instance: '',
        id: expect.stringMatching(/^[0-9a-f]{16}$/),
        rule: 'gpu_fault',
        severity: 'critical',
        state: 'open',
        summary:
          'GPU-a (slot 3) on node n1, rack r1, in job train-7: XID 79 (GPU has fallen off the bus) at 2026-01-01 00:10:00 UTC.',
        action_text: 'Reboot the node: that is the remedy for XID 79.',
        action: 'reboot_node',
        category: 'bus',
        source: 'xid_episodes',
        source_id: 'episode GPU-a 10',
        model: 'H100',
        cluster: 'c1',
        rack: 'r1',
        owner: 'ml',
        tenant: 't1',
        job: 'train-7',
        opened_at: at(10),
        closed_at: null,
      },
    ]);
  });

  it.each<[string, Events, number, string[]]>([
    [
      'an episode closes once it has been gone for as long as the rule says',
      [
        [10, { episodes: episode(10) }],
        [14, { episodes: episode(10, { ended: 11 }) }],
      ],
      60,
      ['gpu_fault critical open 10', 'gpu_fault critical closed 11'],
    ],
    [
      'what comes back within that time is the same alert',
      [
        [10, { episodes: episode(10) }],
        [14, { episodes: episode(10, { ended: 11 }) }],
        [20, { episodes: episode(10) }],
        [26, { episodes: episode(10, { ended: 21 }) }],
      ],
      60,
      ['gpu_fault critical open 10', 'gpu_fault critical closed 21'],
    ],
    [
      'what comes back later is another',
      [
        [10, { episodes: episode(10) }],
        [14, { episodes: episode(10, { ended: 11 }) }],
        [50, { episodes: episode(10) }],
      ],
      60,
      ['gpu_fault critical open 10', 'gpu_fault critical closed 11', 'gpu_fault critical open 50'],
    ],
    [
      'an episode that is over when it is heard of opens nothing',
      [[20, { episodes: episode(10, { ended: 11 }) }]],
      60,
      [],
    ],
    [
      'a warning that lasts',
      [
        [10, { anomalies: anomaly('thermal_margin', 10) }],
        [90, { anomalies: anomaly('thermal_margin', 10, { closed: 90 }) }],
      ],
      200,
      ['thermal warning open 40', 'thermal warning closed 90'],
    ],
    [
      'a warning that does not',
      [
        [10, { anomalies: anomaly('thermal_margin', 10) }],
        [39, { anomalies: anomaly('thermal_margin', 10, { closed: 39 }) }],
      ],
      200,
      [],
    ],
    [
      'several signs of one rule are one alert, until the last of them is gone',
      [
        [10, { anomalies: anomaly('thermal_margin', 10) }],
        [30, { anomalies: anomaly('sw_thermal', 30, { metric: 'throttle_reasons' }) }],
        [50, { anomalies: anomaly('thermal_margin', 10, { closed: 50 }) }],
        [110, { anomalies: anomaly('sw_thermal', 30, { closed: 110 }) }],
      ],
      300,
      ['thermal warning open 40', 'thermal warning closed 110'],
    ],
    [
      'an episode tells for an anomaly that was not told yet, also when that goes on for hours',
      [
        [10, { anomalies: anomaly('thermal_margin', 10) }],
        [20, { anomalies: anomaly('thermal_margin', 10, { severity: 'critical' }) }],
        [
          20,
          {
            episodes: episode(20, { xids: [], primary_xid: null, category: 'thermal', anomalies: ['thermal_margin'] }),
          },
        ],
      ],
      300,
      ['gpu_fault critical open 20'],
    ],
    [
      'an alert that was told is raised when its anomaly becomes an episode',
      [
        [10, { anomalies: anomaly('ecc_sbe_rate', 10) }],
        [60, { anomalies: anomaly('ecc_sbe_rate', 10, { severity: 'critical' }) }],
        [
          60,
          { episodes: episode(60, { xids: [], primary_xid: null, category: 'memory', anomalies: ['ecc_sbe_rate'] }) },
        ],
        [90, { anomalies: anomaly('ecc_sbe_rate', 10, { severity: 'critical', closed: 90 }) }],
        [95, { episodes: episode(60, { xids: [], anomalies: ['ecc_sbe_rate'], ended: 90 }) }],
      ],
      300,
      ['memory_errors warning open 40', 'memory_errors critical open 40', 'memory_errors critical closed 90'],
    ],
    [
      'an anomaly that opens within an episode of its kind is told by it',
      [
        [
          10,
          { episodes: episode(10, { xids: [48], category: 'memory', anomalies: ['ecc_dbe', 'row_remap_pending'] }) },
        ],
        [11, { anomalies: anomaly('row_remap_pending', 11) }],
      ],
      300,
      ['gpu_fault critical open 10'],
    ],
    [
      'the same kind of fault again on a board is no second alert while the first is open',
      [
        [10, { episodes: episode(10, { action: 'reset_gpu' }) }],
        [14, { episodes: episode(10, { action: 'reset_gpu', ended: 11 }) }],
        [60, { episodes: episode(60, { action: 'reset_gpu' }) }],
      ],
      100,
      ['gpu_fault critical open 10'],
    ],
    [
      'a fault of another kind is',
      [
        [10, { episodes: episode(10) }],
        [20, { episodes: episode(20, { category: 'memory' }) }],
      ],
      30,
      ['gpu_fault critical open 10', 'gpu_fault critical open 20'],
    ],
    [
      'low health is a consequence for a week after what caused it',
      [
        [10, { episodes: episode(10) }],
        [14, { episodes: episode(10, { ended: 11 }) }],
        ...[30, 300, 600, 3_000].map((minute) => [minute, { scores: score(minute, 40) }] as Events[number]),
      ],
      4_000,
      ['gpu_fault critical open 10', 'gpu_fault critical closed 11'],
    ],
    [
      'low health that nobody else has told of, and no second word of the risk that goes with it',
      [
        ...[10, 70, 130, 600].map((minute) => [minute, { scores: score(minute, 40) }] as Events[number]),
        ...[20, 600].map((minute) => [minute, { predictions: prediction(minute, 0.6) }] as Events[number]),
      ],
      700,
      ['health_poor warning open 130'],
    ],
  ])('%s', (_, events, until, expected) => {
    const told = runBoards(events, { until });
    expect(brief(told.alerts)).toEqual(expected);
    expect(runBoards(events, { until, restore: true }).alerts).toEqual(told.alerts);
    expect(runBoards(events, { until, together: true }).alerts).toEqual(told.alerts);
    for (const { id } of told.alerts) {
      const rows = told.alerts.filter((one) => one.id === id);
      expect(new Set(rows.map(({ ts, gpu_uuid }) => `${ts} ${gpu_uuid}`)).size).toBe(1);
    }
  });

  it('keeps one id over severities, and gives another to what comes back later', () => {
    const once: Events = [
      [10, { episodes: episode(10) }],
      [14, { episodes: episode(10, { ended: 11 }) }],
      [50, { episodes: episode(10) }],
    ];
    const ids = runBoards(once, { until: 60 }).alerts.map(({ id }) => id);
    expect([ids[0] === ids[1], ids[1] === ids[2]]).toEqual([true, false]);
  });

  it('hands the alerts of a lost board over, and tells nothing more of it until it is back', () => {
    const lost = anomaly('gpu_lost', 20, { severity: 'critical', detector: 'absence' });
    const { alerts, handed } = runBoards(
      [
        [10, { episodes: episode(10) }],
        [20, { anomalies: lost }],
        [20, { episodes: episode(10, { anomalies: ['gpu_lost'] }) }],
        [40, { anomalies: { ...lost, state: 'closed', closed_at: at(40) } }],
        [44, { episodes: episode(10, { anomalies: ['gpu_lost'], ended: 40, action: 'reboot_node' }) }],
        [80, { episodes: episode(80, { category: 'memory', xids: [48] }) }],
      ],
      { until: 100 },
    );
    expect(brief(alerts)).toEqual(['gpu_fault critical open 10', 'gpu_fault critical open 80']);
    expect(handed.map(({ alert, finding }) => [alert.id, finding.cause])).toEqual([[alerts[0]?.id, lost.id]]);
  });

  it('closes what is open of a board that nobody has heard of for a week', () => {
    const day = 24 * 60;
    const { alerts } = runBoards(
      [
        [10, { anomalies: anomaly('pcie_downtrained', 10) }],
        [20, { vectors: vector(20) }],
        [10 + 2 * day, { vectors: vector(10 + 2 * day) }],
      ],
      { until: 10 * day },
    );
    expect(brief(alerts)).toEqual(['pcie warning open 40', `pcie warning closed ${10 + 2 * day}`]);
  });

  it('is about the node where an anomaly has no GPU, and says who used a board', () => {
    const { alerts } = runBoards(
      [
        [0, { assets: asset('GPU-a', 'n1', { owner: 'x' }) }],
        [0, { assets: asset('GPU-b', 'n1', { owner: 'y' }) }],
        [10, { anomalies: anomaly('exporter_frozen', 10, { gpu_uuid: '', detector: 'absence' }) }],
        [10, { anomalies: anomaly('nvlink_errors', 10) }],
        [15, { vectors: vector(15, { job: 'j1' }) }],
      ],
      { until: 100 },
    );
    expect(
      alerts.map(({ rule, gpu_uuid, node, owner, rack, job }) => [rule, gpu_uuid, node, owner, rack, job]),
    ).toEqual([
      ['nvlink', 'GPU-a', 'n1', 'x', 'r1', 'j1'],
      ['sensor', '', 'n1', '', 'r1', ''],
    ]);
  });

  it('ignores items of unknown GPUs, and rules that are off', () => {
    const rules = alertRules({ gpu_fault: { enabled: false } });
    expect(runBoards([[10, { episodes: episode(10, { gpu_uuid: 'GPU-x' }) }]]).alerts).toEqual([]);
    expect(runBoards([[10, { episodes: episode(10) }]], { rules }).alerts).toEqual([]);
  });
});
