import { type Clock, systemClock } from '../pipeline/clock.ts';
import type { Batch } from '../pipeline/contract/batch.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { groupOf } from '../pipeline/contract/ids.ts';
import { METRIC_COUNT, METRICS } from '../pipeline/contract/metrics.ts';
import { Registry } from '../pipeline/contract/registry.ts';
import { GPU_METRICS, ROLLUPS } from '../pipeline/contract/tables.ts';
import { milliseconds, seconds } from '../pipeline/contract/time.ts';
import { gpuMetricsSink } from '../sinks/questdb/gpu-metrics-sink.ts';
import { prepareDatabase } from '../sinks/questdb/prepare-database.ts';
import { clearChunk, createChunk } from '../sinks/questdb/row-chunk.ts';
import { rowEncoder } from '../sinks/questdb/row-encoder.ts';

export interface FleetShape {
  readonly rows: number;
  readonly gpus: number;
  /** Present in every row, from the start of the catalogue. */
  readonly metrics: number;
  /** Event time between two samples of a GPU, ms. */
  readonly interval_ms: number;
}

export interface EncoderBenchResult extends FleetShape {
  readonly rows_per_s: number;
  readonly bytes_per_row: number;
}

export interface QuestdbBenchOptions extends FleetShape {
  readonly url: string;
  /** Prepared or empty; gpu_metrics and its rollups are made anew. */
  readonly database: Database;
  readonly flush_rows: number;
  /** `deferred`: the rollups are refreshed once, after the last row. */
  readonly rollups: 'none' | 'deferred' | 'immediate';
  /** CPU used by the database so far, microseconds, where the caller can tell. */
  readonly questdb_cpu_us?: () => number;
  readonly clock?: Clock;
}

export interface QuestdbBenchResult extends FleetShape {
  readonly flush_rows: number;
  readonly rollups: QuestdbBenchOptions['rollups'];
  /** Until the last row was acknowledged, and until it could be read. */
  readonly rows_per_s_taken: number;
  readonly rows_per_s_readable: number;
  /** From the last row readable to the rollups complete. */
  readonly rollups_s: number;
  readonly sink_cpu_us: number;
  /** Per row; null where the caller cannot tell. */
  readonly questdb_cpu_us: number | null;
  readonly questdb_cpu_us_with_rollups: number | null;
  /** Rows found afterwards. */
  readonly rows_stored: number;
}

const GPUS_PER_NODE = 8;
const NODES_PER_BATCH = 64;
/** Readings of so many rows are made beforehand and used in turn. */
const READINGS = 4_096;

/** Batches as the engine makes them: scrapes of 8 GPUs, one group each, node after node through the interval. */
function* fleetBatches(shape: FleetShape, from: number): Generator<Batch> {
  const groups = new Map<number, { registry: Registry; nodes: { node: number; gpus: number[] }[] }>();
  for (let n = 0; n * GPUS_PER_NODE < shape.gpus; n++) {
    const name = `node-${String(n).padStart(5, '0')}`;
    const number = groupOf(name);
    const group = groups.get(number) ?? { registry: new Registry(number), nodes: [] };
    groups.set(number, group);
    const node = group.registry.node(name);
    const gpus = Array.from({ length: Math.min(GPUS_PER_NODE, shape.gpus - n * GPUS_PER_NODE) }, (_, slot) => {
      const uuid = `GPU-${(n * GPUS_PER_NODE + slot).toString(16).padStart(8, '0')}-7b3c-4f52-9d1e-${n.toString(16).padStart(12, '0')}`;
      const identity = { uuid, instance: '', model: 'H100', pci_bus_id: '', serial: '', slot: String(slot) };
      return group.registry.gpu(identity, node);
    });
    group.nodes.push({ node, gpus });
  }
  const readings = new Float64Array(READINGS * METRIC_COUNT).fill(Number.NaN);
  for (let row = 0; row < READINGS; row++) {
    METRICS.slice(0, shape.metrics).forEach((metric, m) => {
      const share = ((row * 31 + m * 17) % 997) / 997;
      readings[row * METRIC_COUNT + m] = metric.min + share * (Math.min(metric.max, 100_000) - metric.min);
    });
  }
  let sent = 0;
  for (let tick = 0; ; tick++) {
    for (const { registry, nodes } of groups.values()) {
      for (let first = 0; first < nodes.length; first += NODES_PER_BATCH) {
        const some = nodes.slice(first, first + NODES_PER_BATCH);
        const rows = some.flatMap(({ node, gpus }) => gpus.map((gpu) => ({ node, gpu })));
        const offset = (tick * 613 + first) % (READINGS - rows.length);
        yield {
          group: registry.group,
          registry,
          rows: rows.length,
          ts: new Float64Array(rows.length).fill(from + tick * shape.interval_ms),
          gpu: Uint32Array.from(rows, (row) => row.gpu),
          node: Uint32Array.from(rows, (row) => row.node),
          attribution: new Uint32Array(rows.length),
          values: readings.subarray(offset * METRIC_COUNT, (offset + rows.length) * METRIC_COUNT),
          xids: [],
          arrived_at: new Float64Array(rows.length),
          clock: new Float64Array(rows.length),
          position: 0,
        };
        sent += rows.length;
        if (sent >= shape.rows) return;
      }
    }
  }
}

