import { type Clock, systemClock } from '../pipeline/clock.ts';
import type { Config } from '../pipeline/config-schema.ts';
import { seconds } from '../pipeline/contract/time.ts';
import { connectDatabase } from '../sinks/questdb/connect-database.ts';
import { startBareChain } from './bare-chain/start-bare-chain.ts';
import { chainBoard } from './chain-board.ts';
import { type ChainFleet, GPUS_PER_NODE } from './chain-fleet.ts';
import { type Chain, type ChainMemory, type ChainRun, median, runChain } from './chain-run.ts';
import { openThread } from './chain-thread.ts';
import { startBenchServices } from './start-bench-services.ts';

export interface EndToEndOptions {
  readonly gpus: number;
  readonly seed: number;
  /** Event time between two scrapes of a GPU. */
  readonly interval_ms: number;
  /** Length of one measurement, and how many of them each chain gets, in turns. */
  readonly seconds: number;
  readonly rounds: number;
  readonly warmup_seconds: number;
  /** After the rounds: the real system at this share of its own rows/s, for so long; 0 seconds leave it out. */
  readonly steady_share: number;
  readonly steady_seconds: number;
  readonly lag_max_messages: number;
  readonly rows_max: number;
  /** For tests: services that start sooner and run slower. */
  readonly quick_services: boolean;
  readonly clock?: Clock;
  /** Folder of the compiled thread files; beside this file when left out. */
  readonly threads?: URL;
  readonly say?: (line: string) => void;
}

export interface EndToEndResult {
  readonly gpus: number;
  readonly seed: number;
  readonly runs: readonly ChainRun[];
  /** Medians over the rounds. */
  readonly bare_rows_per_s: number;
  readonly real_rows_per_s: number;
  readonly ratio: number;
  readonly steady: (ChainRun & { readonly asked_rows_per_s: number }) | null;
  readonly bare_memory: ChainMemory;
  readonly real_memory: ChainMemory;
  readonly rss_bytes: number;
  /** Bringing the rollups up to the last row, after all rounds: CPU of QuestDB per row of the real chain. */
  readonly rollups_cpu_us: number | null;
}

export const END_TO_END_DEFAULTS = {
  gpus: 100_000,
  seed: 42,
  // So many GPUs bring about as many rows a second: event time passes as time does, and what is due by time has life's share.
  interval_ms: 1_000,
  seconds: 40,
  rounds: 2,
  warmup_seconds: 10,
  steady_share: 0.9,
  steady_seconds: 0,
  lag_max_messages: 16_384,
  rows_max: 50_000,
  quick_services: false,
} as const satisfies EndToEndOptions;

/** As by default: a full stream costs the server more, and the longer messages would fill it first. */
const STREAM_MIB = 8_192;
const MIB = 1_048_576;
const HOUR_MS = 3_600_000;
const UNLIMITED = 2 ** 30;

/**
 * Both chains on one nats-server and one QuestDB, in turns, so that the machine's mood strikes both. Throws when a row is
 * lost or doubled. Data lies in a temporary folder that is gone afterwards.
 */
