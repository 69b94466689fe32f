import { bytesPerGpu, type GroupStates } from '../operators/core/group-state.ts';
import { type Clock, systemTimers, type Timers } from './clock.ts';
import type { Bus } from './contract/bus.ts';
import { VitalsError } from './contract/errors.ts';
import type { DurationMs } from './contract/time.ts';
import { ascending, cutBehind } from './cut-messages.ts';
import { drawTopology, type Topology } from './define-topology.ts';
import { fleetStateSpecs, type StepCounters, topologyStateSpecs } from './run-topology.ts';
import type { RunningTopology } from './running-topology.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import { SNAPSHOT_SLICES, Snapshots } from './snapshots.ts';

/** What the engine tells once a second on `vitals.topology.<worker>`, served at /api/v1/topology. */
export interface TopologyReport {
  readonly ts: number;
  readonly worker: string;
  /** When this engine began, epoch ms. */
  readonly started_at: number;
  readonly steps: readonly StepCounters[];
  readonly edges: readonly { readonly from: string; readonly port: string; readonly to: string }[];
  /** Messages stored but not yet processed. */
  readonly lag_messages: number;
  /** Last stream position processed, and the newest event time that went through. */
  readonly position: number;
  readonly watermark: number;
  readonly gpus: number;
  readonly snapshots: number;
  readonly mermaid: string;
  /** Of a worker of a cluster: the groups that it has. */
  readonly groups?: readonly number[];
  /** How many of these read again what another worker has told already. */
  readonly replaying?: number;
  /** Whether it has the work over the fleet, and who else is there. */
  readonly has_fleet?: boolean;
  readonly workers?: readonly string[];
}

export interface EngineOptions {
  readonly bus: Bus;
  readonly topology: Topology;
  /** That topology at work, and where it keeps what spans the groups. */
  readonly running: RunningTopology;
  readonly states: GroupStates;
  readonly worker: string;
  readonly files: SnapshotFiles;
  readonly snapshot_interval: DurationMs;
  readonly clock: Clock;
  /** The machine's, when left out. */
  readonly timers?: Timers;
  readonly report: (error: VitalsError) => void;
  /** Whether messages tell which trace they belong to. False when absent. */
  readonly traced?: boolean;
}

export interface Engine {
  /** First position that is read: behind the last snapshot. */
  readonly from: number;
  readonly counters: () => TopologyReport;
  /** Whether everything that the stream holds now went through all steps. Rejects as the bus does when nobody answers. */
  caughtUp(): Promise<boolean>;
  /** Rejects when an invariant broke; resolves after `stop`. */
  readonly done: Promise<void>;
  /** Stops reading, makes everything durable, writes a last snapshot, closes the sinks. */
  stop(): Promise<void>;
}

const REPORT_EVERY_MS = 1_000;
const TURN_EVERY_MS = 50;
const READ_BATCH_MAX = 512;
/** Snapshots are copied, checked and written at most this fast: at 100,000 GPUs a round is 3 GB, and the engine has work to do. */
const SNAPSHOT_BYTES_PER_MS = 16_000;

/** Restores the last snapshot, then reads DCGM_RAW from there through the topology until stopped. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { bus, topology, running, states, clock, timers = systemTimers, files, report } = options;
  const snapshots = new Snapshots({ states, groups: running.groups, files, report });
  const stopping = new AbortController();
  let from = await snapshots.restore(fleetStateSpecs(topology));
  const stream = await bus.streamState('DCGM_RAW', { created: snapshots.stream, last_position: from - 1 });
  const created = stream.created ?? '';
  const other = snapshots.stream !== '' && created !== '' && snapshots.stream !== created;
  if (other || stream.last_position < from - 1) {
    const detail = `the snapshot knows position ${from - 1}, the stream ends at ${stream.last_position}`;
    report(new VitalsError('GV-SNP-002', `${detail}: it is another stream`, files.dir));
    from = await snapshots.startOver();
  }
  snapshots.stream = created;
  let position = from - 1;
  let stored = stream.last_position;
  const bytes_per_gpu = [...topologyStateSpecs(topology).values()].reduce((sum, spec) => sum + bytesPerGpu(spec), 0);
  /** Time between two slices: what is asked for, or what their bytes take. */
  const sliceTime = (): number =>
    Math.max(options.snapshot_interval, (running.gpus * bytes_per_gpu) / SNAPSHOT_BYTES_PER_MS) / SNAPSHOT_SLICES;
  let nextSlice = clock.monotonic() + sliceTime();

  const edges = topology.nodes.flatMap((node) =>
    node.inputs.map(({ step, name }) => ({ from: step, port: name, to: node.id })),
  );
  const mermaid = drawTopology(topology);
  const started_at = clock.now();
  /** Last position that went through. */
  const processed = (): number => (running.under_way === null ? position : running.under_way - 1);
  const counters = (): TopologyReport => {
    const { watermark, gpus, counters: steps } = running;
    const done = processed();
    return {
      ts: clock.now(),
      worker: options.worker,
      started_at,
      steps,
      edges,
      lag_messages: Math.max(0, stored - done),
      position: done,
      watermark,
      gpus,
      snapshots: snapshots.rounds,
      mermaid,
    };
  };

  const endTurns = timers.every(TURN_EVERY_MS, () => {
    if (clock.monotonic() >= nextSlice) {
      nextSlice = clock.monotonic() + sliceTime();
      snapshots.begin();
    }
    snapshots.turn(position);
  });
  const endReports = timers.every(REPORT_EVERY_MS, () => {
    bus.streamState('DCGM_RAW').then(
      (state) => {
        stored = state.last_position;
      },
      () => undefined,
    );
    const data = Buffer.from(JSON.stringify(counters()));
    bus.publish({ subject: `vitals.topology.${options.worker}`, data });
  });

  /** Positions that go back: the stream was made anew, or lost its end. What comes now is new, whatever its position. */
  const rewind = async (to: number): Promise<void> => {
    const detail = `position ${to} came after ${position}: the stream was made anew, or lost its end`;
    report(new VitalsError('GV-SNP-002', detail, 'DCGM_RAW', { action: 'Nothing to do: it is read on from there.' }));
    await running.settled();
    await snapshots.settled();
    snapshots.rewind(to - 1);
    position = to - 1;
    snapshots.stream = '';
    const now = await bus.streamState('DCGM_RAW').catch(() => null);
    snapshots.stream = now?.created ?? '';
  };
  const read = async (): Promise<void> => {
    const asked = { stream: 'DCGM_RAW', from, batch_max: READ_BATCH_MAX, traces: options.traced === true };
    for await (const messages of bus.read(asked, stopping.signal)) {
      for (const part of ascending(messages).flatMap((run) => cutBehind(run, states.fleet.position))) {
        const [first, last] = [part[0], part.at(-1)];
        if (first && first.position <= position) await rewind(first.position);
        running.push(part);
        position = last?.position ?? position;
      }
      const full = running.pressure();
      if (full !== null) await full;
    }
  };
  const done = Promise.race([read(), running.failed]).finally(() => {
    stopping.abort();
    endTurns();
    endReports();
  });

  return {
    from,
    counters,
    done,
    async caughtUp() {
      const { last_position } = await bus.streamState('DCGM_RAW');
      return processed() >= last_position;
    },
    async stop() {
      stopping.abort();
      await done;
      await running.settled();
      await snapshots.complete(position);
      await running.close();
    },
  };
}
