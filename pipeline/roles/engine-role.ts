import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GroupStates } from '../../operators/core/group-state.ts';
import { featureDefinitionRows } from '../../operators/features/feature-row.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { prepareDatabase } from '../../sinks/questdb/prepare-database.ts';
import { type TableSink, tableSink } from '../../sinks/questdb/table-sink.ts';
import { analysisOf } from '../analysis.ts';
import type { AssetFacts } from '../asset-merge.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config-schema.ts';
import type { Bus } from '../contract/bus.ts';
import type { VitalsError } from '../contract/errors.ts';
import type { Asset } from '../contract/events.ts';
import type { Sink } from '../contract/ports.ts';
import { seconds } from '../contract/time.ts';
import { FEATURE_DEFINITIONS } from '../contract/verdict-tables.ts';
import { type Engine, startEngine } from '../engine.ts';
import { importAssets } from '../inventory.ts';
import { ASSET_SETTLE_MS, followInventory } from '../inventory-follower.ts';
import { runInOneThread } from '../running-topology.ts';
import { SnapshotFiles } from '../snapshot-files.ts';
import { ENRICH_STEP, fleetVitals, type SinkItems } from '../topology.ts';
import { writeInventory } from '../write-inventory.ts';
import { startDatabaseCare } from './database-care.ts';
import { engineSinks, openSinks, SMALL_TABLES } from './engine-sinks.ts';

export interface EngineRoleOptions {
  readonly config: Config;
  readonly bus: Bus;
  readonly questdb_http: string;
  readonly questdb_pg: string;
  readonly worker: string;
  readonly clock: Clock;
  /** False when the fleet's clock is not ours, as in a simulation that runs faster. */
  readonly wall_time: boolean;
  /** Inventory to import before the start. */
  readonly assets: readonly AssetFacts[];
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
}

const MIB = 1_048_576;
const DATABASE = { pool_size: 4, statement_timeout: seconds(120), connect_timeout: seconds(5) };

/** Streams, tables, sinks and the topology of one engine. Everything it opens is closed by `stop`, except the bus. */
export async function startEngineRole(options: EngineRoleOptions): Promise<Engine> {
  const { config, bus, clock, say, tell } = options;
  await ensureStreams(bus, {
    raw: { age_max: config['stream-age-max'], size_max: config['stream-size-max'] * MIB },
    invalid: { age_max: config['dead-letters-age-max'] },
  });
  const database = connectDatabase({ url: options.questdb_pg, ...DATABASE });
  await prepareDatabase(database, { onStep: (step) => say(`questdb: ${step}`) });

  const { delivery, makers } = engineSinks(options);
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
  const topology = fleetVitals({
    ...analysisOf(config),
    future_max: options.wall_time ? config['future-max'] : null,
    assets: inventory.book,
  });
  const sinks = openSinks(makers, topology);
  const snapshot_dir = join(config.data, 'snapshots');
  const files = new SnapshotFiles(snapshot_dir, tell);
  const engine = await startEngine({
    bus,
    clock,
    states,
    topology,
    running: runInOneThread<SinkItems>({ topology, states, sinks, files, clock }),
    worker: options.worker,
    snapshot_dir,
    files,
    snapshot_interval: config['snapshot-interval'],
    report: tell,
  });
  const writer = writeInventory({
    follower: inventory,
    states,
    step: ENRICH_STEP,
    sink: sinks.gpu_assets as Sink<Asset>,
    caughtUp: () => engine.counters().lag_messages === 0,
  });
  return {
    ...engine,
    async stop() {
      await writer.stop();
      await inventory.stop();
      await engine.stop();
      await care.stop();
      await database.close();
    },
  };
}

/** The same rows at every start: there they replace themselves. */
async function writeDefinitions(sink: TableSink<object>): Promise<void> {
  for (const row of featureDefinitionRows()) sink.write(row);
  await sink.close();
}
