import { describe, expect, it } from 'vitest';
import { vectorOf } from '../health/observations.fixture.ts';
import { alertRules } from './alert-rules.ts';
import { ALONE, anomaly, at, type BoardEvent, episode, prediction, runBoards, score } from './alerts.fixture.ts';

type Events = Parameters<typeof runBoards>[0];

const HOT = { metric: 'gpu_temp_celsius', explanation: 'The GPU reached 93 C, since 2026-01-01T00:10:00Z.' };
const hot = (more: Parameters<typeof anomaly>[2] = {}) => anomaly('thermal_margin', 10, { ...HOT, ...more });
const OVER = 'The GPU reached 97 C, from 2026-01-01T00:10:00Z until 2026-01-01T01:30:00Z (80 min). It is over.';
const reads = (minute: number, known: Record<string, number>, instance = ''): BoardEvent => ({
  vectors: vectorOf(known, { ts: at(minute), gpu_uuid: 'GPU-a', node: 'n1', instance, latest_ts: at(minute) - 4_000 }),
});
const WHERE = 'GPU-a (slot 3) on node n1: ';

/** What each telling of the only alert says. */
const said = (events: Events, until: number): string[] => {
  const { alerts } = runBoards(events, { until });
  expect(new Set(alerts.map(({ id }) => id)).size).toBe(1);
  expect(runBoards(events, { until, restore: true }).alerts).toEqual(alerts);
  expect(runBoards(events, { until, together: true }).alerts).toEqual(alerts);
  return alerts.map(({ summary }) => summary.replace(WHERE, ''));
};