/** Encodes rows of gpu_metrics and throws the bytes away: the sink's own cost without the network. */
export function benchRowEncoder(shape: FleetShape, clock: Clock = systemClock): EncoderBenchResult {
  const encoder = rowEncoder(GPU_METRICS.name);
  const chunk = createChunk(48 << 20, 50_000);
  let rows = 0;
  let bytes = 0;
  let spent_ms = 0;
  for (const batch of fleetBatches(shape, clock.now())) {
    const started = clock.monotonic();
    for (let from = 0; from < batch.rows; ) {
      from = encoder.append(batch, from, chunk);
      if (from < batch.rows) {
        bytes += chunk.length;
        clearChunk(chunk);
      }
    }
    spent_ms += clock.monotonic() - started;
    rows += batch.rows;
  }
  bytes += chunk.length;
  return { ...shape, rows, rows_per_s: Math.round((rows / spent_ms) * 1_000), bytes_per_row: Math.round(bytes / rows) };
}

/** Writes a fleet's rows through the real sink into a real QuestDB as fast as it takes them. */
export async function benchQuestdb(options: QuestdbBenchOptions): Promise<QuestdbBenchResult> {
  const { database, clock = systemClock } = options;
  for (const view of ROLLUPS.toReversed()) await database.query(`DROP MATERIALIZED VIEW IF EXISTS ${view.name}`);
  await database.query('DROP TABLE IF EXISTS gpu_metrics');
  await prepareDatabase(database, {
    tables: [GPU_METRICS],
    rollups: options.rollups === 'none' ? [] : ROLLUPS,
    refresh: options.rollups === 'immediate' ? 'immediate' : { every_minutes: 600 },
  });
  const sink = gpuMetricsSink({
    url: options.url,
    rows_max: options.flush_rows,
    bytes_max: 48 << 20,
    chunks_max: 4,
    age_max: seconds(1),
    answer_timeout: seconds(60),
    backoff_min: milliseconds(50),
    backoff_max: seconds(5),
    close_timeout: seconds(60),
    onRefused: (rows) => {
      throw new Error(`refused: ${rows[0]?.reason}`);
    },
    onEvent: () => {},
  });
  const cpu = (): number => options.questdb_cpu_us?.() ?? Number.NaN;
  const perRow = (us: number): number | null => (Number.isNaN(us) ? null : Math.round((us / rows) * 100) / 100);
  const own = process.cpuUsage();
  const cpuBefore = cpu();
  const started = clock.monotonic();
  let rows = 0;
  const hour = 3_600_000;
  for (const batch of fleetBatches(options, Math.floor(clock.now() / hour) * hour - 2 * hour)) {
    await sink.pressure();
    sink.write(batch);
    rows += batch.rows;
    // One turn of the event loop: in the engine the source's reads are between two batches.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await sink.flush();
  const taken = clock.monotonic();
  const { user, system } = process.cpuUsage(own);
  await database.query("SELECT wait_wal_table('gpu_metrics')");
  const readable = clock.monotonic();
  const cpuReadable = cpu();
  if (options.rollups !== 'none') await completeRollups(database);
  const completed = clock.monotonic();
  const cpuAfter = cpu();
  await sink.close();
  const [stored] = await database.query<{ n: number }>('SELECT count() AS n FROM gpu_metrics');
  const rate = (until: number): number => Math.round((rows / (until - started)) * 1_000);
  return {
    rows,
    gpus: options.gpus,
    metrics: options.metrics,
    interval_ms: options.interval_ms,
    flush_rows: options.flush_rows,
    rollups: options.rollups,
    rows_per_s_taken: rate(taken),
    rows_per_s_readable: rate(readable),
    rollups_s: Math.round(completed - readable) / 1_000,
    sink_cpu_us: Math.round(((user + system) / rows) * 100) / 100,
    questdb_cpu_us: perRow(cpuReadable - cpuBefore),
    questdb_cpu_us_with_rollups: perRow(cpuAfter - cpuBefore),
    rows_stored: stored?.n ?? 0,
  };
}

async function completeRollups(database: Database): Promise<void> {
  for (const { name } of ROLLUPS) {
    await database.query(`REFRESH MATERIALIZED VIEW ${name} INCREMENTAL`);
    for (;;) {
      const [view] = await database.query<{ behind: number }>(
        'SELECT base_table_txn - refresh_base_table_txn AS behind FROM materialized_views() WHERE view_name = $1',
        [name],
      );
      if (view === undefined || view.behind <= 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await database.query(`SELECT wait_wal_table('${name}')`);
  }
}
