import { parentPort } from 'node:worker_threads';
import { GroupStates } from '../operators/core/group-state.ts';
import { systemClock } from '../pipeline/clock.ts';
import { runShard } from '../pipeline/shards/run-shard.ts';
import type { ToShard } from '../pipeline/shards/shard-messages.ts';
import { splitTopology } from '../pipeline/shards/split-topology.ts';
import { SnapshotFiles } from '../pipeline/snapshot-files.ts';
import { defaultTopology, ENRICH_STEP, type SinkItems } from '../pipeline/topology.ts';
import { encodingSinks } from './engine-load.ts';

/** Thread: its share of the groups, with sinks that send nothing. */
if (parentPort) {
  const parent = parentPort;
  let take: (message: ToShard) => void = () => undefined;
  runShard<SinkItems>({
    topology: splitTopology(defaultTopology()).groups,
    states: new GroupStates(),
    sinks: encodingSinks(),
    files: new SnapshotFiles('', () => undefined),
    enrich_step: ENRICH_STEP,
    clock: systemClock,
    port: {
      post: (message, transfer = []) => parent.postMessage(message, [...transfer]),
      listen(handler) {
        take = handler;
      },
      end: async () => parent.close(),
    },
  });
  parent.on('message', (message: ToShard | 'stop') => {
    if (message === 'stop') parent.close();
    else take(message);
  });
  parent.postMessage({ ready: true });
}
