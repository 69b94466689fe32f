import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createFleet, type Fleet } from '../../bench/fleet/fleet.ts';
import { freePort } from '../../deploy/services/free-port.ts';
import { startTestServices } from '../../deploy/services/services.fixture.ts';
import { loadPriceBook } from '../../operators/decisions/price-book.ts';
import { connectBus } from '../../pipeline/bus/connect-bus.ts';
import { ensureStreams } from '../../pipeline/bus/ensure-streams.ts';
import { jsonEventSink } from '../../pipeline/bus/json-event-sink.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { Bus } from '../../pipeline/contract/bus.ts';
import type { Database } from '../../pipeline/contract/database.ts';
import type {
  Anomaly,
  Asset,
  Episode,
  FeatureVector,
  Forecast,
  HealthScore,
  Incident,
} from '../../pipeline/contract/events.ts';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_PREDICTIONS } from '../../pipeline/contract/prediction-tables.ts';
import type { Decision, Prediction } from '../../pipeline/contract/predictions.ts';
import { Registry } from '../../pipeline/contract/registry.ts';
import type { TableSpec } from '../../pipeline/contract/table-spec.ts';
import { ANOMALIES, GPU_ASSETS } from '../../pipeline/contract/tables.ts';
import { milliseconds, seconds } from '../../pipeline/contract/time.ts';
import {
  GPU_FEATURES,
  GPU_FORECASTS,
  GPU_HEALTH_SCORES,
  INCIDENTS,
  XID_EPISODES,
} from '../../pipeline/contract/verdict-tables.ts';
import { teeSink } from '../../pipeline/tee-sink.ts';
import { framesSink } from '../../sinks/live/frames-sink.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { gpuMetricsSink } from '../../sinks/questdb/gpu-metrics-sink.ts';
import { prepareDatabase } from '../../sinks/questdb/prepare-database.ts';
import { tableSink } from '../../sinks/questdb/table-sink.ts';
import { vectorRowSpeller } from '../../sinks/questdb/vector-row.ts';
import type { ApiParts } from '../api-parts.ts';
import { NO_PREDICTOR } from '../judges.fixture.ts';
import type { ModelDesk } from '../model-desk.ts';
import { NO_MODEL_DESK } from '../models.fixture.ts';
import { type Gate, OPEN_GATE } from '../security/gate.ts';
import { startApi } from '../start-api.ts';
import { startLive } from '../start-live.ts';
import { batchOfScrape, type Given } from './scrape-batch.fixture.ts';

const ROOT = join(import.meta.dirname, '../..');
const BUILT = join(ROOT, 'dist/console');
const VERDICT_TABLES = [
  ...[GPU_HEALTH_SCORES, XID_EPISODES, INCIDENTS, GPU_FORECASTS, GPU_FEATURES],
  ...[GPU_FAILURE_PREDICTIONS, GPU_ECONOMIC_DECISIONS],
];

/** A read side on real services, fed by a simulated fleet at the pace of the test. */
export interface ConsoleWorld {
  readonly api_url: string;
  readonly live_url: string;
  readonly fleet: Fleet;
  readonly bus: Bus;
  readonly database: Database;
  /** Where rows are written. */
  readonly questdb_http_url: string;
  /** One scrape of every node at an instant, to whom it concerns. */
  feed(at: number, to: 'live' | 'database', given?: Given): void;
  /** On the bus and in the table. */
  anomaly(anomaly: Anomaly): Promise<void>;
  assets(assets: readonly Asset[]): Promise<void>;
  /** What the engine makes of samples, in its tables. */
  verdicts(rows: Verdicts): Promise<void>;
  /** What another part tells on the bus. */
  tell(subject: string, message: object): void;
  /** Resolves when the database has everything fed so far. */
  stored(): Promise<void>;
  /** Away until `startLive`, which brings it back on the same port with an empty memory. */
  stopLive(): Promise<void>;
  startLive(): Promise<void>;
  stop(): Promise<void>;
}

interface Verdicts {
  readonly scores?: readonly HealthScore[];
  readonly episodes?: readonly Episode[];
  readonly incidents?: readonly Incident[];
  readonly forecasts?: readonly Forecast[];
  readonly predictions?: readonly Prediction[];
  readonly decisions?: readonly Decision[];
  readonly vectors?: readonly FeatureVector[];
}

