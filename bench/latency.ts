import { WebSocket } from 'undici';
import { connectBus } from '../pipeline/bus/connect-bus.ts';
import { type Clock, systemClock } from '../pipeline/clock.ts';
import { encodeScrape } from '../pipeline/contract/encode-scrape.ts';
import { rawSubject } from '../pipeline/contract/ids.ts';
import { startThread } from '../pipeline/roles/thread.ts';
import type { LiveThreadData } from '../server/live-thread.ts';
import { chainBoard } from './chain-board.ts';
import { type ChainFleet, GPUS_PER_NODE, nodeName, nodesOf, usualScrape } from './chain-fleet.ts';
import { openThread } from './chain-thread.ts';
import { startBenchServices } from './start-bench-services.ts';

export interface LatencyBenchOptions {
  readonly gpus: number;
  readonly seed: number;
  readonly rows_per_s: number;
  readonly seconds: number;
  /** WebSocket clients on topic `fleet`. */
  readonly clients: number;
  readonly warmup_seconds: number;
  /** For tests: services that start sooner and run slower. */
  readonly quick_services: boolean;
  readonly clock?: Clock;
  /** Folder of the compiled thread files of bench/; beside this file when left out. */
  readonly threads?: URL;
}

export interface LatencyBenchResult {
  readonly gpus: number;
  readonly rows_per_s: number;
  readonly clients: number;
  /** From the publish of a scrape into DCGM_RAW to a client's message event with its event time. */
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  /** Share of the scrapes whose time a client saw; conflation may hide some. */
  readonly seen: number;
}

export const LATENCY_DEFAULTS = {
  gpus: 10_000,
  seed: 42,
  rows_per_s: 2_000,
  seconds: 30,
  clients: 4,
  warmup_seconds: 5,
  quick_services: false,
} as const satisfies LatencyBenchOptions;

const INSTANT = /"ts":"([^"]+)"/g;

/** The whole way on real parts: publisher, nats-server, engine with its database, live server on its thread, clients. */
export async function benchLatency(options: LatencyBenchOptions): Promise<LatencyBenchResult> {
  const { clock = systemClock, threads = new URL('./', import.meta.url) } = options;
  const services = await startBenchServices({ quick: options.quick_services });
  const { data, nats_url, questdb_http_url, questdb_pg_url } = services;
  const ends: (() => Promise<void>)[] = [() => services.stop()];
  try {
    const engine = openThread(new URL('end-to-end-engine.js', threads), {
      nats_url,
      questdb_http_url,
      questdb_pg_url,
      config: { data, 'stream-size-max': 512 },
      shared: chainBoard().shared,
    });
    ends.push(() => engine.close());
    await engine.call('ready');
    const live = await startThread<{ url: string }>({
      file: new URL('../server/live-thread.js', threads),
      name: 'live',
      data: {
        nats_url,
        questdb_pg_url,
        host: '127.0.0.1',
        port: 0,
        insight: { data, level: 'info', profiles: 'off' },
      } satisfies LiveThreadData,
      onExit: (error) => {
        throw error;
      },
    });
    ends.push(() => live.stop(3_000));
    const bus = await connectBus({ servers: nats_url, name: 'bench publisher', clock });
    ends.push(() => bus.close());

    const sentAt = new Map<string, number>();
    const latencies: number[] = [];
    for (let i = 0; i < options.clients; i++) {
      const socket = await subscribed(live.ready.url);
      ends.push(async () => socket.close());
      const seen = new Set<string>();
      socket.addEventListener('message', ({ data }) => {
        const now = clock.monotonic();
        for (const match of String(data).matchAll(INSTANT)) {
          const instant = match[1] as string;
          const at = sentAt.get(instant);
          if (at === undefined || seen.has(instant)) continue;
          seen.add(instant);
          latencies.push(now - at);
        }
      });
    }

    const fleet: ChainFleet = { ...options, interval_ms: 10_000, start_ms: clock.now() };
    const nodes = nodesOf(fleet);
    const publisher = bus.publisher();
    ends.push(() => publisher.close());
    const pace_ms = (GPUS_PER_NODE * 1_000) / options.rows_per_s;
    let round = 0;
    let lastTs = 0;
    const publishFor = (seconds: number, timed: boolean): Promise<number> =>
      new Promise((resolve, reject) => {
        const started = clock.monotonic();
        const total = Math.round((seconds * 1_000) / pace_ms);
        let sent = 0;
        const tick = (): void => {
          while (sent < total && clock.monotonic() - started >= sent * pace_ms) {
            // One event time per scrape, so that a client's message tells which scrapes it brings.
            lastTs = Math.max(lastTs + 1, clock.now());
            const scrape = usualScrape(fleet, round % nodes, fleet.start_ms);
            const body = encodeScrape({
              ...scrape,
              ts: lastTs,
              sequence: round,
              gpus: scrape.gpus.map((gpu) => ({ ...gpu, ts: lastTs })),
            });
            const subject = rawSubject(nodeName(round % nodes));
            const headers = {
              'Content-Type': 'application/vnd.gpu-vitals.scrape',
              'Nats-Msg-Id': `latency:${round}`,
              'Event-Time': String(lastTs),
            };
            if (timed) sentAt.set(new Date(lastTs).toISOString(), clock.monotonic());
            publisher.publish({ subject, data: body, headers }).catch(reject);
            round++;
            sent++;
          }
          if (sent < total) setTimeout(tick, 1);
          else resolve(total);
        };
        tick();
      });
    await publishFor(options.warmup_seconds, false);
    const total = await publishFor(options.seconds, true);
    const wanted = total * options.clients;
    for (let waits = 0; waits < 100 && latencies.length < wanted; waits++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (latencies.length === 0) throw new Error('no client saw any scrape');
    latencies.sort((a, b) => a - b);
    const at = (share: number): number =>
      Math.round((latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] as number) * 100) /
      100;
    return {
      gpus: options.gpus,
      rows_per_s: options.rows_per_s,
      clients: options.clients,
      p50_ms: at(0.5),
      p99_ms: at(0.99),
      max_ms: at(1),
      seen: Math.round((latencies.length / wanted) * 1_000) / 1_000,
    };
  } finally {
    for (const end of ends.reverse()) await end().catch(() => undefined);
  }
}

/** A client that has its snapshot of topic `fleet`. */
async function subscribed(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, 'gpu-vitals.v1');
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('error', () => reject(new Error(`no connection to ${url}`)), { once: true });
  });
  const snapshot = new Promise<void>((resolve) => {
    socket.addEventListener('message', () => resolve(), { once: true });
  });
  socket.send(JSON.stringify({ op: 'subscribe', topic: 'fleet' }));
  await snapshot;
  return socket;
}
