import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GroupStates } from '../../operators/core/group-state.ts';
import { featureDefinitionRows } from '../../operators/features/feature-row.ts';
import { frameInterest } from '../../sinks/live/frame-interest.ts';
import { framesSink } from '../../sinks/live/frames-sink.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { gpuMetricsSink } from '../../sinks/questdb/gpu-metrics-sink.ts';
import { prepareDatabase } from '../../sinks/questdb/prepare-database.ts';
import type { DeliveryOptions } from '../../sinks/questdb/sink-events.ts';
import { type TableSink, tableSink } from '../../sinks/questdb/table-sink.ts';
import { vectorRowSpeller } from '../../sinks/questdb/vector-row.ts';
import { analysisOf } from '../analysis.ts';
import type { AssetFacts } from '../asset-merge.ts';
import { deadLetterSink } from '../bus/dead-letter-sink.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import { jsonEventSink } from '../bus/json-event-sink.ts';
import { tapSink } from '../bus/tap-sink.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config-schema.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import type {
  Anomaly,
  Asset,
  DeadLetter,
  Episode,
  FeatureVector,
  FleetQuantiles,
  Forecast,
  HealthScore,
  Incident,
} from '../contract/events.ts';
import type { Sink } from '../contract/ports.ts';
import type { TableSpec } from '../contract/table-spec.ts';
import { ANOMALIES, GPU_ASSETS } from '../contract/tables.ts';
import { milliseconds, seconds } from '../contract/time.ts';
import {
  FEATURE_DEFINITIONS,
  FLEET_QUANTILES,
  GPU_FEATURES,
  GPU_FORECASTS,
  GPU_HEALTH_SCORES,
  INCIDENTS,
  XID_EPISODES,
} from '../contract/verdict-tables.ts';
import { type Engine, startEngine } from '../engine.ts';
import { importAssets } from '../inventory.ts';
import { ASSET_SETTLE_MS, followInventory } from '../inventory-follower.ts';
import { teeSink } from '../tee-sink.ts';
import { ENRICH_STEP, fleetVitals, type SinkItems } from '../topology.ts';
import { writeInventory } from '../write-inventory.ts';
import { startDatabaseCare } from './database-care.ts';

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
const SMALL_TABLES = { rows_max: 5_000, waiting_max: 50_000 };
/** Rows of some kilobytes. */
const WIDE_TABLES = { rows_max: 1_000, waiting_max: 10_000 };
/** A row of gpu_metrics with all metrics takes about 1.2 kB as ILP, with 25 of them 700 B. */
const FLUSH_BYTES_MAX = 64 * MIB;

