import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectBus } from '../pipeline/bus/connect-bus.ts';
import { ensureStreams } from '../pipeline/bus/ensure-streams.ts';
import { systemClock } from '../pipeline/clock.ts';
import { seconds } from '../pipeline/contract/time.ts';
import { connectDatabase } from '../sinks/questdb/connect-database.ts';
import { benchBus } from './bus.ts';
import { GPUS_PER_NODE } from './chain-fleet.ts';
import { forkChild } from './live/child-calls.ts';
import type { Published } from './overload/overload-publisher.ts';
import { benchQuestdb } from './questdb.ts';
import { followEngine } from './soak/engine-news.ts';
import { startSoakSystem } from './soak/soak-system.ts';
import { startBenchServices } from './start-bench-services.ts';

export interface DurabilityBenchOptions {
  readonly gpus: number;
  readonly seed: number;
  /** Messages of a scrape's size through NATS alone; fewer where each waits for the disk. */
  readonly messages: { readonly fast: number; readonly safe: number };
  /** Rows into QuestDB alone. */
  readonly rows: number;
  /** The whole system, as fast as it keeps up. */
  readonly warmup_seconds: number;
  readonly seconds: number;
  /** For tests: services that start sooner and run slower. */
  readonly quick: boolean;
  /** Folder of the compiled project. */
  readonly dist: URL;
}

export interface DurabilityFigures {
  readonly publish_per_s: number;
  /** One message at a time, from publish to the reader. */
  readonly latency_p50_ms: number;
  readonly questdb_rows_per_s: number;
  /** Publisher to worked off by the engine, everything on. */
  readonly system_rows_per_s: number;
}

export const DURABILITY_DEFAULTS = {
  gpus: 10_000,
  seed: 42,
  messages: { fast: 100_000, safe: 20_000 },
  rows: 1_000_000,
  warmup_seconds: 15,
  seconds: 40,
  quick: false,
} as const satisfies Omit<DurabilityBenchOptions, 'dist'>;

const MESSAGE_BYTES = 2_000;
const WINDOW_MESSAGES = 24_000;

/** What it costs that every message and commit is on the disk before it counts. */
export async function benchDurability(
  durability: 'fast' | 'safe',
  options: DurabilityBenchOptions,
): Promise<DurabilityFigures> {
  const alone = await servicesAlone(durability, options);
  return { ...alone, system_rows_per_s: await wholeSystem(durability, options) };
}

async function servicesAlone(
  durability: 'fast' | 'safe',
  options: DurabilityBenchOptions,
): Promise<Omit<DurabilityFigures, 'system_rows_per_s'>> {
  const services = await startBenchServices({ quick: options.quick, durability });
  const ends: (() => Promise<void>)[] = [() => services.stop()];
  try {
    const bus = await connectBus({ servers: services.nats_url, name: 'bench', clock: systemClock });
    ends.push(() => bus.close());
    await ensureStreams(bus);
    const published = await benchBus({
      bus,
      messages: options.messages[durability],
      bytes: MESSAGE_BYTES,
      nodes: 1_000,
      atomic: durability === 'safe',
    });
    const database = connectDatabase({
      url: services.questdb_pg_url,
      pool_size: 2,
      statement_timeout: seconds(600),
      connect_timeout: seconds(5),
    });
    ends.push(() => database.close());
    const stored = await benchQuestdb({
      rows: options.rows,
      gpus: options.gpus,
      metrics: 25,
      interval_ms: 10_000,
      url: services.questdb_http_url,
      database,
      flush_rows: 50_000,
      rollups: 'none',
    });
    return {
      publish_per_s: published.publish_per_s,
      latency_p50_ms: published.latency_p50_ms,
      questdb_rows_per_s: stored.rows_per_s_readable,
    };
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

async function wholeSystem(durability: 'fast' | 'safe', options: DurabilityBenchOptions): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), 'gpu-vitals-durability-'));
  const ends: (() => Promise<unknown> | unknown)[] = [() => rm(home, { recursive: true, force: true, maxRetries: 5 })];
  try {
    const ended: string[] = [];
    const system = await startSoakSystem({
      data: join(home, 'data'),
      probes: join(home, 'probes'),
      dist: options.dist,
      stream_max_mib: 8_192,
      questdb_heap_max_mib: options.quick ? 160 : 1_024,
      durability,
      quick: options.quick,
      onEnd: (how) => ended.push(how),
    });
    ends.push(() => system.stop());
    await system.start('engine');
    const bus = await connectBus({ servers: system.nats_url, name: 'durability', clock: systemClock });
    ends.push(() => bus.close());
    const publisher = forkChild(new URL('bench/overload/overload-publisher.js', options.dist));
    ends.push(() => publisher.close());
    const { gpus, seed } = options;
    await publisher.call('start', { nats_url: system.nats_url, gpus, seed, atomic: durability === 'safe' });
    const news = followEngine(bus, systemClock, ({ position }) => void publisher.call('worked_off', position));
    const run = async (length_s: number): Promise<number> => {
      const [from, began] = [news.last?.position ?? 0, systemClock.monotonic()];
      await publisher.call<Published>('publish', { seconds: length_s, rows_per_s: null, window: WINDOW_MESSAGES });
      const took_s = (systemClock.monotonic() - began) / 1_000;
      return (((news.last?.position ?? 0) - from) * GPUS_PER_NODE) / took_s;
    };
    await run(options.warmup_seconds);
    const rows_per_s = await run(options.seconds);
    news.stop();
    if (ended.length > 0) throw new Error(ended.join('; '));
    return rows_per_s;
  } finally {
    for (const end of ends.reverse()) await end();
  }
}
