import { anomalyOf } from '../../../sinks/live/fleet.fixture.ts';
import type { LiveAlert } from '../../live-rows.ts';
import type { AnomalyAnswer, GpuSummary } from '../../schemas.ts';
import type { EpisodeAnswer, ForecastAnswer, HealthAnswer, IncidentAnswer } from './answers.ts';

/** Answers of the API for tests, with the day's first instant as now. */
export const NOW = 1_767_225_600_000;
export const ago = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();

const who = { gpu_uuid: 'GPU-a', node: 'n1', instance: '' };

export const anomalyAnswer = (changes: Partial<AnomalyAnswer> = {}): AnomalyAnswer => ({
  ...anomalyOf({ gpu_uuid: 'GPU-a', id: 'a' }),
  ts: ago(5),
  opened_at: ago(5),
  closed_at: null,
  ...changes,
});

export const healthAnswer = (changes: Partial<HealthAnswer> = {}): HealthAnswer => ({
  ...who,
  ts: ago(2),
  overall_score: 100,
  memory_health: 100,
  thermal_health: 100,
  performance_health: 100,
  power_health: 100,
  reliability_health: 100,
  health_grade: 'excellent',
  degradation_factors: [],
  confidence: 1,
  memory_confidence: 1,
  thermal_confidence: 1,
  performance_confidence: 1,
  power_confidence: 1,
  reliability_confidence: 1,
  contributions: [],
  explanation: 'healthy (100.0 of 100): 40 C of 87 C, confidence 1.00.',
  action: 'none',
  profile: 'default',
  ...changes,
});

export const episodeAnswer = (changes: Partial<EpisodeAnswer> = {}): EpisodeAnswer => ({
  ...who,
  ts: ago(60),
  id: 'e',
  xids: [13, 45],
  primary_xid: 13,
  anomalies: [],
  severity: 'warning',
  category: 'application',
  action: 'restart_application',
  explanation: 'XID 13, with 45 following from it.',
  started_at: ago(60),
  ended_at: null,
  count: 2,
  reset_at: null,
  cured: null,
  job: '',
  ...changes,
});

export const incidentAnswer = (changes: Partial<IncidentAnswer> = {}): IncidentAnswer => ({
  ts: ago(30),
  gpu_uuid: 'GPU-a',
  node: 'n1',
  id: 'i',
  scope: 'gpu',
  origin: 'GPU-a',
  category: 'bus',
  severity: 'critical',
  state: 'open',
  gpus: ['GPU-a'],
  nodes: ['n1'],
  episodes: ['e'],
  evidence: ['XID 79 on 1 GPU.'],
  action: 'reboot_node',
  summary: 'GPU-a on node n1: XID 79 (bus). Reboot the node.',
  opened_at: ago(30),
  closed_at: null,
  ...changes,
});

export const forecastAnswer = (changes: Partial<ForecastAnswer> = {}): ForecastAnswer => ({
  ...who,
  ts: ago(90),
  metric: 'gpu_temp_celsius',
  horizon_ms: 86_400_000,
  expected: 71.4,
  low: 68,
  high: 74.6,
  limit: 88,
  eta_ts: null,
  explanation: '',
  ...changes,
});

export const summaryRow = (changes: Partial<GpuSummary> = {}): GpuSummary => ({
  ...who,
  ts: ago(0),
  model: 'H100',
  slot: '0',
  gpu_temp_celsius: 50,
  memory_temp_celsius: null,
  power_watts: 300,
  power_limit_watts: 700,
  gpu_util_ratio: 1,
  gr_engine_active_ratio: null,
  memory_util_ratio: null,
  fb_used_bytes: null,
  fb_free_bytes: null,
  sm_clock_mhz: null,
  throttle_reasons: null,
  xid_last: null,
  open_info: 0,
  open_warning: 0,
  open_critical: 0,
  worst_severity: null,
  stale_since: null,
  overall_score: null,
  health_grade: null,
  failure_prob_7d: null,
  failure_prob_30d: null,
  decision: null,
  ...changes,
});

export const alertAnswer = (changes: Partial<LiveAlert> = {}): LiveAlert => ({
  ts: '2026-01-01T08:00:00.000Z',
  gpu_uuid: 'GPU-a',
  node: 'n1',
  instance: '',
  id: 'A',
  rule: 'thermal',
  severity: 'warning',
  state: 'open',
  summary: 'GPU 0 of n1 is too hot.',
  action_text: 'Look at its fan.',
  action: 'none',
  category: 'thermal',
  source: 'anomalies',
  source_id: 'x',
  model: 'H100',
  cluster: 'c1',
  rack: 'r1',
  owner: 'ml',
  tenant: '',
  job: '',
  opened_at: '2026-01-01T08:00:00.000Z',
  closed_at: null,
  acknowledged_by: '',
  acknowledged_at: null,
  assigned_to: '',
  handling_note: '',
  silenced_by: '',
  inhibited_by: '',
  ...changes,
});
