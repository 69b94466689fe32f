import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { PriceBook } from '../operators/decisions/price-book-schema.ts';
import { DEFAULT_INHIBITIONS, type InhibitionRule } from '../pipeline/alert-desk/inhibitions.ts';
import { auditLog } from '../pipeline/audit/audit-log.ts';
import type { Clock } from '../pipeline/clock.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { VitalsError } from '../pipeline/contract/errors.ts';
import type { TlsFiles } from '../sinks/live/socket-server.ts';
import { allAssets } from '../sinks/questdb/read-assets.ts';
import { alertView } from './alert-view.ts';
import type { ApiParts, Predictor, Scorer } from './api-parts.ts';
import { assetDesk, assetLogOf } from './asset-desk.ts';
import { createApp } from './create-app.ts';
import { deadLetterDesk } from './dead-letter-desk.ts';
import { eventNow } from './event-now.ts';
import { fleetFeed } from './fleet-feed.ts';
import { FleetView } from './fleet-view.ts';
import { listenToMetrics, type MetricFamily, metricsRegistry } from './metrics-registry.ts';
import type { ModelDesk } from './model-desk.ts';
import { apiMetrics, engineMetrics } from './own-metrics.ts';
import { ITSELF } from './security/caller.ts';
import { type Gate, OPEN_GATE, requireKeys } from './security/gate.ts';
import { simulationDesk } from './simulation-desk.ts';
import { topologyReports } from './topology-reports.ts';
import { answerBefore, answerUnreadable } from './unreadable-request.ts';
import { verdictRows } from './verdict-rows.ts';

export interface ApiServerOptions {
  readonly bus: Bus;
  readonly database: Database;
  readonly clock: Clock;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Where the live server is, once known; told to the console. */
  readonly live_url: () => string | null;
  /** Folder of the built console; null: none. */
  readonly console_dir: string | null;
  readonly interval_ms: number;
  readonly stale_after_ms?: number;
  readonly version: string;
  /** Told to the console; false when absent. */
  readonly simulated?: boolean;
  /** Where the simulated fleet is served, once it is; nowhere when absent. */
  readonly fleet_url?: () => string | null;
  /** Nobody can when absent. */
  readonly examine?: ApiParts['examine'];
  /** Nobody knows when absent. */
  readonly config?: ApiParts['config'];
  readonly scorer: Scorer;
  readonly predictor: Predictor;
  readonly models: ModelDesk;
  readonly prices: PriceBook;
  /** How decisions are made; `default` when absent. */
  readonly profile?: ApiParts['profile'];
  /** Everybody may call when absent. */
  readonly gate?: Gate;
  /** Nobody knows them when absent. */
  readonly keys?: ApiParts['keys'];
  /** A proxy in front hands on what others ask, and tells where it comes from; false when absent. */
  readonly behind_proxy?: boolean;
  /** Origins of pages that may send something, besides that of the address that is called; none when absent. */
  readonly pages?: readonly string[];
  /** How fast one key may call; any number when absent. */
  readonly calls_per_s?: number;
  /** Plain HTTP when absent. */
  readonly tls?: TlsFiles | null;
  /** Which alerts explain which; the defaults when absent. */
  readonly inhibitions?: readonly InhibitionRule[];
  /** Nobody knows them when absent. */
  readonly channels?: ApiParts['channels'];
  readonly onFailure: (error: unknown, where: string) => void;
}

export interface RunningApi {
  /** `http://host:port`. */
  readonly url: string;
  readonly view: FleetView;
  readonly seeding: Promise<void>;
  /** What /metrics shows. */
  readonly families: () => readonly MetricFamily[];
  /** Answers a call of this installation itself, without a key or the network: what a viewer sees. */
  ask(path: string): Promise<Response>;
  close(): Promise<void>;
}

/**
 * Runs REST and console files in this thread. Throws VitalsError GV-SVC-006 when the address cannot be had, GV-SVC-007 when others
 * than this machine could call without a key.
 */
