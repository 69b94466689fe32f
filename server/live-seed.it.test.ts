import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startTestServices, type TestServices } from '../deploy/services/services.fixture.ts';
import { systemClock } from '../pipeline/clock.ts';
import { ALERTS } from '../pipeline/contract/alert-tables.ts';
import type { HealthScore } from '../pipeline/contract/events.ts';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../pipeline/contract/prediction-tables.ts';
import type { Decision, Prediction } from '../pipeline/contract/predictions.ts';
import { milliseconds, seconds } from '../pipeline/contract/time.ts';
import { GPU_HEALTH_SCORES } from '../pipeline/contract/verdict-tables.ts';
import { batchOf } from '../sinks/live/fleet.fixture.ts';
import { memoryBus } from '../sinks/live/memory-bus.fixture.ts';
import { connectDatabase } from '../sinks/questdb/connect-database.ts';
import { gpuMetricsSink } from '../sinks/questdb/gpu-metrics-sink.ts';
import { prepareDatabase } from '../sinks/questdb/prepare-database.ts';
import { tableSink } from '../sinks/questdb/table-sink.ts';
import { liveTopic } from './live-client.ts';
import type { LiveAlert, LiveGpu, LiveGpuSummary } from './live-rows.ts';
import { type RunningLive, startLive } from './start-live.ts';

const NOW = Math.floor(systemClock.now() / 1_000) * 1_000 - 60_000;

const healthOf = (changes: Partial<HealthScore>): HealthScore => ({
  ts: NOW,
  gpu_uuid: 'GPU-a',
  node: 'n1',
  instance: '',
  overall_score: 71.5,
  memory_health: 70,
  thermal_health: 80,
  performance_health: null,
  power_health: 90,
  reliability_health: 60,
  health_grade: 'fair',
  degradation_factors: [],
  confidence: 0.8,
  memory_confidence: 1,
  thermal_confidence: 1,
  performance_confidence: 0,
  power_confidence: 1,
  reliability_confidence: 1,
  contributions: [],
  explanation: 'Fair.',
  action: 'none',
  profile: 'default',
  ...changes,
});
const PREDICTION: Prediction = {
  ts: NOW,
  gpu_uuid: 'GPU-a',
  node: 'n1',
  instance: '',
  failure_prob_7d: 0.01,
  failure_prob_30d: 0.05,
  failure_prob_90d: 0.2,
  predicted_failure_type: 'memory',
  estimated_ttf_days: 120,
  ttf_low_days: 30,
  ttf_high_days: null,
  confidence: 0.7,
  model_name: 'heuristic',
  model_version: '1',
  contributions: [],
  explanation: 'Rows are remapped.',
};
const DECISION: Decision = {
  ts: NOW,
  gpu_uuid: 'GPU-a',
  node: 'n1',
  instance: '',
  decision: 'repurpose',
  npv_keep: 1,
  npv_sell: 2,
  npv_repurpose: 3,
  salvage_value: 0,
  expected_value: 3,
  confidence: 0.6,
  rationale: 'It is worth more elsewhere.',
  sensitivity: [],
  advice: 'repurpose',
  value_at_risk_usd_per_hour: 0.5,
  health: 71.5,
  p30: 0.05,
  utilisation: 0.4,
  profile: 'default',
};
const alertOf = (id: string, changes: object = {}) => ({
  ...Object.fromEntries(ALERTS.columns.map(({ name, type }) => [name, type === 'TIMESTAMP' ? null : ''])),
  ts: NOW,
  gpu_uuid: 'GPU-a',
  node: 'n1',
  id,
  rule: 'hot',
  severity: 'critical',
  state: 'open',
  summary: 'GPU temperature is 95 C',
  opened_at: NOW,
  acknowledged_by: 'ada',
  acknowledged_at: NOW + 1_000,
  ...changes,
});

let services: TestServices;
let database: ReturnType<typeof connectDatabase>;
let live: RunningLive | undefined;

