import { loadPriceBook } from '../operators/decisions/price-book.ts';
import { alertOf } from '../pipeline/alert-desk/desk.fixture.ts';
import { settableClock } from '../pipeline/clock.ts';
import { ALERTS } from '../pipeline/contract/alert-tables.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { VitalsError } from '../pipeline/contract/errors.ts';
import type { Anomaly, Asset } from '../pipeline/contract/events.ts';
import { METRIC_COUNT, type MetricName, metricIndex } from '../pipeline/contract/metrics.ts';
import {
  GPU_ECONOMIC_DECISIONS,
  GPU_FAILURE_LABELS,
  GPU_FAILURE_PREDICTIONS,
} from '../pipeline/contract/prediction-tables.ts';
import {
  FEATURE_DEFINITIONS,
  FLEET_QUANTILES,
  GPU_FEATURES,
  GPU_FORECASTS,
  GPU_HEALTH_SCORES,
  INCIDENTS,
  XID_EPISODES,
} from '../pipeline/contract/verdict-tables.ts';
import { anomalyOf, jsonBytes } from '../sinks/live/fleet.fixture.ts';
import { memoryBus } from '../sinks/live/memory-bus.fixture.ts';
import { memoryAlerts } from './alerts.fixture.ts';
import type { ApiParts } from './api-parts.ts';
import { assetDesk } from './asset-desk.ts';
import { memoryAssetLog } from './asset-log.fixture.ts';
import { createApp } from './create-app.ts';
import { cannedFindings, cannedLetters, cannedSimulation } from './desks.fixture.ts';
import { eventNow } from './event-now.ts';
import { FleetView } from './fleet-view.ts';
import { cannedPredictor, cannedScorer } from './judges.fixture.ts';
import { listenToMetrics, metricsRegistry } from './metrics-registry.ts';
import { cannedModels } from './models.fixture.ts';
import { rowOf } from './row-of.fixture.ts';
import { memoryAudit } from './security/audit.fixture.ts';
import { OPEN_GATE } from './security/gate.ts';
import { topologyReports } from './topology-reports.ts';
import type { VerdictKind } from './verdict-now.ts';
import { verdictChange } from './verdict-row.ts';
import { verdictRows } from './verdict-rows.ts';

export const NOW = 1_767_225_600_000;

export const assetOf = (gpu_uuid: string, changes: Partial<Asset> = {}): Asset => ({
  ts: NOW - 86_400_000,
  gpu_uuid,
  node: 'n1',
  model: 'NVIDIA H100 80GB HBM3',
  serial: '165',
  pci_bus_id: '00000000:1B:00.0',
  cluster: 'c1',
  rack: 'r1',
  slot: '0',
  owner: 'ml',
  tenant: '',
  deployed_at: NOW - 86_400_000,
  warranty_until: null,
  purchase_price: 30_000,
  operating_hours: null,
  registered_at: NOW - 86_400_000,
  status: 'active',
  note: 'says "hi", twice',
  retired_at: null,
  ...changes,
});

type ApiWorldOptions = { live_url: string | null } & Pick<
  ApiParts,
  'behind_proxy' | 'calls_per_s' | 'keys' | 'channels' | 'console_dir' | 'scorer' | 'predictor'
> &
  Pick<ApiParts, 'database' | 'models' | 'examine' | 'config' | 'simulation' | 'gate' | 'profile'>;

