import { setTimeout as sleep } from 'node:timers/promises';
import { GroupStates } from '../../operators/core/group-state.ts';
import { featureDefinitionRows } from '../../operators/features/feature-row.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { prepareDatabase } from '../../sinks/questdb/prepare-database.ts';
import { type TableSink, tableSink } from '../../sinks/questdb/table-sink.ts';
import type { AssetFacts } from '../asset-merge.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import type { Clock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import type { Asset } from '../contract/events.ts';
import type { Sink } from '../contract/ports.ts';
import { seconds } from '../contract/time.ts';
import { FEATURE_DEFINITIONS } from '../contract/verdict-tables.ts';
import type { Topology } from '../define-topology.ts';
import { type Engine, startEngine } from '../engine.ts';
import { importAssets } from '../inventory.ts';
import { ASSET_SETTLE_MS, followInventory } from '../inventory-follower.ts';
import { errorFields } from '../logs/error-fields.ts';
import { type RunningTopology, runInOneThread } from '../running-topology.ts';
import { runInShards } from '../shards/run-in-shards.ts';
import { splitTopology } from '../shards/split-topology.ts';
import { SnapshotFiles } from '../snapshot-files.ts';
import { insightOptions } from '../telemetry/insight-options.ts';
import type { StepTraces } from '../telemetry/step-traces.ts';
import { threadInsight } from '../telemetry/thread-insight.ts';
import { ENRICH_STEP, type SinkItems } from '../topology.ts';
import { type KnownAsset, knownAssets, writeInventory } from '../write-inventory.ts';
import { startAlertDesk } from './alert-desk-role.ts';
import { type DatabaseCare, startDatabaseCare } from './database-care.ts';
import { engineSinks, openSinks, type SinkMakers, SMALL_TABLES, snapshotFolder } from './engine-sinks.ts';
import { type EngineTime, engineTopology, futureMax } from './engine-topology.ts';
import { tracingOf } from './engine-tracing.ts';
import { failureModels } from './failure-models.ts';
import { startShards } from './start-shards.ts';

export interface EngineRoleOptions extends EngineTime {
  readonly bus: Bus;
  /** For threads, which have connections of their own. */
  readonly nats_url: string;
  readonly questdb_http: string;
  readonly questdb_pg: string;
  readonly worker: string;
  /** The fleet is; messages say so. False when absent. */
  readonly simulated?: boolean;
  readonly clock: Clock;
  /** Inventory to import before the start. */
  readonly assets: readonly AssetFacts[];
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
}

const MIB = 1_048_576;
const DATABASE = { pool_size: 4, statement_timeout: seconds(120), connect_timeout: seconds(5) };

export type EngineRole = Engine & Pick<DatabaseCare, 'refreshRollups'>;

