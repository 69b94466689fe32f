import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { GroupStates } from '../../operators/core/group-state.ts';
import { type Clock, settableClock } from '../clock.ts';
import type { VitalsError } from '../contract/errors.ts';
import type { DurationMs } from '../contract/time.ts';
import type { Topology } from '../define-topology.ts';
import type { Sinks } from '../run-topology.ts';
import type { SnapshotFiles } from '../snapshot-files.ts';
import type { StepTraces } from '../telemetry/step-traces.ts';
import { ENRICH_STEP } from '../topology.ts';
import { runInShards, type ShardedTopology } from './run-in-shards.ts';
import { runShard } from './run-shard.ts';
import type { FromShard, ShardPort, ToShard } from './shard-messages.ts';
import { splitTopology } from './split-topology.ts';

const portOf = <Out, In>(port: MessagePort): ShardPort<Out, In> => ({
  post: (message, transfer = []) => port.postMessage(message, [...transfer]),
  listen: (handler) => port.on('message', handler),
  end: async () => port.close(),
});

/**
 * An engine's shards without their threads: each lives behind a real port, with sinks of its own. `kill`: from then on
 * nobody hears of anything.
 */
export function shardsInOneThread<SinkItems>(options: {
  readonly topology: () => Topology;
  readonly states: GroupStates;
  readonly files: SnapshotFiles;
  readonly sinks: Sinks<SinkItems>;
  /** One entry a shard. */
  readonly shard_sinks: readonly Sinks<SinkItems>[];
  readonly future_max: DurationMs | null;
  /** One that stands when absent. */
  readonly clock?: Clock;
  readonly traces?: StepTraces | null;
}): { readonly running: ShardedTopology; kill(): void } {
  const { topology, files, traces = null, clock = settableClock(0) } = options;
  const ends: MessagePort[] = [];
  const ports = options.shard_sinks.map((sinks) => {
    const { port1, port2 } = new MessageChannel();
    ends.push(port1, port2);
    runShard<SinkItems>({
      port: portOf<FromShard, ToShard>(port2),
      topology: splitTopology(topology()).groups,
      states: new GroupStates(),
      sinks,
      files,
      enrich_step: ENRICH_STEP,
      clock,
      traces,
    });
    return portOf<ToShard, FromShard>(port1);
  });
  return {
    running: runInShards<SinkItems>({ ...options, topology: topology(), ports, clock }),
    kill() {
      for (const end of ends) end.close();
    },
  };
}

/** After so many more files nothing reaches the disk: as if killed there, in the middle of a snapshot. */
export function stopWriting(files: SnapshotFiles, after: number): void {
  let left = after;
  const write = files.write.bind(files);
  const writeManifest = files.writeManifest.bind(files);
  const count = (): void => {
    if (left-- <= 0) throw new Error('killed');
  };
  files.write = async (saved) => {
    count();
    await write(saved);
  };
  files.writeManifest = async (manifest) => {
    count();
    await writeManifest(manifest);
  };
}

export const stoppedWriting = ({ cause }: VitalsError): boolean => String(cause).endsWith(': killed');