/** The app over canned tables: statements are told apart by their table, pages are cut where LIMIT says. */
export function apiWorld(options: Partial<ApiWorldOptions> = {}) {
  const clock = settableClock(NOW);
  const bus = memoryBus();
  const view = new FleetView({ clock });
  const tables: {
    assets: Asset[];
    anomalies: Anomaly[];
    series: Record<string, unknown>[];
    /** Rows of the tables that are listed as they are, by name. */
    listed: Record<string, Record<string, unknown>[]>;
  } = { assets: [], anomalies: [], series: [], listed: {} };
  const asked: { sql: string; parameters: readonly unknown[] }[] = [];
  let away = false;
  const database: Database = {
    async query<Row extends Record<string, unknown>>(sql: string, parameters: readonly unknown[] = []) {
      asked.push({ sql, parameters });
      if (away) throw new VitalsError('GV-API-003', 'The database does not answer', 'QuestDB');
      const listed = Object.keys(tables.listed).find((name) => new RegExp(`FROM "?${name}\\b`).test(sql));
      const rows =
        listed !== undefined
          ? (tables.listed[listed] ?? [])
          : sql.includes('gpu_assets')
            ? tables.assets.filter((asset) => !sql.includes('gpu_uuid = $1') || asset.gpu_uuid === parameters[0])
            : sql.includes('anomalies')
              ? tables.anomalies
              : sql.includes('gpu_metrics')
                ? tables.series
                : [{ one: 1 }];
      if (sql.startsWith('SELECT max(ts) AS last FROM "gpu_health_scores"')) return [{ last: NOW }] as unknown as Row[];
      const answer: unknown[] = sql.includes('count()') ? [{ total: rows.length }] : rows.map((row) => ({ ...row }));
      const limit = sql.includes('LIMIT') ? Number(parameters.at(-1)) : answer.length;
      return answer.slice(0, limit) as Row[];
    },
    close: async () => {},
  };
  const failures: unknown[] = [];
  const metrics = metricsRegistry();
  const topology = topologyReports(bus, clock);
  listenToMetrics(bus, metrics);
  const feed = { seeded: true, last_frame_at: Number.NaN };
  const used = options.database ?? database;
  const now = (): number => eventNow({ clock, view });
  const log = memoryAssetLog(() => clock.now());
  const alerts = memoryAlerts(clock);
  const audit = memoryAudit();
  const app = createApp({
    clock,
    view,
    verdicts: verdictRows({ database: used, clock, now, fleet: () => view.uuids() }),
    feed,
    database: used,
    bus,
    gate: options.gate ?? OPEN_GATE,
    audit,
    keys: options.keys === undefined ? async () => [] : options.keys,
    behind_proxy: options.behind_proxy ?? false,
    pages: [],
    calls_per_s: options.calls_per_s ?? 0,
    topology,
    metrics,
    live_url: () => options.live_url ?? null,
    interval_ms: 10_000,
    console_dir: options.console_dir ?? null,
    version: '0.0.0',
    scorer: options.scorer ?? cannedScorer(),
    predictor: options.predictor ?? cannedPredictor(),
    models: options.models ?? cannedModels(clock),
    alerts,
    assets: assetDesk({ log, database: used, clock, now, tell: (error) => failures.push(error) }),
    dead_letters: cannedLetters(NOW),
    simulation: options.simulation ?? cannedSimulation(NOW),
    examine: options.examine ?? cannedFindings,
    channels: options.channels ?? null,
    config: options.config ?? [
      { option: 'interval', value: '10s', origin: 'default', section: 'Fleet', help: 'Time between two scrapes.' },
      { option: 'gpus', value: 256, origin: '--gpus', section: 'Simulation', help: 'Size.' },
    ],
    prices: loadPriceBook(null),
    profile: options.profile ?? 'default',
    onFailure: (error) => failures.push(error),
  });
  return {
    app,
    alerts,
    audit,
    clock,
    bus,
    view,
    feed,
    tables,
    asked,
    failures,
    log,
    setAway(value: boolean) {
      away = value;
    },
    sample(
      gpu_uuid: string,
      readings: Partial<Record<MetricName, number>>,
      more: { instance?: string; node?: string; ts?: number; model?: string } = {},
    ) {
      const values = new Float64Array(METRIC_COUNT).fill(Number.NaN);
      for (const [name, value] of Object.entries(readings)) values[metricIndex(name as MetricName)] = value;
      const { instance = '', node = 'n1', ts = NOW - 5_000, model = 'H100' } = more;
      view.applySample({ gpu_uuid, instance, node, model, slot: '0', attribution: [] }, ts, values);
    },
    /** A row of a table about a GPU, as the bus tells it. */
    verdict(kind: VerdictKind, row: Record<string, unknown>) {
      const change = verdictChange(kind, row);
      if (change === null) throw new Error(`no ${kind}: ${JSON.stringify(row)}`);
      view.applyVerdict(change);
    },
    get: (path: string, headers: Record<string, string> = {}) => app.request(path, { headers }),
    async json(
      path: string,
    ): Promise<{ status: number; body: Record<string, unknown> & { items: Record<string, unknown>[] } }> {
      const response = await app.request(path);
      return { status: response.status, body: (await response.json()) as never };
    },
  };
}