export async function benchEndToEnd(options: EndToEndOptions): Promise<EndToEndResult> {
  const { clock = systemClock, say = () => undefined, threads = new URL('./', import.meta.url) } = options;
  const services = await startBenchServices({
    quick: options.quick_services,
    jetstream_max_mib: 3 * STREAM_MIB,
  });
  const { data, nats_url, questdb_http_url, questdb_pg_url } = services;
  const ends: (() => Promise<void>)[] = [() => services.stop()];
  try {
    const database = connectDatabase({
      url: questdb_pg_url,
      pool_size: 2,
      statement_timeout: seconds(600),
      connect_timeout: seconds(5),
    });
    ends.push(() => database.close());
    const fleet: ChainFleet = {
      gpus: options.gpus,
      interval_ms: options.interval_ms,
      start_ms: Math.floor(clock.now() / HOUR_MS) * HOUR_MS,
      seed: options.seed,
    };
    const addresses = { nats_url, questdb_http_url, questdb_pg_url };
    say(`${services.versions}, ${options.gpus} GPUs, seed ${options.seed}`);

    const real = await startRealChain({
      ...addresses,
      threads,
      fleet,
      config: { data, 'stream-size-max': STREAM_MIB, 'flush-rows': options.rows_max },
    });
    ends.push(() => real.close());
    const bare = await startBareChain({
      ...addresses,
      database,
      fleet,
      threads,
      rows_max: options.rows_max,
      stream_bytes_max: STREAM_MIB * MIB,
    });
    ends.push(() => bare.close());

    const processes = { nats: services.nats_pid, questdb: services.questdb_pid };
    const run = (chain: Chain, seconds: number, rows_per_s: number | null): Promise<ChainRun> =>
      runChain({
        chain,
        database,
        processes,
        clock,
        order: {
          seconds,
          messages_max: UNLIMITED,
          messages_per_s: rows_per_s === null ? null : rows_per_s / GPUS_PER_NODE,
          lag_max: options.lag_max_messages,
        },
      });
    for (const chain of [bare, real]) {
      const { rows_per_s } = await run(chain, options.warmup_seconds, null);
      say(`warm-up, ${chain.name}: ${rows_per_s} rows/s`);
    }
    const runs: ChainRun[] = [];
    for (let round = 0; round < options.rounds; round++) {
      // Each goes first in turns: the one behind finds more in QuestDB and in the page cache.
      for (const chain of round % 2 === 0 ? [bare, real] : [real, bare]) {
        const result = await run(chain, options.seconds, null);
        runs.push(result);
        say(`round ${round + 1}, ${describeRun(result)}`);
      }
    }
    const middle = (name: Chain['name']): number =>
      Math.round(median(runs.filter((one) => one.chain === name).map((one) => one.rows_per_s)));
    const bare_rows_per_s = middle('bare');
    const real_rows_per_s = middle('real');
    let steady: EndToEndResult['steady'] = null;
    if (options.steady_seconds > 0) {
      const asked = Math.round(real_rows_per_s * options.steady_share);
      steady = { ...(await run(real, options.steady_seconds, asked)), asked_rows_per_s: asked };
      say(`steady at ${asked} rows/s asked, ${describeRun(steady)}`);
    }
    return {
      gpus: options.gpus,
      seed: options.seed,
      runs,
      bare_rows_per_s,
      real_rows_per_s,
      ratio: Math.round((real_rows_per_s / bare_rows_per_s) * 1_000) / 1_000,
      steady,
      bare_memory: await bare.memory(),
      real_memory: await real.memory(),
      rss_bytes: process.memoryUsage().rss,
      rollups_cpu_us: null,
    };
  } finally {
    for (const end of ends.reverse()) await end().catch((error: unknown) => say(`while stopping: ${String(error)}`));
  }
}

/** One line for people. */
export function describeRun(run: ChainRun): string {
  const { nats, questdb, node, publisher, consumer } = run.cpu_us;
  return (
    `${run.chain}: ${run.rows_per_s} rows/s (${run.rows} rows in ${run.seconds} s); CPU us a row: nats ${nats}, ` +
    `questdb ${questdb}, node ${node} (publisher ${publisher}, consumer ${consumer}); rows behind, middle ` +
    `${run.rows_behind_middle}, end ${run.rows_behind_end}`
  );
}

/** The publisher of the collector, and the engine with everything it has. */
async function startRealChain(options: {
  readonly nats_url: string;
  readonly questdb_http_url: string;
  readonly questdb_pg_url: string;
  readonly threads: URL;
  readonly fleet: ChainFleet;
  readonly config: Partial<Record<keyof Config, unknown>>;
}): Promise<Chain> {
  const { threads, ...rest } = options;
  const board = chainBoard();
  const data = { ...rest, shared: board.shared };
  const engine = openThread(new URL('end-to-end-engine.js', threads), data);
  await engine.call('ready');
  const publisher = openThread(new URL('end-to-end-publisher.js', threads), data);
  return {
    name: 'real',
    table: 'gpu_metrics',
    board,
    publish: (order) => publisher.call('publish', order),
    settle: (messages) => engine.call('settle', messages),
    consumer_cpu: () => engine.call('cpu'),
    memory: () => engine.call('memory'),
    async close() {
      await publisher.close();
      await engine.close();
    },
  };
}
