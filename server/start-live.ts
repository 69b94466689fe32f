import type { Clock } from '../pipeline/clock.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import type { Database } from '../pipeline/contract/database.ts';
import type { Spans } from '../pipeline/contract/tracing.ts';
import type { TlsFiles } from '../sinks/live/socket-server.ts';
import { startSocketServer } from '../sinks/live/start-socket-server.ts';
import { allowOrigin } from './allow-origin.ts';
import { fleetFeed } from './fleet-feed.ts';
import { FleetView } from './fleet-view.ts';
import { liveAlerts } from './live-alerts.ts';
import { LiveHub } from './live-hub.ts';
import type { LiveLimits } from './live-limits.ts';
import { LiveTold } from './live-told.ts';
import { LiveTopics } from './live-topics.ts';
import { RecentDeltas } from './recent-deltas.ts';
import type { Gate } from './security/gate.ts';
import { type FollowedAssets, LiveTenants } from './security/live-tenants.ts';

export interface LiveServerOptions {
  readonly bus: Bus;
  readonly database: Database | null;
  readonly clock: Clock;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly stale_after_ms?: number;
  /** Pages of other hosts that may connect, as `https://host:port`. */
  readonly origins?: readonly string[];
  readonly sockets_max?: number;
  readonly idle_timeout_s?: number;
  /** Deltas, and topics that nobody listens to, are kept for so long; a minute when absent. */
  readonly keep_topics_ms?: number;
  readonly deltas_max?: number;
  readonly limits?: Partial<LiveLimits>;
  readonly library?: 'auto' | 'uws' | 'ws';
  /** Everybody may listen when absent. */
  readonly gate?: Gate;
  /** A proxy in front hands on what others ask, and tells for whom; false when absent. */
  readonly behind_proxy?: boolean;
  /** Begins to follow the inventory, for keys with a tenant; those hear nothing when absent. */
  readonly followAssets?: () => FollowedAssets;
  /** Plain sockets when absent. */
  readonly tls?: TlsFiles | null;
  /** The end of traces; none when null or absent. */
  readonly spans?: Spans | null;
  /** Told of what strangers, clients and engines are refused; nobody when absent. */
  readonly onRefused?: (reason: string, detail: string) => void;
}

export interface RunningLive {
  /** `ws://host:port/live`. */
  readonly url: string;
  readonly library: 'uws' | 'ws';
  readonly view: FleetView;
  readonly seeding: Promise<void>;
  close(): Promise<void>;
}

const ALERTS_MAX = 10_000;
/** How long somebody may be away and still be told what was missed; who comes later gets the state, which is shorter by then. */
const KEEP_MS = 60_000;
/** Of all topics together. A minute of a fleet of 100,000 GPUs that send every ten seconds is four times that: there it is a quarter. */
const DELTAS_BYTES_MAX = 134_217_728;
/** How soon a GPU that changes hands is no longer told to who had it. */
const TENANTS_EVERY_MS = 500;
/** Of what strangers send, in the log. */
const SHOWN_CHARS_MAX = 120;
const shown = (text: string): string => JSON.stringify(text.slice(0, SHOWN_CHARS_MAX));
const LIVE_PROTOCOL = 'gpu-vitals.v1';

