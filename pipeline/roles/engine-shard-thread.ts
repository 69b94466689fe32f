import { parentPort, workerData } from 'node:worker_threads';
import { GroupStates } from '../../operators/core/group-state.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { systemClock } from '../clock.ts';
import type { VitalsError } from '../contract/errors.ts';
import { followInventory } from '../inventory-follower.ts';
import { runShard } from '../shards/run-shard.ts';
import { errorText, type ToShard } from '../shards/shard-messages.ts';
import { splitTopology } from '../shards/split-topology.ts';
import { SnapshotFiles } from '../snapshot-files.ts';
import { insightOptions } from '../telemetry/insight-options.ts';
import { threadInsight } from '../telemetry/thread-insight.ts';
import { ENRICH_STEP, type SinkItems } from '../topology.ts';
import { engineSinks, openSinks, snapshotFolder } from './engine-sinks.ts';
import { type EngineTime, engineTopology } from './engine-topology.ts';
import { tracingOf } from './engine-tracing.ts';
import { failureModels } from './failure-models.ts';

/** workerData of this thread. */
export interface EngineShardData extends EngineTime {
  readonly nats_url: string;
  readonly questdb_http: string;
  /** Of the whole engine. */
  readonly worker: string;
  readonly thread: number;
}

/** Entry of a thread that does the work of some of an engine's groups, with connections and an inventory of its own. */
if (parentPort) {
  const parent = parentPort;
  try {
    await run(workerData as EngineShardData, parent);
  } catch (error) {
    parent.postMessage({ error: errorText(error) });
    parent.close();
  }
}

async function run(data: EngineShardData, parent: NonNullable<typeof parentPort>): Promise<void> {
  const { config, worker } = data;
  const clock = systemClock;
  const say = (line: string): void => parent.postMessage({ kind: 'say', line });
  const tell = (error: VitalsError): void => parent.postMessage({ kind: 'tell', why: errorText(error) });
  const bus = await connectBus({ servers: data.nats_url, name: 'gpu-vitals engine thread', clock });
  const insight = await threadInsight({
    part: `engine-${data.thread}`,
    insight: insightOptions(config),
    bus,
    worker,
  });
  const tracing = tracingOf(insight.spans, worker, clock);
  const inventory = await followInventory({ bus, clock, tell });
  const models = await failureModels({ config, bus, clock, say, tell });
  const topology = splitTopology(await engineTopology(data, inventory.book, models.book)).groups;
  const { questdb_http, thread } = data;
  const { makers } = engineSinks({ config, bus, questdb_http, worker, thread, clock, tracing, say, tell });
  let take: (message: ToShard) => void = () => undefined;
  runShard<SinkItems>({
    topology,
    states: new GroupStates(),
    sinks: openSinks(makers, topology),
    files: new SnapshotFiles(snapshotFolder(config), tell),
    enrich_step: ENRICH_STEP,
    clock,
    traces: tracing?.traces ?? null,
    port: {
      post: (message, transfer = []) => parent.postMessage(message, [...transfer]),
      listen(handler) {
        take = handler;
      },
      end: async () => parent.close(),
    },
  });
  parent.on('message', (message: ToShard | 'stop') => {
    if (message !== 'stop') {
      take(message);
      return;
    }
    void Promise.all([inventory.stop(), models.stop(), insight.stop()])
      .then(() => bus.close())
      .finally(() => parent.close());
  });
  parent.postMessage({ ready: true });
}
