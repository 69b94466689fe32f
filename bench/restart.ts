import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectBus } from '../pipeline/bus/connect-bus.ts';
import { systemClock } from '../pipeline/clock.ts';
import { GPUS_PER_NODE } from './chain-fleet.ts';
import { forkChild } from './live/child-calls.ts';
import type { Published } from './overload/overload-publisher.ts';
import { followEngine } from './soak/engine-news.ts';
import { startSoakSystem } from './soak/soak-system.ts';

export interface RestartBenchOptions {
  readonly gpus: number;
  readonly seed: number;
  /** Distance of a node's scrapes in real time. */
  readonly interval_ms: number;
  /** Time for which the fleet is published faster than that, so that every GPU has a past. */
  readonly fill_seconds: number;
  readonly fill_rows_per_s: number;
  /** Time for which the engine stays dead while the fleet goes on. */
  readonly down_seconds: number;
  readonly engine_args: readonly string[];
  /** For tests: services that start sooner and run slower. */
  readonly quick: boolean;
  /** Folder of the compiled project. */
  readonly dist: URL;
}

export interface RestartBenchResult {
  /** From the start of the process until it reads the stream, its state restored. */
  readonly restart_s: number;
  readonly replayed_rows: number;
  readonly replay_s: number;
  /** Rows per second while it caught up, against those of the fleet in real time. */
  readonly replay_times: number;
}

export const RESTART_DEFAULTS = {
  gpus: 10_000,
  seed: 42,
  interval_ms: 10_000,
  fill_seconds: 60,
  fill_rows_per_s: 10_000,
  down_seconds: 60,
  engine_args: [],
  quick: false,
} as const satisfies Omit<RestartBenchOptions, 'dist'>;

const WAIT_MAX_MS = 300_000;
const LIVE_MESSAGES = 64;

/** kill -9 of an engine process while its fleet goes on, and its way back. */
export async function benchRestart(options: RestartBenchOptions): Promise<RestartBenchResult> {
  const { dist } = options;
  const clock = systemClock;
  const home = await mkdtemp(join(tmpdir(), 'gpu-vitals-restart-'));
  const ends: (() => Promise<unknown> | unknown)[] = [() => rm(home, { recursive: true, force: true, maxRetries: 5 })];
  const until = async (what: string, condition: () => boolean): Promise<void> => {
    const end = clock.monotonic() + WAIT_MAX_MS;
    while (!condition()) {
      if (clock.monotonic() > end) throw new Error(`not within ${WAIT_MAX_MS / 1_000} s: ${what}`);
      await sleep(5);
    }
  };
  try {
    const system = await startSoakSystem({
      data: join(home, 'data'),
      probes: join(home, 'probes'),
      dist,
      stream_max_mib: 4_096,
      questdb_heap_max_mib: options.quick ? 160 : 1_024,
      durability: 'fast',
      quick: options.quick,
      engine_args: options.engine_args,
      onEnd: () => undefined,
    });
    ends.push(() => system.stop());
    await system.start('engine');
    const bus = await connectBus({ servers: system.nats_url, name: 'restart', clock });
    ends.push(() => bus.close());
    const news = followEngine(bus, clock);
    const publisher = forkChild(new URL('bench/overload/overload-publisher.js', dist));
    ends.push(() => publisher.close());
    const { gpus, seed } = options;
    await publisher.call('start', { nats_url: system.nats_url, gpus, seed });
    const rows_per_s = (gpus * 1_000) / options.interval_ms;
    const publish = (seconds: number, rows: number): Promise<Published> =>
      publisher.call<Published>('publish', { seconds, rows_per_s: rows, window: 0 });

    let { messages } = await publish(options.fill_seconds, options.fill_rows_per_s);
    await until('the past is worked off', () => (news.last?.position ?? 0) >= messages);
    const snapshots = news.last?.snapshots ?? 0;
    while ((news.last?.snapshots ?? 0) < snapshots + 2) {
      messages += (await publish(1, rows_per_s)).messages;
      if (clock.monotonic() > WAIT_MAX_MS * 4) throw new Error('no snapshots are written');
    }
    await system.kill('engine');
    messages += (await publish(options.down_seconds, rows_per_s)).messages;

    // It goes on in real time while the engine comes back.
    let publishing = true;
    const going = (async () => {
      while (publishing) messages += (await publish(0.25, rows_per_s)).messages;
    })();
    const restart_s = (await system.start('engine')) / 1_000;
    const back = clock.monotonic();
    const from = system.read_from();
    let first_at = Number.NaN;
    await until('rows are live again', () => {
      const { last } = news;
      const fresh = last !== null && news.age_ms() < clock.monotonic() - back;
      if (fresh && Number.isNaN(first_at) && last.lag_messages <= LIVE_MESSAGES) first_at = news.heard_at;
      return !Number.isNaN(first_at);
    });
    publishing = false;
    const replay_s = (first_at - back) / 1_000;
    const replayed_rows = ((news.last?.position ?? 0) - from + 1) * GPUS_PER_NODE;
    await going;
    return { restart_s, replayed_rows, replay_s, replay_times: replayed_rows / replay_s / rows_per_s };
  } finally {
    for (const end of ends.reverse()) {
      await Promise.resolve()
        .then(end)
        .catch(() => undefined);
    }
  }
}
