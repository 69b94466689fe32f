import { GroupStates } from '../../operators/core/group-state.ts';
import { loadPriceBook } from '../../operators/decisions/price-book.ts';
import { DEFAULT_ANALYSIS } from '../analysis.ts';
import type { Bus, OutgoingMessage } from '../contract/bus.ts';
import type { VitalsError } from '../contract/errors.ts';
import type { Asset } from '../contract/events.ts';
import { NO_MODELS } from '../contract/failure-model.ts';
import type { Sink } from '../contract/ports.ts';
import { milliseconds, minutes } from '../contract/time.ts';
import type { Topology } from '../define-topology.ts';
import { type Engine, startEngine } from '../engine.ts';
import { followInventory, type InventoryFollower } from '../inventory-follower.ts';
import { openSinks } from '../roles/engine-sinks.ts';
import { type RunningTopology, runInOneThread } from '../running-topology.ts';
import { runInShards } from '../shards/run-in-shards.ts';
import { runShard } from '../shards/run-shard.ts';
import type { FromShard, ToShard } from '../shards/shard-messages.ts';
import { splitTopology } from '../shards/split-topology.ts';
import { SnapshotFiles } from '../snapshot-files.ts';
import { ENRICH_STEP, fleetVitals, type SinkItems } from '../topology.ts';
import { type KnownAsset, knownAssets, writeInventory } from '../write-inventory.ts';
import type { FaultPlan } from './faults.ts';
import { memoryBus } from './memory-bus.ts';
import type { MemoryDatabase } from './memory-database.ts';
import type { MemoryDisk } from './memory-disk.ts';
import { memoryPorts } from './memory-port.ts';
import { memorySinks, PASSING } from './memory-sinks.ts';
import type { MemoryStreams } from './memory-streams.ts';
import { breakFiles, breakGroups, type Sabotage } from './sabotage.ts';
import type { Draw } from './seeded-random.ts';
import { Life, type VirtualTime } from './virtual-time.ts';

/** What outlives a process. */
export interface World {
  readonly time: VirtualTime;
  readonly streams: MemoryStreams;
  readonly disk: MemoryDisk;
  readonly database: MemoryDatabase;
  readonly draw: Draw;
  readonly faults: FaultPlan;
}

export interface ProcessOptions {
  readonly threads: number;
  readonly sabotage: Sabotage | null;
  readonly tell: (error: VitalsError) => void;
  readonly told: (message: OutgoingMessage) => void;
  readonly waiting: (what: string, count: number) => void;
  readonly refused: () => void;
  readonly toldAgain: (id: string) => void;
}

export interface EngineProcess {
  readonly life: Life;
  /** Null while it starts. */
  engine: Engine | null;
  /** Ends as it would when asked to. */
  stop(): Promise<void>;
  /** Why it ended by itself. */
  failure: unknown;
}

/** Verdicts more often than usual, so that an hour of a fleet's life has many. */
const ANALYSIS = {
  ...DEFAULT_ANALYSIS,
  features_every: minutes(1),
  health_every: minutes(2),
  decisions_every: minutes(5),
};
const FUTURE_MAX = minutes(5);
const SNAPSHOT_INTERVAL = milliseconds(2_400);
const prices = loadPriceBook(null);

/** Starts an engine in a life of its own: the real one, with all that it waits for in virtual time. */
export function startProcess(world: World, options: ProcessOptions): EngineProcess {
  const life = new Life(world.time);
  const ends: { stop(): Promise<void> }[] = [];
  const running: EngineProcess = {
    life,
    engine: null,
    failure: null,
    async stop() {
      for (const end of ends.toReversed()) await end.stop();
      await running.engine?.stop();
    },
  };
  start(world, options, life, ends).then(
    (engine) => {
      running.engine = engine;
      engine.done.catch((error: unknown) => {
        running.failure = error;
      });
    },
    (error: unknown) => {
      running.failure = error;
    },
  );
  return running;
}