describe('the course of an alert', () => {
  it('keeps the replacement of a GPU that the driver wants reset first', () => {
    const order = 'Reset the GPU to contain it, then replace it: the driver asks for the first (recovery action 1).';
    const explanation = `XID 64 (row remap failed) at 2026-01-01 00:10:00 UTC. ${order}`;
    const story = episode(10, { category: 'memory', action: 'replace_gpu', explanation });
    const [alert] = runBoards([[10, { episodes: story }]]).alerts;
    expect(alert).toMatchObject({ action: 'replace_gpu', action_text: order });
    expect(alert?.summary).toBe(`${WHERE}XID 64 (row remap failed) at 2026-01-01 00:10:00 UTC.`);
  });

  it('is told with what was found last, the newest reading, and how long it lasted', () => {
    const events: Events = [
      [10, { anomalies: hot() }],
      [45, reads(45, { gpu_temp_celsius: 94 })],
      [
        60,
        { anomalies: hot({ severity: 'critical', explanation: 'The GPU reached 97 C, since 2026-01-01T00:10:00Z.' }) },
      ],
      [90, { anomalies: hot({ severity: 'critical', closed: 90, explanation: OVER }) }],
      [140, reads(140, { gpu_temp_celsius: 61.5 })],
    ];
    expect(said(events, 200)).toEqual([
      'The GPU reached 93 C, since 2026-01-01T00:10:00Z.',
      'The GPU reached 97 C, since 2026-01-01T00:10:00Z. Raised from warning to critical, 20 min after it opened. ' +
        'Last reading: gpu_temp_celsius 94 C at 2026-01-01 00:44:56 UTC.',
      `${OVER} Last reading: gpu_temp_celsius 61.5 C at 2026-01-01 02:19:56 UTC.`,
    ]);
  });

  it('says when and after how long where the finding does not', () => {
    const explanation = 'The rate went from none to 3 a day. It is back since.';
    const closed = hot({ detector: 'change_points', closed: 100, explanation });
    expect(
      said(
        [
          [10, { anomalies: hot() }],
          [100, { anomalies: closed }],
        ],
        200,
      )[1],
    ).toBe(`${explanation} Over since 2026-01-01 01:40:00 UTC, after 1 h 30 min.`);
  });

  it.each<[string, Record<string, number>, string, string]>([
    ['of another instance', { gpu_temp_celsius: 71 }, '1', 'gpu_temp_celsius'],
    ['that is missing', {}, '', 'gpu_temp_celsius'],
    ['of a counter', { ecc_sbe_volatile_total: 71 }, '', 'ecc_sbe_volatile_total'],
    ['of something that is no metric', { gpu_temp_celsius: 71 }, '', 'fields'],
  ])('has no reading %s', (_, known, instance, metric) => {
    const events: Events = [
      [10, { anomalies: hot({ metric }) }],
      [45, reads(45, known, instance)],
      [90, { anomalies: hot({ metric, closed: 90, explanation: OVER }) }],
    ];
    expect(said(events, 200)[1]).toBe(OVER);
  });

  it.each<[string, string, number, string]>([
    ['a ratio', 'sm_active_ratio', 0.125, 'sm_active_ratio 12.5 %'],
    ['bytes', 'fb_used_bytes', 3 * 2 ** 30, 'fb_used_bytes 3 GiB'],
    ['lanes', 'pcie_link_width', 8, 'pcie_link_width 8'],
    ['a flag', 'row_remap_pending', 0, 'row_remap_pending 0'],
    ['watts', 'power_watts', 431.6, 'power_watts 432 W'],
    ['a clock', 'sm_clock_mhz', 1_410, 'sm_clock_mhz 1,410 MHz'],
    ['bytes a second', 'pcie_tx_bytes_per_second', 2.5e9, 'pcie_tx_bytes_per_second 2.5 GB/s'],
    ['megabytes a second', 'nvlink_bandwidth_mb_per_second', 2_500, 'nvlink_bandwidth_mb_per_second 2.5 GB/s'],
  ])('has %s in the unit that people use', (_, metric, value, words) => {
    const events: Events = [
      [10, { anomalies: hot({ metric }) }],
      [45, reads(45, { [metric]: value })],
      [90, { anomalies: hot({ metric, closed: 90, explanation: OVER }) }],
    ];
    expect(said(events, 200)[1]).toBe(`${OVER} Last reading: ${words} at 2026-01-01 00:44:56 UTC.`);
  });

  it('speaks of what goes on, and at the end of the whole time', () => {
    const slow = (more: Parameters<typeof anomaly>[2] = {}) =>
      anomaly('sw_thermal', 30, {
        metric: 'throttle_reasons',
        explanation: 'The driver held the clocks down.',
        ...more,
      });
    const events: Events = [
      [10, { anomalies: hot() }],
      [30, { anomalies: slow() }],
      [90, { anomalies: hot({ closed: 90, explanation: OVER }) }],
      [
        100,
        {
          anomalies: slow({ closed: 120, explanation: 'The driver held the clocks down, from A until B. It is over.' }),
        },
      ],
    ];
    expect(said(events, 300)).toEqual([
      HOT.explanation,
      'The driver held the clocks down, from A until B. It is over. Over since 2026-01-01 02:00:00 UTC, after 1 h 50 min.',
    ]);
  });

  it('has the newest score and risk', () => {
    const health: Events = [
      ...[10, 70, 130, 600].map((minute) => [minute, { scores: score(minute, 40) }] as Events[number]),
      [700, { scores: score(700, 82, { explanation: 'good: memory 82.' }) }],
      [900, { scores: score(900, 91, { explanation: 'excellent: memory 91.' }) }],
    ];
    expect(said(health, 1_300)).toEqual(
      [
        'Health 40 of 100, poor: memory 40.',
        'Health 91 of 100, excellent: memory 91. Over since 2026-01-01 11:40:00 UTC, after 11 h 30 min.',
      ].map((text) => expect.stringMatching(new RegExp(`^${text.replaceAll('.', '\\.')}$`, 'i'))),
    );
    const risk: Events = [
      ...[20, 600].map((minute) => [minute, { predictions: prediction(minute, 0.6) }] as Events[number]),
      [700, { predictions: prediction(700, 0.01, { explanation: 'It fails within a week with 1 %.' }) }],
    ];
    expect(said(risk, 3_000)[1]).toMatch(
      /^It fails within a week with 1 %\. Over since 2026-01-01 11:40:00 UTC, after 11 h 20 min\.$/,
    );
  });

  it.each<[string, Events, number, RegExp]>([
    [
      'one event',
      [
        [10, { episodes: episode(10) }],
        [14, { episodes: episode(10, { ended: 10 }) }],
      ],
      60,
      /Over: nothing more came after 2026-01-01 00:10:00 UTC\.$/,
    ],
    [
      'a reset that nobody saw, a week after the last sign',
      [
        [10, { episodes: episode(10, { action: 'reset_gpu' }) }],
        ...Array.from({ length: 14 }, (_, i): Events[number] => [720 * i + 20, reads(720 * i + 20, {})]),
        [10_091.5, { episodes: episode(10, { action: 'reset_gpu', ended: 11 }) }],
      ],
      10_200,
      /Closed without a reset that anybody saw, at 2026-01-08 00:11:00 UTC, 7 d after it began\.$/,
    ],
    [
      'a reset that nobody saw, of anomalies alone',
      [
        [10, { episodes: episode(10, { ...ALONE, action: 'reset_gpu' }) }],
        [14, { episodes: episode(10, { ...ALONE, action: 'reset_gpu', ended: 11 }) }],
        [1_400, reads(1_400, {})],
      ],
      1_500,
      /Closed without a reset that anybody saw, at 2026-01-02 00:11:00 UTC, 1 d after it began\.$/,
    ],
    [
      'a board that is not heard of any more',
      [[10, { anomalies: hot() }]],
      170 * 60,
      /^The GPU reached 93 C, since .*Z\. Closed: nothing was heard of it since 2026-01-01 00:40:00 UTC, 30 min after it began\.$/,
    ],
  ])('ends with %s', (_, events, until, text) => {
    expect(runBoards(events, { until }).alerts[1]?.summary.replace(WHERE, '')).toMatch(text);
  });

  it('says that a rule was taken away', () => {
    const { alerts, state } = runBoards([[10, { episodes: episode(10) }]], { until: 20 });
    const off = runBoards([], {
      rules: alertRules({ gpu_fault: { enabled: false } }),
      until: 22,
      from: { state, minute: 20 },
    });
    expect(alerts).toHaveLength(1);
    expect(off.alerts.map(({ summary }) => summary)).toEqual([
      `${alerts[0]?.summary} Closed at 2026-01-01 00:20:30 UTC: its rule is no longer in force.`,
    ]);
  });
});
