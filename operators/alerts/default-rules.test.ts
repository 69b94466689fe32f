import { describe, expect, it } from 'vitest';
import type { Alert } from '../../pipeline/contract/alerts.ts';
import {
  anomaly,
  asset,
  at,
  type BoardEvent,
  episode,
  type FleetEvent,
  incident,
  prediction,
  runBoards,
  runFleetAlerts,
  score,
} from './alerts.fixture.ts';
import { DEFAULT_RULES } from './default-rules.ts';

/** By rule: an item that goes on for a day, told again as its table does, and one that comes close and is no alert. */
interface Case {
  readonly fires: BoardEvent;
  readonly severity: Alert['severity'];
  readonly silent: readonly BoardEvent[];
}

const warned = (type: string, severity: Alert['severity'] = 'warning'): Case => ({
  fires: { anomalies: anomaly(type, 10) },
  severity,
  silent: [{ anomalies: anomaly(type, 10, { severity: 'info' }) }],
});

const BOARD_CASES: Readonly<Record<string, Case>> = {
  gpu_fault: {
    fires: { episodes: episode(10) },
    severity: 'critical',
    silent: [
      { episodes: episode(10, { severity: 'info', xids: [43] }) },
      { episodes: episode(10, { category: 'sensor' }) },
    ],
  },
  application_fault: {
    fires: { episodes: episode(10, { category: 'application' }) },
    severity: 'warning',
    silent: [{ episodes: episode(10, { category: 'application', severity: 'warning', xids: [31] }) }],
  },
  gpu_trouble: {
    fires: { episodes: episode(10, { severity: 'warning', category: 'driver' }) },
    severity: 'warning',
    silent: [{ episodes: episode(10, { severity: 'info', category: 'driver' }) }],
  },
  memory_errors: warned('ecc_sbe_rate'),
  memory_spares: warned('row_remap_pressure'),
  row_remap_waits: warned('row_remap_pending'),
  thermal: warned('thermal_margin'),
  power: warned('power_brake'),
  pcie: warned('pcie_replay_rate'),
  nvlink: warned('nvlink_errors'),
  driver_asks: warned('recovery_action'),
  sensor: warned('sensor_lying'),
  power_limit_lowered: warned('power_limit_lowered', 'info'),
  slower_than_peers: {
    fires: { anomalies: anomaly('peer_deviation', 10, { metric: 'sm_clock_mhz' }) },
    severity: 'warning',
    silent: [{ anomalies: anomaly('peer_deviation', 10, { metric: 'sm_clock_mhz', severity: 'info' }) }],
  },
  limit_ahead: warned('forecast_limit'),
  unlike_others: warned('novelty', 'info'),
  health_poor: {
    fires: { scores: score(10, 41) },
    severity: 'warning',
    silent: [{ scores: score(10, 61) }, { scores: score(10, 41, { confidence: 0.4 }) }],
  },
  failure_foreseen: {
    fires: { predictions: prediction(10, 0.4) },
    severity: 'warning',
    silent: [{ predictions: prediction(10, 0.04) }, { predictions: prediction(10, 0.9, { confidence: 0.3 }) }],
  },
  held_idle: {
    fires: { anomalies: anomaly('held_idle', 10, { severity: 'info' }) },
    severity: 'info',
    silent: [{ anomalies: anomaly('zscore', 10) }],
  },
  memory_held: warned('framebuffer_stuck', 'info'),
};

const tick = (minute: number): FleetEvent => ({ assets: { ...asset('GPU-t', 'n9'), ts: at(minute) } });
const silent = (severity: Alert['severity']): FleetEvent => ({
  anomalies: anomaly('node_silent', 10, { gpu_uuid: '', severity, detector: 'silent_nodes' }),
});
const unstable = (type: string): FleetEvent => ({
  anomalies: anomaly(type, 10, { gpu_uuid: '', severity: 'warning', detector: 'silent_nodes' }),
});
const FLEET_CASES: Readonly<
  Record<string, Omit<Case, 'fires' | 'silent'> & { fires: FleetEvent; silent: FleetEvent }>