beforeAll(async () => {
  services = await startTestServices({ services: ['questdb'] });
  database = connectDatabase({
    url: services.questdb_pg_url,
    pool_size: 2,
    statement_timeout: seconds(20),
    connect_timeout: seconds(5),
  });
  await prepareDatabase(database);
  const delivery = {
    url: services.questdb_http_url,
    age_max: milliseconds(50),
    answer_timeout: seconds(30),
    backoff_min: milliseconds(20),
    backoff_max: milliseconds(200),
    close_timeout: seconds(10),
    onRefused: (rows: readonly unknown[]) => {
      throw new Error(`refused: ${JSON.stringify(rows[0])}`);
    },
    onEvent: () => {},
  };
  const small = { ...delivery, rows_max: 100, waiting_max: 1_000 };
  const samples = gpuMetricsSink({ ...delivery, rows_max: 5_000, bytes_max: 8 << 20, chunks_max: 4 });
  samples.write(batchOf([{ uuid: 'GPU-a', node: 'n1', ts: NOW, values: { power_watts: 300 } }]));
  const health = tableSink<HealthScore>(GPU_HEALTH_SCORES, small);
  health.write(healthOf({ ts: NOW - 900_000, overall_score: 99 }));
  health.write(healthOf({}));
  health.write(healthOf({ profile: 'reference', overall_score: 12, ts: NOW + 1 }));
  const predictions = tableSink<Prediction>(GPU_FAILURE_PREDICTIONS, small);
  predictions.write(PREDICTION);
  const decisions = tableSink<Decision>(GPU_ECONOMIC_DECISIONS, small);
  decisions.write(DECISION);
  const alerts = tableSink<object>(ALERTS, small);
  alerts.write(alertOf('open'));
  alerts.write(alertOf('closed', { state: 'closed', closed_at: NOW + 2_000 }));
  for (const sink of [samples, health, predictions, decisions, alerts]) {
    await sink.flush();
    await sink.close();
  }
  await vi.waitFor(
    async () => {
      for (const [table, rows] of [
        ['gpu_metrics', 1],
        ['gpu_health_scores', 3],
        ['alerts', 2],
      ] as const) {
        expect(await database.query(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: rows }]);
      }
    },
    { timeout: 30_000, interval: 100 },
  );
}, 180_000);
afterAll(async () => {
  await live?.close();
  await database?.close();
  await services?.stop();
});

it('tells from its first moment the verdicts and open alerts of before it started', async () => {
  live = await startLive({ bus: memoryBus(), database, clock: systemClock, host: '127.0.0.1', port: 0 });
  await live.seeding;
  const told: { gpu?: LiveGpu | null; summary?: LiveGpuSummary | undefined; alerts?: LiveAlert[] } = {};
  const subscriptions = [
    liveTopic(live.url, 'gpu/GPU-a', { WebSocket }).subscribe(({ state }) => {
      told.gpu = state;
    }),
    liveTopic(live.url, 'fleet', { WebSocket }).subscribe(({ state }) => {
      told.summary = state.get('GPU-a');
    }),
    liveTopic(live.url, 'alerts', { WebSocket }).subscribe(({ state }) => {
      told.alerts = [...state.values()];
    }),
  ];
  try {
    await vi.waitFor(() => {
      expect(told.summary).toMatchObject({
        overall_score: 71.5,
        health_grade: 'fair',
        failure_prob_7d: 0.01,
        failure_prob_30d: 0.05,
        decision: 'repurpose',
      });
      expect(told.gpu).toMatchObject({
        sample: { power_watts: 300 },
        health: [{ overall_score: 71.5, performance_health: null, explanation: 'Fair.' }],
        predictions: [{ failure_prob_90d: 0.2, ttf_high_days: null }],
        decision: { decision: 'repurpose', advice: 'repurpose' },
      });
      expect(told.alerts).toMatchObject([
        { id: 'open', acknowledged_by: 'ada', opened_at: new Date(NOW).toISOString(), closed_at: null },
      ]);
    });
  } finally {
    for (const subscription of subscriptions) subscription.unsubscribe();
  }
});