/** Runs the live server in this thread. Throws VitalsError GV-SVC-006 when the address cannot be had. */
export async function startLive(options: LiveServerOptions): Promise<RunningLive> {
  const { bus, clock, onRefused = () => undefined } = options;
  const told = new LiveTold({ clock, spans: options.spans ?? null });
  const view: FleetView = new FleetView({
    clock,
    ...(options.stale_after_ms === undefined ? {} : { stale_after_ms: options.stale_after_ms }),
    onChange(entry, left) {
      tenants.touchGpu(entry, left);
      hub.changed();
    },
    onAnomaly: (anomaly) => tenants.touchAnomaly(anomaly),
    // No message says that a GPU is not there any more: whoever follows gets the state.
    onForget() {
      for (const each of tenants.all()) hub.resync(each);
    },
  });
  const keep_ms = options.keep_topics_ms ?? KEEP_MS;
  const common = {
    clock,
    deltas_max: options.deltas_max ?? 1_024,
    bytes_max: 4_194_304,
    recent: new RecentDeltas({ clock, keep_ms, bytes_max: DELTAS_BYTES_MAX }),
    keep_ms,
    topics_max: 50_000,
    alerts_max: ALERTS_MAX,
  };
  const topics = new LiveTopics({ ...common, view });
  const tenants: LiveTenants = new LiveTenants({
    clock,
    view,
    whole: topics,
    followAssets: options.followAssets ?? null,
    make: (tenant, own) => new LiveTopics({ ...common, tenant, view: own, dirty: topics.dirty }),
  });
  const hub = new LiveHub({
    clock,
    topics,
    tenants,
    told,
    onRefused,
    behind_proxy: options.behind_proxy ?? false,
    ...(options.gate === undefined ? {} : { gate: options.gate }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const server = await startSocketServer(
    {
      host: options.host,
      port: options.port,
      path: '/live',
      protocol: LIVE_PROTOCOL,
      payload_bytes_max: 16_384,
      idle_timeout_s: options.idle_timeout_s ?? 60,
      sockets_max: options.sockets_max ?? 10_000,
      tls: options.tls ?? null,
      allow: allowOrigin({ host: options.host, origins: options.origins ?? [] }),
      hasRoom: (handshake) => hub.hasRoom(handshake),
      onRefused: (status, { origin, host }) =>
        onRefused(
          `handshake ${status}`,
          `a handshake with ${status}, origin ${shown(origin ?? 'none')}, host ${shown(host)}`,
        ),
      ...(options.library === undefined ? {} : { library: options.library }),
    },
    hub,
  );
  hub.attach(server);

  const feed = fleetFeed({
    ...{ bus, database: options.database, view, clock, onRefused },
    onTraces: (header) => told.heard(header),
  });
  const alerts = liveAlerts({
    bus,
    database: options.database,
    alerts_max: ALERTS_MAX,
    onAlert(alert, json) {
      tenants.touchAlert(alert, json);
      hub.changed();
    },
  });
  const ticking = setInterval(() => hub.tick(), 100);
  const telling = setInterval(() => {
    const { frames, rows, frames_refused } = feed.counters;
    const figures = {
      live_sockets: hub.sockets,
      live_topics: topics.size,
      live_deltas_total: hub.counters.deltas,
      live_snapshots_total: hub.counters.snapshots,
      live_gaps_total: hub.counters.gaps,
      live_errors_total: hub.counters.errors,
      live_messages_total: hub.counters.messages,
      live_frames_total: frames,
      live_frames_refused_total: frames_refused,
      live_rows_total: rows,
      live_gpus: view.size,
      live_alerts_refused_total: alerts.counters.refused,
      live_verdicts_refused_total: feed.counters.verdicts_refused,
      sample_latency_seconds: told.latency.told(),
    };
    bus.publish({ subject: 'vitals.metrics.live', data: new TextEncoder().encode(JSON.stringify(figures)) });
  }, 1_000);
  const lookingAtTenants = setInterval(() => {
    tenants.changed().then(
      (changed) => {
        for (const one of changed) hub.resync(one);
      },
      // What tenants saw stands while the inventory cannot be read.
      () => undefined,
    );
  }, TENANTS_EVERY_MS);
  lookingAtTenants.unref();
  ticking.unref();
  telling.unref();

  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `${options.tls ? 'wss' : 'ws'}://${host}:${server.port}/live`,
    library: server.kind,
    view,
    seeding: Promise.all([feed.seeding, alerts.seeding]).then(() => {}),
    async close() {
      clearInterval(lookingAtTenants);
      clearInterval(ticking);
      clearInterval(telling);
      alerts.stop();
      feed.stop();
      hub.close();
      await server.close();
      await tenants.stop();
    },
  };
}
