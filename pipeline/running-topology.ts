import type { GroupStates } from '../operators/core/group-state.ts';
import type { Clock } from './clock.ts';
import type { RawMessage } from './contract/message.ts';
import type { Topology } from './define-topology.ts';
import type { GroupKeeper } from './group-keeper.ts';
import { LocalGroups } from './local-groups.ts';
import { type Sinks, type StepCounters, topologyStateSpecs, wireTopology } from './run-topology.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import type { StepTraces } from './telemetry/step-traces.ts';

/** A topology that takes messages, in this thread or spread over others. */
export interface RunningTopology {
  /** Hands over messages in the order of the stream; they may still be under way when it returns. */
  push(messages: readonly RawMessage[]): void;
  /** Waits while any sink is full or too much is under way; null when neither is so. */
  pressure(): Promise<void> | null;
  /** Resolves when everything handed over went through. */
  settled(): Promise<void>;
  /** Position of the first message that is still under way; null when none is. */
  readonly under_way: number | null;
  readonly groups: GroupKeeper;
  readonly counters: readonly StepCounters[];
  readonly watermark: number;
  readonly gpus: number;
  /** Rejects when an invariant broke while nobody was pushing. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/** Everything in this thread: a push returns when all is done. */
export function runInOneThread<SinkItems>(options: {
  readonly topology: Topology;
  readonly states: GroupStates;
  readonly sinks: Sinks<SinkItems>;
  readonly files: SnapshotFiles;
  readonly clock: Clock;
  readonly traces?: StepTraces | null;
}): RunningTopology {
  const { topology, states, traces = null } = options;
  const wired = wireTopology<SinkItems>(options);
  const groups = new LocalGroups({ ...options, specs: topologyStateSpecs(topology), flush: () => wired.flush() });
  return {
    push: (messages) => (traces === null ? wired.push(messages) : traces.around(messages, () => wired.push(messages))),
    pressure: () => wired.pressure(),
    settled: async () => undefined,
    under_way: null,
    groups,
    counters: wired.counters,
    get watermark() {
      return wired.watermark;
    },
    get gpus() {
      return states.all().reduce((sum, { registry }) => sum + registry.size, 0);
    },
    failed: new Promise<never>(() => undefined),
    close: () => wired.close(),
  };
}
