import { workerData } from 'node:worker_threads';
import { bytesPerGpu } from '../operators/core/group-state.ts';
import { connectBus } from '../pipeline/bus/connect-bus.ts';
import { systemClock } from '../pipeline/clock.ts';
import { type Config, configSchema } from '../pipeline/config-schema.ts';
import type { VitalsError } from '../pipeline/contract/errors.ts';
import { startEngineRole } from '../pipeline/roles/engine-role.ts';
import { topologyStateSpecs } from '../pipeline/run-topology.ts';
import { defaultTopology } from '../pipeline/topology.ts';
import { chainBoard } from './chain-board.ts';
import type { ChainMemory } from './chain-run.ts';
import { serveCalls, threadCpu } from './chain-thread.ts';

/** Thread: the engine as `up` runs it, with its streams, tables, views, sinks and snapshots. */
const { nats_url, questdb_http_url, questdb_pg_url, config, shared } = workerData as {
  nats_url: string;
  questdb_http_url: string;
  questdb_pg_url: string;
  config: Partial<Record<keyof Config, unknown>>;
  shared: SharedArrayBuffer;
};

const BOARD_EVERY_MS = 2;

const troubles: string[] = [];
const bus = await connectBus({ servers: nats_url, name: 'bench engine', clock: systemClock });
const engine = await startEngineRole({
  config: configSchema.parse(config),
  bus,
  nats_url,
  questdb_http: questdb_http_url,
  questdb_pg: questdb_pg_url,
  worker: 'bench',
  clock: systemClock,
  // The fleet's clock is not ours: a round of scrapes takes as long as it takes, and counts for one interval.
  wall_time: false,
  assets: [],
  say: () => undefined,
  tell: (error: VitalsError) => troubles.push(error.line()),
});
const board = chainBoard(shared);
const telling = setInterval(() => {
  board.done = engine.counters().position;
}, BOARD_EVERY_MS);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
serveCalls({
  ready: () => undefined,
  cpu: () => threadCpu(),
  async settle(messages: number) {
    while (engine.counters().position < messages) await Promise.race([pause(2), engine.done]);
    if (troubles.length > 0) throw new Error(troubles.join('\n'));
  },
  memory(): ChainMemory {
    const { heapUsed, external } = process.memoryUsage();
    const { gpus, steps, snapshots } = engine.counters();
    const perStep = steps.map(({ id, busy_ms }) => [`${id}_busy_ms`, Math.round(busy_ms)] as const);
    return {
      gpus,
      state_bytes_per_gpu: [...topologyStateSpecs(defaultTopology()).values()].reduce(
        (sum, spec) => sum + bytesPerGpu(spec),
        0,
      ),
      thread_bytes: heapUsed + external,
      notes: { snapshots, ...Object.fromEntries(perStep) },
    };
  },
  async close() {
    clearInterval(telling);
    await engine.stop();
    await bus.close();
  },
});