/** Streams, tables, sinks and the topology of one engine. Everything it opens is closed by `stop`, except the bus. */
export async function startEngineRole(options: EngineRoleOptions): Promise<EngineRole> {
  const { config, bus, clock, say, tell } = options;
  await ensureStreams(bus, {
    raw: { age_max: config['stream-age-max'], size_max: config['stream-size-max'] * MIB },
    invalid: { age_max: config['dead-letters-age-max'] },
  });
  const database = connectDatabase({ url: options.questdb_pg, ...DATABASE });
  await prepareDatabase(database, { onStep: (step) => say(`questdb: ${step}`) });

  const insight = await threadInsight({
    part: 'engine',
    insight: insightOptions(config),
    bus,
    worker: options.worker,
  });
  const tracing = tracingOf(insight.spans, options.worker, clock);
  const { delivery, makers } = engineSinks({ ...options, tracing });
  const care = startDatabaseCare({ database, config, clock, say, tell });
  if (options.assets.length > 0) {
    const { added, changed, unchanged } = await importAssets({ bus, database }, options.assets, clock.now());
    say(`inventory: ${added} assets new, ${changed} changed, ${unchanged} as before`);
    // So that it counts for the first rows of a fleet that starts with us.
    if (added + changed > 0) await sleep(ASSET_SETTLE_MS);
  }
  const inventory = await followInventory({ bus, clock, tell });
  await writeDefinitions(tableSink(FEATURE_DEFINITIONS, { ...delivery, ...SMALL_TABLES }));
  const states = new GroupStates();
  const models = await failureModels(options);
  const topology = await engineTopology(options, inventory.book, models.book);
  const files = new SnapshotFiles(snapshotFolder(config), tell);
  const traces = tracing?.traces ?? null;
  const { running, known, assets } = await startTopology(options, makers, { topology, states, files, traces });
  const engine = await startEngine({
    bus,
    clock,
    states,
    topology,
    running,
    worker: options.worker,
    files,
    snapshot_interval: config['snapshot-interval'],
    report: tell,
    traced: tracing !== null,
  });
  engine.done.catch((error: unknown) => {
    const told =
      error instanceof VitalsError ? error : new VitalsError('GV-CLI-004', String(error), '', { cause: error });
    insight.log.error({ ...errorFields(told), stack: error instanceof Error ? error.stack : undefined }, told.message);
  });
  insight.log.info({ position: engine.from, threads: config['engine-threads'] }, 'reads DCGM_RAW');
  // With a connection of its own: on the engine's, answers wait behind the samples that are on their way.
  const desk_bus = await connectBus({
    servers: options.nats_url,
    name: 'gpu-vitals alerts',
    clock,
    stream_replicas: config['stream-replicas'],
  });
  const alerts = await startAlertDesk({
    ...options,
    bus: desk_bus,
    database,
    delivery,
    deadLetters: makers.dead_letters(),
    simulated: options.simulated ?? false,
  });
  const writer = writeInventory({
    follower: inventory,
    known,
    sink: assets,
    caughtUp: () => engine.caughtUp(),
  });
  return {
    ...engine,
    refreshRollups: care.refreshRollups,
    async stop() {
      await writer.stop();
      await inventory.stop();
      await models.stop();
      await engine.stop();
      insight.log.info({ position: engine.counters().position }, 'stopped');
      // What the engine told last is still told on.
      await alerts.stop();
      await desk_bus.close();
      await care.stop();
      await insight.stop();
      await database.close();
    },
  };
}

interface StartedTopology {
  readonly running: RunningTopology;
  readonly known: (assets: readonly Asset[]) => readonly KnownAsset[] | Promise<readonly KnownAsset[]>;
  /** Takes assets of boards that do not report. */
  readonly assets: Sink<Asset>;
}

/** In this thread when it is the only one; else in as many as are wanted, while this one reads and judges the fleet. */
async function startTopology(
  options: EngineRoleOptions,
  makers: SinkMakers,
  parts: {
    readonly topology: Topology;
    readonly states: GroupStates;
    readonly files: SnapshotFiles;
    /** Of this thread. */
    readonly traces: StepTraces | null;
  },
): Promise<StartedTopology> {
  const { config, nats_url, questdb_http, worker, wall_time, clock, say, tell } = options;
  const { topology, states } = parts;
  const threads = config['engine-threads'];
  if (threads === 1) {
    const sinks = openSinks(makers, topology);
    const assets = sinks.gpu_assets ?? makers.gpu_assets();
    const running = runInOneThread<SinkItems>({ ...parts, sinks, clock });
    return { running, assets, known: (told) => knownAssets(states, ENRICH_STEP, told) };
  }
  const data = { config, nats_url, questdb_http, worker, wall_time };
  const ports = await startShards(threads, { data, say, tell });
  const sinks = openSinks(makers, splitTopology(topology).fleet);
  const assets = sinks.gpu_assets ?? makers.gpu_assets();
  const running = runInShards<SinkItems>({
    topology,
    states,
    ports,
    sinks,
    beside: [makers.dead_letters()],
    future_max: futureMax(options),
    clock,
  });
  return { running, assets, known: (told) => running.knownAssets(told) };
}

/** The same rows at every start: there they replace themselves. */
async function writeDefinitions(sink: TableSink<object>): Promise<void> {
  for (const row of featureDefinitionRows()) sink.write(row);
  await sink.close();
}