export async function startApi(options: ApiServerOptions): Promise<RunningApi> {
  const { bus, database, clock, gate = OPEN_GATE, behind_proxy = false } = options;
  requireKeys(gate, { host: options.host, behind_proxy });
  const view = new FleetView({
    clock,
    ...(options.stale_after_ms === undefined ? {} : { stale_after_ms: options.stale_after_ms }),
  });
  const metrics = metricsRegistry();
  const topology = topologyReports(bus, clock);
  const listening = listenToMetrics(bus, metrics);
  const verdicts = verdictRows({ database, clock, now: () => eventNow({ clock, view }), fleet: () => view.uuids() });
  const feed = fleetFeed({ bus, database, view, clock, rows: verdicts });
  const { counters } = feed;
  const fleet = (): readonly string[] => view.uuids();
  const assets = assetDesk({
    log: assetLogOf(bus),
    database,
    clock,
    now: () => eventNow({ clock, view }),
    fleet,
    tell: (error) => options.onFailure(error, 'inventory'),
  });
  const alerts = alertView({
    bus,
    clock,
    inhibitions: options.inhibitions ?? DEFAULT_INHIBITIONS,
    seen: () => allAssets(database),
    onFailure: options.onFailure,
  });
  const startedAt = clock.now();
  const figures: Readonly<Record<Parameters<Parameters<typeof apiMetrics>[0]>[0], () => number>> = {
    api_gpus: () => view.size,
    api_frames_total: () => counters.frames,
    api_frames_refused_total: () => counters.frames_refused,
    api_rows_total: () => counters.rows,
    api_anomalies_total: () => counters.anomalies,
    api_anomalies_refused_total: () => counters.anomalies_refused,
    fleet_event_time_seconds: () => view.newest_ts / 1_000,
    api_uptime_seconds: () => (clock.now() - startedAt) / 1_000,
    api_resident_bytes: () => process.memoryUsage.rss(),
  };
  metrics.add(...apiMetrics((name) => figures[name]()), ...engineMetrics(topology));
  const app = createApp({
    clock,
    view,
    verdicts,
    feed,
    database,
    bus,
    gate,
    audit: auditLog(bus),
    keys: options.keys ?? null,
    behind_proxy,
    pages: options.pages ?? [],
    calls_per_s: options.calls_per_s ?? 0,
    topology,
    metrics,
    live_url: options.live_url,
    interval_ms: options.interval_ms,
    console_dir: options.console_dir,
    version: options.version,
    simulated: options.simulated ?? false,
    scorer: options.scorer,
    predictor: options.predictor,
    models: options.models,
    alerts,
    assets,
    dead_letters: deadLetterDesk(bus, clock),
    simulation: simulationDesk({
      simulated: options.simulated ?? false,
      url: options.fleet_url ?? (() => null),
    }),
    examine: options.examine ?? null,
    config: options.config ?? null,
    channels: options.channels ?? null,
    prices: options.prices,
    profile: options.profile ?? 'default',
    onFailure: options.onFailure,
  });
  const stop = async (): Promise<void> => {
    feed.stop();
    topology.stop();
    listening.stop();
    await Promise.all([assets.stop(), alerts.stop()]);
  };
  const { tls = null } = options;
  // A check as load balancers make them comes without the name of a host, which HTTP/1.0 has not.
  const listener = getRequestListener(app.fetch, {
    hostname: 'localhost',
    errorHandler: (error) => answerBefore(error, tls !== null),
  });
  const server =
    tls === null
      ? createServer(listener)
      : createTlsServer({ cert: readFileSync(tls.cert_file), key: readFileSync(tls.key_file) }, listener);
  server.requestTimeout = 30_000;
  server.on('clientError', answerUnreadable);
  try {
    await listen(server, options.host, options.port);
  } catch (error) {
    await stop();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `${tls === null ? 'http' : 'https'}://${host}:${port}`,
    view,
    seeding: feed.seeding,
    families: metrics.families,
    ask: async (path) => app.fetch(new Request(new URL(path, 'http://itself')), { caller: ITSELF }),
    async close() {
      await stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), 1_000);
      await closed;
      clearTimeout(cut);
    },
  };
}

/**
 * Connections that wait to be accepted: a burst of clients while this thread is busy. The system's own limit may be lower. Node's
 * 511 overflow at a thousand, and whoever is not let in tries again only after seconds.
 */
const BACKLOG = 4_096;

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new VitalsError('GV-SVC-006', 'The API address cannot be listened on', `${host}:${port}`, { cause })),
    );
    server.listen({ port, host, backlog: BACKLOG }, resolve);
  });
}