/** A small fleet with one of everything. */
export function populated(options: Parameters<typeof apiWorld>[0] = {}) {
  const world = apiWorld(options);
  for (let i = 0; i < 25; i++) {
    const id = `GPU-${String(i).padStart(2, '0')}`;
    world.sample(
      id,
      { gpu_temp_celsius: 40 + (i % 7), power_watts: 100 + i },
      { node: `n${i % 3}`, model: i % 2 ? 'A100' : 'H100' },
    );
  }
  world.sample('GPU-mig', { gr_engine_active_ratio: 0.5, power_watts: 300 }, { instance: '1' });
  world.sample('GPU-mig', { gr_engine_active_ratio: 0.25, power_watts: 300 }, { instance: '2' });
  world.view.applyAnomaly(anomalyOf({ gpu_uuid: 'GPU-03', id: 'A3', severity: 'critical', node: 'n0' }));
  world.tables.assets = [assetOf('GPU-00'), assetOf('GPU-shelf', { status: 'retired', retired_at: NOW })];
  world.tables.anomalies = [
    anomalyOf({ gpu_uuid: 'GPU-03', id: 'A3', severity: 'critical' }),
    anomalyOf({ gpu_uuid: 'GPU-04', id: 'A4', state: 'closed', closed_at: NOW, explanation: 'one, "two"\nthree' }),
  ];
  for (const spec of [
    GPU_HEALTH_SCORES,
    GPU_FEATURES,
    XID_EPISODES,
    INCIDENTS,
    GPU_FORECASTS,
    FLEET_QUANTILES,
    FEATURE_DEFINITIONS,
    GPU_FAILURE_PREDICTIONS,
    GPU_ECONOMIC_DECISIONS,
    GPU_FAILURE_LABELS,
    ALERTS,
  ]) {
    world.tables.listed[spec.name] = [rowOf(spec), rowOf(spec, { ts: NOW - 1_000 })];
  }
  world.verdict('health', rowOf(GPU_HEALTH_SCORES, { profile: 'default', action: 'none' }));
  world.verdict('prediction', rowOf(GPU_FAILURE_PREDICTIONS));
  world.verdict('decision', rowOf(GPU_ECONOMIC_DECISIONS, { advice: 'keep' }));
  world.alerts.take(alertOf({ id: 'A1', opened_at: NOW - 1_000 }));
  world.tables.series = [{ ts: NOW - 20_000, gpu_uuid: 'GPU-00', node: 'n0', instance: '', gpu_temp_celsius: 40.5 }];
  world.bus.publish({
    subject: 'vitals.topology.w1',
    data: jsonBytes({
      steps: [{ id: 'decode', rows_in: 5 }],
      edges: [['decode', 'validate']],
      lag: 0,
      mermaid: 'flowchart',
    }),
  });
  world.bus.publish({
    subject: 'vitals.metrics.engine.w1',
    data: jsonBytes({ rows_total: 5, 'bad name': 1, text: 'x' }),
  });
  return world;
}