async function start(
  world: World,
  options: ProcessOptions,
  life: Life,
  ends: { stop(): Promise<void> }[],
): Promise<Engine> {
  const { streams, draw, faults } = world;
  const { tell, sabotage } = options;
  const { clock, timers } = life;
  const connect = (): Bus =>
    memoryBus({
      life,
      streams,
      draw,
      faults,
      told: options.told,
      toldAgain: options.toldAgain,
      holding: (messages) => options.waiting('publisher', messages),
      resume_error: sabotage === 'reader_skips' ? 1 : 0,
    });
  const bus = connect();
  const openFiles = (): SnapshotFiles => {
    const files = new SnapshotFiles('snapshots', tell, world.disk.open(life, draw, faults));
    breakFiles(files, sabotage);
    return files;
  };
  /** Of one thread: each follows the inventory by itself. */
  const follow = async (on: Bus): Promise<InventoryFollower> => {
    const follower = await followInventory({ bus: on, clock, tell, logged: loggedAssets(streams) });
    ends.push(follower);
    return follower;
  };
  const topologyOn = ({ book }: InventoryFollower): Topology =>
    fleetVitals({ ...ANALYSIS, future_max: FUTURE_MAX, assets: book, models: NO_MODELS, prices });
  const makersOf = (on: Bus) =>
    memorySinks({ ...world, ...options, life, bus: on, remembers_alerts: sabotage !== 'alerts_told_again' });

  const states = new GroupStates();
  const inventory = await follow(bus);
  const topology = topologyOn(inventory);
  const files = openFiles();
  const makers = makersOf(bus);
  let running: RunningTopology;
  let known: (assets: readonly Asset[]) => readonly KnownAsset[] | Promise<readonly KnownAsset[]>;
  let assets: Sink<Asset>;
  if (options.threads === 1) {
    const sinks = openSinks(makers, topology);
    assets = sinks.gpu_assets ?? makers.gpu_assets();
    running = runInOneThread<SinkItems>({ topology, states, sinks, files, clock });
    known = (told) => knownAssets(states, ENRICH_STEP, told);
  } else {
    const ports = [];
    for (let thread = 0; thread < options.threads; thread++) {
      const [here, there] = memoryPorts<ToShard, FromShard>(life, draw);
      const own = connect();
      const { groups } = splitTopology(topologyOn(await follow(own)));
      runShard<SinkItems>({
        port: there,
        topology: groups,
        states: new GroupStates(),
        sinks: openSinks(makersOf(own), groups),
        files: openFiles(),
        enrich_step: ENRICH_STEP,
        clock,
      });
      ports.push(here);
    }
    const sinks = openSinks(makers, splitTopology(topology).fleet);
    assets = sinks.gpu_assets ?? makers.gpu_assets();
    const shards = runInShards<SinkItems>({
      topology,
      states,
      ports,
      sinks,
      beside: [makers.dead_letters()],
      future_max: FUTURE_MAX,
      clock,
    });
    running = shards;
    known = (told) => shards.knownAssets(told);
  }
  breakGroups(running, sabotage);
  const engine = await startEngine({
    bus,
    topology,
    running,
    states,
    worker: 'simulated',
    files,
    snapshot_interval: SNAPSHOT_INTERVAL,
    clock,
    timers,
    report: tell,
  });
  // Of boards that are silent; what counted while the engine was away is told by nobody.
  const sink = {
    write: (asset: Asset) => assets.write(Object.assign({ ...asset }, { [PASSING]: true })),
    pressure: () => assets.pressure(),
  };
  ends.push(writeInventory({ follower: inventory, known, sink, caughtUp: () => engine.caughtUp(), timers }));
  return engine;
}

async function* loggedAssets(
  streams: MemoryStreams,
): AsyncGenerator<{ asset: Asset; subject: string; position: number; arrived_at: number }> {
  for (const { data, subject, position, arrived_at } of streams.held('ASSETS')) {
    yield { asset: JSON.parse(Buffer.from(data).toString('utf8')) as Asset, subject, position, arrived_at };
  }
}