> = {
  node_silent: { fires: silent('warning'), severity: 'warning', silent: silent('info') },
  node_unstable: { fires: unstable('node_unstable'), severity: 'warning', silent: unstable('node_moved') },
  work_stalled: {
    fires: { anomalies: anomaly('work_stalled', 10, { gpu_uuid: '', severity: 'warning', detector: 'job_peers' }) },
    severity: 'warning',
    silent: { anomalies: anomaly('work_stalled', 10, { gpu_uuid: '', severity: 'info', detector: 'job_peers' }) },
  },
  gpu_lost: {
    fires: { anomalies: anomaly('gpu_lost', 10, { severity: 'critical', detector: 'absence' }) },
    severity: 'critical',
    silent: { anomalies: anomaly('mig_reconfigured', 10, { severity: 'info', detector: 'absence' }) },
  },
  incident: {
    fires: { incidents: incident(10) },
    severity: 'critical',
    silent: { incidents: incident(10, { scope: 'gpu', gpu_uuid: 'GPU-a' }) },
  },
  job_incident: {
    fires: { incidents: incident(10, { scope: 'job', origin: 'j1', severity: 'warning' }) },
    severity: 'info',
    silent: { incidents: incident(10, { scope: 'job', origin: 'j1', closed: 10.5 }) },
  },
  straggler: {
    fires: { anomalies: anomaly('straggler', 10, { detector: 'job_peers' }) },
    severity: 'warning',
    silent: { anomalies: anomaly('straggler', 10, { detector: 'job_peers', severity: 'info' }) },
  },
};

const DAY = 24 * 60;
/** Scores and predictions come again and again. */
const again = (event: BoardEvent): [number, BoardEvent][] =>
  'scores' in event || 'predictions' in event
    ? [10, 400, 900].map((minute) => {
        const [[input, item]] = Object.entries(event) as [[string, { ts: number }]];
        return [minute, { [input]: { ...item, ts: at(minute) } } as unknown as BoardEvent];
      })
    : [[10, event]];

describe('default rules', () => {
  it('each have a case here', () => {
    const named = [...Object.keys(BOARD_CASES), ...Object.keys(FLEET_CASES)].sort();
    expect(named).toEqual(DEFAULT_RULES.map(({ name }) => name).sort());
  });

  it.each(Object.entries(BOARD_CASES))('%s', (name, { fires, severity, silent: quiet }) => {
    const { alerts } = runBoards(again(fires), { until: 2 * DAY });
    expect(alerts.map(({ rule, severity: told, state }) => [rule, told, state])).toEqual([[name, severity, 'open']]);
    const [alert] = alerts as [Alert];
    expect(alert.summary.length).toBeGreaterThan(20);
    expect(alert.summary).toContain('GPU-a');
    expect(alert.summary).not.toMatch(/undefined|NaN|[{}]/);
    for (const event of quiet)
      expect(runBoards(again(event), { until: 2 * DAY }).alerts.map(({ rule }) => rule)).toEqual([]);
  });

  it.each(Object.entries(FLEET_CASES))('%s, over the fleet', (name, { fires, severity, silent: quiet }) => {
    const alerts = runFleetAlerts([fires, tick(60)], { until: 90 });
    expect(alerts.map(({ rule, severity: told, state }) => [rule, told, state])).toEqual([[name, severity, 'open']]);
    expect(runFleetAlerts([quiet, tick(60)], { until: 90 })).toEqual([]);
  });

  it('open after what they say, not before', () => {
    for (const rule of DEFAULT_RULES) {
      const known = BOARD_CASES[rule.name];
      if (known === undefined || rule.alone !== null) continue;
      const [alert] = runBoards(again(known.fires), { until: 2 * DAY }).alerts;
      expect([rule.name, (alert?.opened_at ?? 0) - at(10)]).toEqual([rule.name, rule.for]);
    }
  });

  it('tell of a condition with what it asks for', () => {
    const action = 'Look at airflow or coolant, fans, dust and paste; move work away if it stays critical.';
    const explanation = `The temperature margin fell to 2 C, since 2026-01-01T00:10:00Z. It is near its limit. ${action}`;
    const { alerts } = runBoards([[10, { anomalies: anomaly('thermal_margin', 10, { explanation }) }]], { until: 60 });
    expect(alerts[0]).toMatchObject({
      summary:
        'GPU-a (slot 3) on node n1: The temperature margin fell to 2 C, since 2026-01-01T00:10:00Z. It is near its limit.',
      action_text: action,
      category: 'thermal',
    });
  });
});
