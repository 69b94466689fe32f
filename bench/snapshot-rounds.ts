import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GroupStates } from '../operators/core/group-state.ts';
import { systemClock } from '../pipeline/clock.ts';
import { fleetStateSpecs } from '../pipeline/run-topology.ts';
import { runInOneThread } from '../pipeline/running-topology.ts';
import { SnapshotFiles } from '../pipeline/snapshot-files.ts';
import { SNAPSHOT_SLICES, Snapshots } from '../pipeline/snapshots.ts';
import { defaultTopology, type SinkItems } from '../pipeline/topology.ts';
import type { ChainFleet } from './chain-fleet.ts';
import { EPOCH_MS } from './engine.ts';
import { encodingSinks, engineMessages } from './engine-load.ts';
import { runQueueMs } from './live/run-queue.ts';

export interface SnapshotBenchOptions {
  readonly gpus: number;
  readonly seed: number;
  /** Scrapes of every node before the first snapshot. */
  readonly instants: number;
}

export interface SnapshotBenchResult {
  /** One snapshot of all groups, each of them changed since the last: CPU of this process with all its threads, ms. */
  readonly work_ms: number;
  /** The same by the clock on the wall, written and synced. */
  readonly wall_ms: number;
  /** Longest time for which the thread could do nothing else, without what it waited for a core that others had. */
  readonly pause_max_ms: number;
  readonly bytes: number;
  /** Reading all of it again into a new engine: by the clock on the wall, and CPU. */
  readonly restore_ms: number;
  readonly restore_cpu_ms: number;
}

/** Snapshots of a whole fleet as the engine makes them, with nothing else to do. Throws when what is restored is another fleet. */
export async function benchSnapshots(options: SnapshotBenchOptions): Promise<SnapshotBenchResult> {
  const clock = systemClock;
  const dir = await mkdtemp(join(tmpdir(), 'gpu-vitals-snapshots-'));
  const report = (error: Error): void => {
    throw error;
  };
  const files = new SnapshotFiles(dir, report);
  const topology = defaultTopology();
  const open = () => {
    const states = new GroupStates();
    const running = runInOneThread<SinkItems>({ topology, states, sinks: encodingSinks(), files, clock });
    return { running, snapshots: new Snapshots({ states, groups: running.groups, files, report }) };
  };
  try {
    const fleet: ChainFleet = { ...options, interval_ms: 10_000, start_ms: EPOCH_MS };
    const source = engineMessages(fleet);
    const { running, snapshots } = open();
    let position = 0;
    const push = (messages: number): void => {
      for (let left = messages; left > 0; left -= 512) {
        const poll = source.take(Math.min(left, 512));
        running.push(poll);
        position = poll.at(-1)?.position ?? position;
      }
    };
    /** As the engine does it: a group between two turns of the loop, and the writing when a slice is copied. */
    const round = async (): Promise<void> => {
      for (let slice = 0; slice < SNAPSHOT_SLICES; slice++) {
        snapshots.begin();
        const before = snapshots.rounds;
        for (let turns = 0; turns <= 64 / SNAPSHOT_SLICES; turns++) {
          snapshots.turn(position);
          await nextTurn();
        }
        await snapshots.settled();
        if (slice === SNAPSHOT_SLICES - 1 && snapshots.rounds !== before + 1) throw new Error('a slice was left out');
      }
    };
    push(source.nodes * options.instants);
    // The first is compiled while it runs; from the third on files are written over.
    for (let rounds = 0; rounds < 2; rounds++) {
      await round();
      push(source.nodes);
    }
    const cpu = process.cpuUsage();
    const began = clock.monotonic();
    await round();
    const wall_ms = clock.monotonic() - began;
    const { user, system } = process.cpuUsage(cpu);

    push(source.nodes);
    let pause_max_ms = 0;
    let watching = true;
    const watch = (async () => {
      const look = () => ({ at: clock.monotonic(), waited: runQueueMs() });
      for (let last = look(); watching; ) {
        await nextTurn();
        const now = look();
        pause_max_ms = Math.max(pause_max_ms, now.at - last.at - (now.waited - last.waited));
        last = now;
      }
    })();
    await round();
    watching = false;
    await watch;

    const newest = (await readdir(dir)).filter((name) => /^[\w-]+\.snap$/.test(name));
    const sizes = await Promise.all(newest.map(async (name) => (await stat(join(dir, name))).size));
    const again = open();
    const restore_cpu = process.cpuUsage();
    const restore_began = clock.monotonic();
    const from = await again.snapshots.restore(fleetStateSpecs(topology));
    const restore_ms = clock.monotonic() - restore_began;
    const restored = process.cpuUsage(restore_cpu);
    if (again.running.gpus !== running.gpus || from !== position + 1) {
      throw new Error(`restored ${again.running.gpus} GPUs from ${from}, not ${running.gpus} from ${position + 1}`);
    }
    return {
      work_ms: (user + system) / 1_000,
      wall_ms,
      pause_max_ms,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
      restore_ms,
      restore_cpu_ms: (restored.user + restored.system) / 1_000,
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
