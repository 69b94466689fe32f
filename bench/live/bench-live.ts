import { connectBus } from '../../pipeline/bus/connect-bus.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { Bus } from '../../pipeline/contract/bus.ts';
import { framesSink } from '../../sinks/live/frames-sink.ts';
import { frameScrapes, GPUS_A_NODE } from '../frame-scrapes.ts';
import { startBenchServices } from '../start-bench-services.ts';
import { type Child, forkChild } from './child-calls.ts';
import { benchAlert, benchAnomaly } from './conditions.ts';
import type { CrowdGroup, CrowdOrder, CrowdReport, GatherReport } from './crowd-sockets.ts';
import { sharedInstant } from './shared-instant.ts';

/** Real nats-server, live server and subscribers in processes of their own, the engine's publishing in this one. */
export interface LiveBench {
  /** Everybody at once, each with its snapshot in the end. */
  gather(groups: readonly CrowdGroup[]): Promise<GatherReport>;
  /** All leave, and come back at once while changes go on. */
  storm(options: { readonly since: boolean; readonly changes_per_s: number }): Promise<GatherReport>;
  /** Publishes changes of GPUs at a steady pace, with some anomalies and alerts. */
  measure(options: { readonly seconds: number; readonly changes_per_s: number }): Promise<LiveMeasure>;
  stall(group: string): Promise<void>;
  unstall(group: string): Promise<void>;
  disperse(): Promise<void>;
  stop(): Promise<void>;
}

export interface LiveMeasure extends CrowdReport {
  readonly server_cpu_share: number;
  readonly server_waited_share: number;
  readonly server_rss_bytes: number;
}

interface ServerFigures {
  readonly cpu_share: number;
  readonly waited_share: number;
  readonly rss_bytes: number;
}

const METRICS_A_ROW = 25;
const CONDITIONS_PER_S = 5;

export async function startLiveBench(options: {
  readonly gpus: number;
  readonly quick: boolean;
  /** Folder of the compiled files of bench/. */
  readonly threads: URL;
}): Promise<LiveBench> {
  const services = await startBenchServices({ quick: options.quick, services: ['nats'] });
  const ends: (() => Promise<void>)[] = [() => services.stop()];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const bus = await connectBus({ servers: services.nats_url, name: 'bench engine', clock: systemClock });
    ends.push(() => bus.close());
    const server = forkChild(new URL('live/live-process.js', options.threads));
    ends.push(() => server.close());
    const { url } = await server.call<{ url: string }>('start', { nats_url: services.nats_url });
    const feed = liveFeed(bus, options.gpus);
    await feed.all();
    let crowd: Child | null = null;
    const disperse = async (): Promise<void> => {
      await crowd?.close();
      crowd = null;
    };
    ends.push(disperse);
    const there = (): Child => {
      if (crowd === null) throw new Error('nobody is there yet');
      return crowd;
    };
    return {
      async gather(groups) {
        await disperse();
        crowd = forkChild(new URL('live/crowd.js', options.threads));
        return crowd.call<GatherReport>('gather', { url, groups } satisfies CrowdOrder);
      },
      async storm({ since, changes_per_s }) {
        await there().call('leave');
        const feeding = feed.start(changes_per_s);
        try {
          return await there().call<GatherReport>('again', { since });
        } finally {
          feeding.stop();
        }
      },
      async measure({ seconds, changes_per_s }) {
        const feeding = feed.start(changes_per_s);
        try {
          await pause(1_000);
          await there().call('start');
          await server.call('figures');
          await pause(seconds * 1_000);
          const report = await there().call<CrowdReport>('report');
          const { cpu_share, waited_share, rss_bytes } = await server.call<ServerFigures>('figures');
          return {
            ...report,
            server_cpu_share: cpu_share,
            server_waited_share: waited_share,
            server_rss_bytes: rss_bytes,
          };
        } finally {
          feeding.stop();
        }
      },
      stall: (group) => there().call('stall', group),
      unstall: (group) => there().call('unstall', group),
      disperse,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What an engine publishes: scrapes of 8 GPUs whose power says when, and now and then a condition that does. */
function liveFeed(bus: Bus, gpus: number) {
  const nodes = Math.ceil(gpus / GPUS_A_NODE);
  const sink = framesSink(bus, { worker: 'bench' });
  const next = frameScrapes(nodes, METRICS_A_ROW);
  return {
    /** Every GPU once. */
    async all(): Promise<void> {
      for (let node = 0; node < nodes; node++) sink.write(next(1, systemClock.now()));
      await sink.flush();
    },
    start(changes_per_s: number): { stop(): void } {
      const pace_ms = (GPUS_A_NODE * 1_000) / changes_per_s;
      const started = systemClock.monotonic();
      let sent = 0;
      let told = 0;
      const tick = setInterval(() => {
        const passed = systemClock.monotonic() - started;
        for (; sent * pace_ms <= passed; sent++) sink.write(next(sharedInstant(), systemClock.now()));
        for (; (told * 1_000) / CONDITIONS_PER_S <= passed; told++) {
          bus.publish(benchAnomaly(told, sharedInstant()));
          bus.publish(benchAlert(told, sharedInstant()));
        }
      }, 1);
      return { stop: () => clearInterval(tick) };
    },
  };
}