/** Streams, tables, sinks and the topology of one engine. Everything it opens is closed by `stop`, except the bus. */
export async function startEngineRole(options: EngineRoleOptions): Promise<Engine> {
  const { config, bus, clock, say, tell } = options;
  await ensureStreams(bus, {
    raw: { age_max: config['stream-age-max'], size_max: config['stream-size-max'] * MIB },
    invalid: { age_max: config['dead-letters-age-max'] },
  });
  const database = connectDatabase({ url: options.questdb_pg, ...DATABASE });
  await prepareDatabase(database, { onStep: (step) => say(`questdb: ${step}`) });

  const deadLetters = deadLetterSink(bus, {
    onRefused: (letter, cause) =>
      tell(new VitalsError('GV-BUS-002', `a dead letter was refused: ${letter.detail}`, letter.node, { cause })),
  });
  const delivery: DeliveryOptions = {
    url: options.questdb_http,
    age_max: config['flush-interval'],
    answer_timeout: seconds(60),
    backoff_min: milliseconds(100),
    backoff_max: seconds(5),
    close_timeout: seconds(5),
    onRefused(rows) {
      for (const { table, row, reason } of rows) deadLetters.write(refusedRow(table, row, reason, clock.now()));
    },
    onEvent({ code, table, state, detail }) {
      if (state === 'trouble') tell(new VitalsError(code, detail, `table ${table}`));
      else say(`questdb: ${table} recovered, ${detail}`);
    },
  };
  const care = startDatabaseCare({ database, config, clock, say, tell });
  if (options.assets.length > 0) {
    const { added, changed, unchanged } = await importAssets({ bus, database }, options.assets, clock.now());
    say(`inventory: ${added} assets new, ${changed} changed, ${unchanged} as before`);
    // So that it counts for the first rows of a fleet that starts with us.
    if (added + changed > 0) await sleep(ASSET_SETTLE_MS);
  }
  const inventory = await followInventory({ bus, clock, tell });
  const assetRows = tableSink<Asset>(GPU_ASSETS, { ...delivery, ...SMALL_TABLES });
  await writeDefinitions(tableSink(FEATURE_DEFINITIONS, { ...delivery, ...SMALL_TABLES }));
  const states = new GroupStates();

  /** Rows of a small table: to the database, and to whoever listens. */
  const told = <Row extends { readonly node: string; readonly gpu_uuid: string }>(spec: TableSpec): Sink<Row> =>
    teeSink(tableSink<Row>(spec, { ...delivery, ...SMALL_TABLES }), jsonEventSink<Row>(bus, spec.name));

  const interest = frameInterest(bus, clock);
  const engine = await startEngine<SinkItems>({
    bus,
    clock,
    states,
    worker: options.worker,
    snapshot_dir: join(config.data, 'snapshots'),
    snapshot_interval: config['snapshot-interval'],
    report: tell,
    topology: fleetVitals({
      ...analysisOf(config),
      future_max: options.wall_time ? config['future-max'] : null,
      assets: inventory.book,
    }),
    sinks: {
      gpu_metrics: gpuMetricsSink({
        ...delivery,
        rows_max: config['flush-rows'],
        bytes_max: FLUSH_BYTES_MAX,
        chunks_max: 4,
      }),
      gpu_assets: assetRows,
      gpu_features: tableSink<FeatureVector>(GPU_FEATURES, {
        ...delivery,
        ...WIDE_TABLES,
        spell: vectorRowSpeller(GPU_FEATURES.name),
      }),
      anomalies: told<Anomaly>(ANOMALIES),
      gpu_health_scores: told<HealthScore>(GPU_HEALTH_SCORES),
      xid_episodes: told<Episode>(XID_EPISODES),
      incidents: told<Incident>(INCIDENTS),
      gpu_forecasts: told<Forecast>(GPU_FORECASTS),
      fleet_quantiles: tableSink<FleetQuantiles>(FLEET_QUANTILES, { ...delivery, ...SMALL_TABLES }),
      live: framesSink(bus, { worker: options.worker, wanted: interest.wanted }),
      validated_tap: tapSink(bus, { prefix: 'dcgm.validated', clock }),
      enriched_tap: tapSink(bus, { prefix: 'dcgm.enriched', clock }),
      dead_letters: deadLetters,
    },
  });
  const writer = writeInventory({
    follower: inventory,
    states,
    step: ENRICH_STEP,
    sink: assetRows,
    caughtUp: () => engine.counters().lag_messages === 0,
  });
  return {
    ...engine,
    async stop() {
      await writer.stop();
      await inventory.stop();
      await engine.stop();
      interest.close();
      await care.stop();
      await database.close();
    },
  };
}

const refusedRow = (
  table: string,
  row: Readonly<Record<string, unknown>>,
  detail: string,
  now: number,
): DeadLetter => ({
  ts: typeof row.ts === 'number' ? row.ts : now,
  node: typeof row.node === 'string' ? row.node : '',
  level: 'row',
  reason: 'refused_by_database',
  code: 'GV-SNK-002',
  step: table,
  detail,
  original: JSON.stringify(row),
});

/** The same rows at every start: there they replace themselves. */
async function writeDefinitions(sink: TableSink<object>): Promise<void> {
  for (const row of featureDefinitionRows()) sink.write(row);
  await sink.close();
}
