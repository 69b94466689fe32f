import { GroupStates } from '../operators/core/group-state.ts';
import { systemClock } from '../pipeline/clock.ts';
import { minutes } from '../pipeline/contract/time.ts';
import { startThread } from '../pipeline/roles/thread.ts';
import { type RunningTopology, runInOneThread } from '../pipeline/running-topology.ts';
import { runInShards } from '../pipeline/shards/run-in-shards.ts';
import type { FromShard, ShardPort, ToShard } from '../pipeline/shards/shard-messages.ts';
import { SnapshotFiles } from '../pipeline/snapshot-files.ts';
import { defaultTopology, type SinkItems } from '../pipeline/topology.ts';
import { type ChainFleet, GPUS_PER_NODE } from './chain-fleet.ts';
import { threadCpu } from './chain-thread.ts';
import { EPOCH_MS } from './engine.ts';
import { encodingSinks, engineMessages } from './engine-load.ts';

export interface EngineThreadsOptions {
  readonly gpus: number;
  readonly seed: number;
  readonly interval_ms: number;
  readonly rows: number;
  readonly messages_per_push: number;
  /** How many share the work; with 1 there is no other thread than ours. */
  readonly threads: number;
  /** Folder of the compiled thread files. */
  readonly thread_files: URL;
}

/** Messages are made before the watch starts, for so many pushes at a time. */
const PUSHES_AT_A_TIME = 64;
const FUTURE_MAX = minutes(5);
const STOP_GRACE_MS = 5_000;

export interface EngineThreadsResult {
  /** Of wall time, from messages in memory until all threads are done. */
  readonly rows_per_s: number;
  /** CPU of all threads, collecting garbage included, and of the one that reads, in microseconds a row. */
  readonly cpu_us: number;
  readonly reader_us: number;
}

/** An engine without network, its groups spread over threads. */
export async function benchEngineThreads(options: EngineThreadsOptions): Promise<EngineThreadsResult> {
  const clock = systemClock;
  const fleet: ChainFleet = { ...options, start_ms: EPOCH_MS };
  const source = engineMessages(fleet);
  const topology = defaultTopology();
  const states = new GroupStates();
  const ports =
    options.threads === 1
      ? []
      : await Promise.all(Array.from({ length: options.threads }, () => startBenchShard(options.thread_files)));
  const running: RunningTopology =
    ports.length === 0
      ? runInOneThread<SinkItems>({
          topology,
          states,
          sinks: encodingSinks(),
          files: new SnapshotFiles('', () => undefined),
          clock,
        })
      : runInShards<SinkItems>({ topology, states, sinks: {}, ports, future_max: FUTURE_MAX, clock });

  const round = async (rowsMax: number): Promise<EngineThreadsResult> => {
    let rows = 0;
    let spent_ms = 0;
    let cpu_ms = 0;
    let reader_ms = 0;
    while (rows < rowsMax) {
      const pushes = Array.from({ length: PUSHES_AT_A_TIME }, () =>
        source.take(options.messages_per_push).map((message) => ({ ...message, data: message.data.slice() })),
      );
      const [started, cpuBefore, readerBefore] = [clock.monotonic(), process.cpuUsage(), threadCpu()];
      for (const messages of pushes) {
        running.push(messages);
        await running.pressure();
        rows += messages.length * GPUS_PER_NODE;
      }
      await running.settled();
      spent_ms += clock.monotonic() - started;
      const { user, system } = process.cpuUsage(cpuBefore);
      cpu_ms += (user + system) / 1_000;
      reader_ms += threadCpu() - readerBefore;
    }
    const perRow = (ms: number): number => Math.round((ms / rows) * 1e5) / 100;
    return {
      rows_per_s: Math.round((rows / spent_ms) * 1_000),
      cpu_us: perRow(cpu_ms),
      reader_us: perRow(reader_ms),
    };
  };
  // The first round meets every GPU; what is measured is the fleet as it lives on.
  await round(source.nodes * GPUS_PER_NODE);
  const result = await round(options.rows);
  await running.close();
  return result;
}

async function startBenchShard(folder: URL): Promise<ShardPort<ToShard, FromShard>> {
  let take: (message: FromShard) => void = () => undefined;
  const thread = await startThread<true>({
    file: new URL('engine-threads-shard.js', folder),
    name: 'bench engine',
    data: null,
    onMessage: (message) => take(message as FromShard),
    onExit(error) {
      throw error;
    },
  });
  return {
    post: (message, transfer) => thread.post(message, transfer),
    listen(handler) {
      take = handler;
    },
    end: () => thread.stop(STOP_GRACE_MS),
  };
}