export async function startConsoleWorld(options: {
  readonly gpus: number;
  readonly start_ms: number;
  readonly interval_ms: number;
  readonly stale_after_ms: number;
  readonly models?: ModelDesk;
  readonly config?: ApiParts['config'];
  readonly channels?: ApiParts['channels'];
  /** Everybody may in when absent. */
  readonly gate?: Gate;
  readonly keys?: ApiParts['keys'];
}): Promise<ConsoleWorld> {
  const { start_ms, interval_ms, stale_after_ms } = options;
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const services = await startTestServices({});
    stops.push(() => services.stop());
    const clock = systemClock;
    const bus = await connectBus({ servers: services.nats_url, name: 'console test', clock });
    stops.push(() => bus.close());
    await ensureStreams(bus);
    const database = connectDatabase({
      url: services.questdb_pg_url,
      pool_size: 4,
      statement_timeout: seconds(20),
      connect_timeout: seconds(5),
    });
    stops.push(() => database.close());
    await prepareDatabase(database);
    const gate = options.gate ?? OPEN_GATE;
    const common = { bus, database, clock, host: '127.0.0.1', port: 0, stale_after_ms, gate };
    // Chosen here, because a port that the system gave cannot be listened on again while its last sockets linger.
    const port = await freePort(0, new Set());
    let live = await startLive({ ...common, port });
    stops.push(() => live.close());
    const { url: live_url } = live;
    const api = await startApi({
      ...common,
      live_url: () => live_url,
      console_dir: BUILT,
      interval_ms,
      simulated: true,
      // Scores on demand are made elsewhere.
      scorer: { stored: async () => null, samples: async () => ({ score: null, refused: [] }) },
      predictor: NO_PREDICTOR,
      models: options.models ?? NO_MODEL_DESK,
      prices: loadPriceBook(null),
      version: '0.0.0',
      config: options.config ?? null,
      channels: options.channels ?? null,
      keys: options.keys ?? null,
      onFailure: (error, where) => console.error(where, error),
    });
    stops.push(() => api.close());

    const delivery = {
      url: services.questdb_http_url,
      age_max: milliseconds(50),
      answer_timeout: seconds(20),
      close_timeout: seconds(10),
      backoff_min: milliseconds(50),
      backoff_max: seconds(1),
      onEvent: () => {},
      onRefused: (rows: readonly unknown[]) => {
        throw new Error(`the database refused ${JSON.stringify(rows[0])}`);
      },
    };
    const table = <Row extends object>(spec: TableSpec) =>
      tableSink<Row>(spec, { ...delivery, rows_max: 1_000, waiting_max: 10_000 });
    const metrics = gpuMetricsSink({ ...delivery, rows_max: 20_000, bytes_max: 8_388_608, chunks_max: 6 });
    const anomalies = table<Anomaly>(ANOMALIES);
    const assets = table<Asset>(GPU_ASSETS);
    /** As the engine does: what is written is told too. */
    const told = <Row extends { readonly node: string; readonly gpu_uuid: string }>(spec: TableSpec) =>
      teeSink(table<Row>(spec), jsonEventSink<Row>(bus, spec.name));
    const scores = told<HealthScore>(GPU_HEALTH_SCORES);
    const episodes = told<Episode>(XID_EPISODES);
    const incidents = told<Incident>(INCIDENTS);
    const forecasts = told<Forecast>(GPU_FORECASTS);
    const predictions = told<Prediction>(GPU_FAILURE_PREDICTIONS);
    const decisions = told<Decision>(GPU_ECONOMIC_DECISIONS);
    const spell = vectorRowSpeller(GPU_FEATURES.name);
    const vectors = tableSink<FeatureVector>(GPU_FEATURES, {
      ...delivery,
      rows_max: 1_000,
      waiting_max: 10_000,
      spell,
    });
    const verdicts = [scores, episodes, incidents, forecasts, predictions, decisions, vectors];
    for (const sink of [metrics, anomalies, assets, ...verdicts]) stops.push(() => sink.close());

    const fleet = createFleet({ gpus: options.gpus, seed: 42, start_ms, interval_ms, stories: 'none' });
    const registry = new Registry(0);
    const frames = framesSink(bus, { worker: 'test' });
    return {
      api_url: api.url,
      live_url,
      fleet,
      bus,
      database,
      questdb_http_url: services.questdb_http_url,
      feed(at, to, given = {}) {
        for (const node of fleet.node_names) {
          const scrape = fleet.scrape(node, at);
          if (scrape === null || given.silent?.has(node)) continue;
          const batch = batchOfScrape(scrape, registry, given);
          if (to === 'live') frames.write(batch);
          else metrics.write(batch);
        }
      },
      async anomaly(anomaly) {
        anomalies.write(anomaly);
        await anomalies.flush();
        const data = new TextEncoder().encode(JSON.stringify(anomaly));
        bus.publish({ subject: `vitals.anomalies.${anomaly.node}.${anomaly.gpu_uuid}`, data });
      },
      async assets(rows) {
        for (const row of rows) assets.write(row);
        await assets.flush();
      },
      async verdicts(rows) {
        for (const row of rows.scores ?? []) scores.write(row);
        for (const row of rows.episodes ?? []) episodes.write(row);
        for (const row of rows.incidents ?? []) incidents.write(row);
        for (const row of rows.forecasts ?? []) forecasts.write(row);
        for (const row of rows.predictions ?? []) predictions.write(row);
        for (const row of rows.decisions ?? []) decisions.write(row);
        for (const row of rows.vectors ?? []) vectors.write(row);
        for (const sink of verdicts) await sink.flush();
        // What the database has taken can be read a moment later, and the console asks for much of it only now and then.
        for (const { name } of VERDICT_TABLES) await database.query(`SELECT wait_wal_table('${name}')`);
      },
      tell(subject, message) {
        bus.publish({ subject, data: new TextEncoder().encode(JSON.stringify(message)) });
      },
      stored: () => metrics.flush(),
      stopLive: () => live.close(),
      async startLive() {
        live = await startLive({ ...common, port });
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Builds the console when there is none, or when a source is newer than it. */
export async function ensureConsoleBuilt(): Promise<void> {
  const built = await stat(join(BUILT, 'index.html')).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  const names = await readdir(import.meta.dirname, { recursive: true });
  const sources = names.filter((name) => /\.(tsx?|css|html|svg)$/.test(name) && !/\.(test|fixture)\./.test(name));
  const times = await Promise.all(sources.map(async (name) => (await stat(join(import.meta.dirname, name))).mtimeMs));
  if (Math.max(...times) <= built) return;
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  // What is tested is what is delivered, although the test runner names the environment otherwise.
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [vite, 'build', 'server/web'], { cwd: ROOT, env });
}
