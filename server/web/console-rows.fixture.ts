import type { Forecast, HealthScore } from '../../pipeline/contract/events.ts';

interface Whose {
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly ts: number;
}

/** A critical score of a GPU whose memory is gone. */
export const scoreOf = (whose: Whose): HealthScore => ({
  ...whose,
  overall_score: 40,
  memory_health: 0,
  thermal_health: 100,
  performance_health: 100,
  power_health: 100,
  reliability_health: 100,
  health_grade: 'critical',
  degradation_factors: [],
  confidence: 0.9,
  memory_confidence: 1,
  thermal_confidence: 1,
  performance_confidence: 1,
  power_confidence: 1,
  reliability_confidence: 1,
  contributions: [],
  explanation: 'critical (40.0 of 100).',
  action: 'drain_and_reset',
  profile: 'default',
});

/** Where its temperature goes, some days ahead. */
export const forecastOf = (whose: Whose, days: number): Forecast => ({
  ...whose,
  metric: 'gpu_temp_celsius',
  horizon_ms: days * 86_400_000,
  expected: 70 + days,
  low: 66 + days,
  high: 75 + days,
  limit: 88,
  eta_ts: null,
  explanation: 'GPU temperature',
});

/** What an engine tells of its steps so many seconds after it began. */
export const topologyReport = (start: number, seconds: number, gpus: number): object => ({
  ts: start + seconds * 1_000,
  worker: 'w0',
  started_at: start - 60_000,
  lag_messages: 12,
  watermark: start + seconds * 1_000 - 3_000,
  gpus,
  snapshots: 1,
  mermaid: 'flowchart LR\n  decode["decode<br/><small>text to columnar batches</small>"]',
  steps: [
    { id: 'dcgm_raw', kind: 'source', items_in: 0, items_out: 10 * seconds, batches: seconds, busy_ms: 0 },
    {
      id: 'decode',
      kind: 'stage',
      items_in: 10 * seconds,
      items_out: 80 * seconds,
      batches: seconds,
      busy_ms: 600 * seconds,
    },
    { id: 'gpu_metrics', kind: 'sink', items_in: 80 * seconds, items_out: 0, batches: seconds, busy_ms: 4 * seconds },
  ],
  edges: [
    { from: 'dcgm_raw', port: 'out', to: 'decode' },
    { from: 'decode', port: 'rows', to: 'gpu_metrics' },
  ],
});
