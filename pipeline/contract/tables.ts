import { DIMENSIONS } from './events.ts';
import { FEATURES } from './features.ts';
import { METRICS, type Metric } from './metrics.ts';

/**
 * The tables: one description for DDL, JSON rows, REST fields and documentation. `ts` is the designated timestamp;
 * identity columns come first; instants are epoch ms outside the database and TIMESTAMP inside.
 */
export type ColumnType =
  | 'TIMESTAMP'
  | 'SYMBOL'
  | 'VARCHAR'
  | 'DOUBLE'
  | 'FLOAT'
  | 'LONG'
  | 'BOOLEAN'
  /** A list or object outside the database, its JSON text (VARCHAR) inside. */
  | 'JSON';

export interface ColumnSpec {
  readonly name: string;
  readonly type: ColumnType;
  readonly help: string;
}

export interface TableSpec {
  readonly name: string;
  readonly summary: string;
  readonly columns: readonly ColumnSpec[];
  /** DEDUP UPSERT KEYS: a row with the same keys replaces the one before. */
  readonly keys: readonly string[];
  readonly partition: 'HOUR' | 'DAY' | 'WEEK' | 'MONTH' | 'YEAR';
  /** How long rows are kept, in days; null = for ever. */
  readonly ttl_days: number | null;
}

const column = (name: string, type: ColumnType, help: string): ColumnSpec => ({ name, type, help });
const TS = column('ts', 'TIMESTAMP', 'Event time.');
const UUID = column('gpu_uuid', 'SYMBOL', 'GPU identity.');
const NODE = column('node', 'SYMBOL', 'Host.');
const INSTANCE = column('instance', 'SYMBOL', "MIG's GPU_I_ID; empty for the whole board.");

export const GPU_METRICS: TableSpec = {
  name: 'gpu_metrics',
  summary: 'One row per GPU (or MIG instance) and scrape.',
  columns: [
    TS,
    UUID,
    NODE,
    INSTANCE,
    ...METRICS.map((metric) => column(metric.name, metric.column, `${metric.help} (${metric.unit})`)),
  ],
  keys: ['ts', 'gpu_uuid', 'instance'],
  partition: 'HOUR',
  ttl_days: 90,
};

export type Aggregate = 'avg' | 'min' | 'max';
/** What a rollup keeps of a metric: gauges `_avg _min _max`, counters `_min _max`, flags `_max`, masks and codes nothing. */
export const rollupAggregates = (metric: Metric): readonly Aggregate[] => {
  switch (metric.kind) {
    case 'gauge':
      return ['avg', 'min', 'max'];
    case 'counter':
      return ['min', 'max'];
    case 'flag':
      return ['max'];
    case 'mask':
    case 'code':
      return [];
  }
};

export interface RollupSpec extends TableSpec {
  readonly size: '1m' | '5m' | '1h';
  readonly size_ms: number;
  /** The table or view that it is computed from. */
  readonly from: string;
}

const rollup = (
  size: RollupSpec['size'],
  sizeMs: number,
  from: string,
  partition: TableSpec['partition'],
): RollupSpec => ({
  name: `gpu_metrics_${size}`,
  summary: `gpu_metrics by ${size}: gauges averaged, with extremes.`,
  columns: [
    TS,
    UUID,
    NODE,
    INSTANCE,
    ...METRICS.flatMap((metric) =>
      rollupAggregates(metric).map((aggregate) =>
        column(
          `${metric.name}_${aggregate}`,
          metric.column === 'FLOAT' && aggregate !== 'avg' ? 'FLOAT' : 'DOUBLE',
          `${aggregate} of ${metric.name}.`,
        ),
      ),
    ),
  ],
  keys: [],
  partition,
  ttl_days: 365,
  size,
  size_ms: sizeMs,
  from,
});

export const ROLLUPS: readonly RollupSpec[] = [
  rollup('1m', 60_000, 'gpu_metrics', 'DAY'),
  rollup('5m', 300_000, 'gpu_metrics_1m', 'DAY'),
  rollup('1h', 3_600_000, 'gpu_metrics_5m', 'MONTH'),
];

export const GPU_ASSETS: TableSpec = {
  name: 'gpu_assets',
  summary: 'Inventory: one row per GPU, rewritten when a fact changes.',
  columns: [
    TS,
    UUID,
    NODE,
    column('model', 'SYMBOL', 'Model name as the driver tells it.'),
    column('serial', 'VARCHAR', 'Board serial number.'),
    column('pci_bus_id', 'VARCHAR', 'PCI bus id.'),
    column('cluster', 'SYMBOL', 'Cluster.'),
    column('rack', 'SYMBOL', 'Rack.'),
    column('slot', 'VARCHAR', 'Slot in the node.'),
    column('owner', 'SYMBOL', 'Owning team.'),
    column('tenant', 'SYMBOL', 'Tenant that may see it.'),
    column('deployed_at', 'TIMESTAMP', 'In service since.'),
    column('warranty_until', 'TIMESTAMP', 'End of warranty.'),
    column('purchase_price', 'DOUBLE', 'Price paid, USD.'),
    column('operating_hours', 'DOUBLE', 'Hours in service at registered_at.'),
    column('registered_at', 'TIMESTAMP', 'When it was first known here.'),
    column('status', 'SYMBOL', 'active, maintenance or retired.'),
    column('note', 'VARCHAR', 'Free text.'),
    column('retired_at', 'TIMESTAMP', 'Out of service since.'),
  ],
  keys: ['ts', 'gpu_uuid'],
  partition: 'YEAR',
  ttl_days: null,
};

export const ANOMALIES: TableSpec = {
  name: 'anomalies',
  summary: 'One row per anomaly; closing rewrites it.',
  columns: [
    TS,
    UUID,
    NODE,
    INSTANCE,
    column('id', 'VARCHAR', 'Stable id from detector, GPU, metric and opening.'),
    column('type', 'SYMBOL', 'Kind of anomaly.'),
    column('metric', 'SYMBOL', 'Metric concerned.'),
    column('severity', 'SYMBOL', 'info, warning or critical.'),
    column('score', 'DOUBLE', "The detector's figure, for z-scores in sigma."),
    column('observed', 'DOUBLE', 'Reading at the opening, or the extreme one since.'),
    column('expected', 'DOUBLE', 'What the detector expected.'),
    column('window', 'VARCHAR', 'Span of history that it was judged against.'),
    column('detector', 'SYMBOL', 'Step that found it.'),
    column('explanation', 'VARCHAR', 'One sentence with numbers and units.'),
    column('state', 'SYMBOL', 'open or closed.'),
    column('opened_at', 'TIMESTAMP', 'When it opened.'),
    column('closed_at', 'TIMESTAMP', 'When it closed; null while open.'),
  ],
  keys: ['ts', 'gpu_uuid', 'id'],
  partition: 'MONTH',
  ttl_days: 365,
};

const ID = column('id', 'VARCHAR', 'Stable id from its cause.');
const SEVERITY = column('severity', 'SYMBOL', 'info, warning or critical.');

export const GPU_FEATURES: TableSpec = {
  name: 'gpu_features',
  summary: 'Features of each GPU (or MIG instance), every 5 minutes; feature_definitions documents each.',
  columns: [
    TS,
    UUID,
    NODE,
    INSTANCE,
    ...FEATURES.map(({ name, formula, unit, window }) => column(name, 'FLOAT', `${formula}; ${unit}, ${window}`)),
  ],
  keys: ['ts', 'gpu_uuid', 'instance'],
  partition: 'DAY',
  ttl_days: 365,
};

export const FEATURE_DEFINITIONS: TableSpec = {
  name: 'feature_definitions',
  summary: 'What each feature means, by version.',
  columns: [
    column('ts', 'TIMESTAMP', 'The same for all: there since the beginning.'),
    column('name', 'SYMBOL', 'Column of gpu_features.'),
    column('unit', 'SYMBOL', 'Unit.'),
    column('window', 'SYMBOL', '1h, 6h, 24h or 7d; `now` for what holds at the row.'),
    column('formula', 'VARCHAR', 'How it is computed.'),
    column('version', 'LONG', 'Rises when the name begins to mean another number.'),
  ],
  keys: ['ts', 'name', 'version'],
  partition: 'YEAR',
  ttl_days: null,
};

export const GPU_HEALTH_SCORES: TableSpec = {
  name: 'gpu_health_scores',
  summary: 'Health of each GPU (or MIG instance), every 15 minutes and when something critical opens or closes.',
  columns: [
    TS,
    UUID,
    NODE,
    INSTANCE,
    column('overall_score', 'DOUBLE', '0..100 to one decimal; null when nothing is known.'),
    ...DIMENSIONS.map((name) => column(`${name}_health`, 'DOUBLE', `0..100; null when nothing is known of ${name}.`)),
    column('health_grade', 'SYMBOL', 'excellent, good, fair, degraded, poor, critical or unknown.'),
    column('degradation_factors', 'JSON', 'What pulls it down, as a list of names.'),
    column('confidence', 'DOUBLE', '0..1: how much of what the score needs was there.'),
    ...DIMENSIONS.map((name) => column(`${name}_confidence`, 'DOUBLE', '0..1.')),
    column('contributions', 'JSON', 'Points lost: dimension, points, metric, value, limit, unit, window, action.'),
    column('explanation', 'VARCHAR', 'The verdict in a sentence with numbers.'),
    column('action', 'SYMBOL', 'Recovery action.'),
    column('profile', 'SYMBOL', 'default or reference.'),
  ],
  keys: ['ts', 'gpu_uuid', 'instance', 'profile'],
  partition: 'DAY',
  ttl_days: 365,
};

export const XID_EPISODES: TableSpec = {
  name: 'xid_episodes',
  summary: 'Fault stories: XIDs and anomalies of one GPU merged; every change rewrites the row.',
  columns: [
    TS,
    UUID,
    NODE,
    INSTANCE,
    ID,
    column('xids', 'JSON', 'Distinct codes in the order of their appearance.'),
    column('primary_xid', 'LONG', 'The code that the others follow from; null for a story without XIDs.'),
    column('anomalies', 'JSON', 'Types of the anomalies in it.'),
    SEVERITY,
    column('category', 'SYMBOL', 'memory, thermal, power, bus, fabric, driver, application, sensor or unknown.'),
    column('action', 'SYMBOL', 'Recovery action.'),
    column('explanation', 'VARCHAR', 'What happened, and why this action.'),
    column('started_at', 'TIMESTAMP', 'First event.'),
    column('ended_at', 'TIMESTAMP', 'Last event; null while it goes on.'),
    column('count', 'LONG', 'XIDs and anomaly openings in it.'),
    column('cured', 'BOOLEAN', 'Whether a reset or reboot ended it; null while nobody can know.'),
    column('job', 'VARCHAR', 'Who used the GPU.'),
  ],
  keys: ['ts', 'gpu_uuid', 'id'],
  partition: 'MONTH',
  ttl_days: 730,
};

export const INCIDENTS: TableSpec = {
  name: 'incidents',
  summary: 'Episodes of one or several GPUs with one likely origin; every change rewrites the row.',
  columns: [
    TS,
    UUID,
    NODE,
    ID,
    column('scope', 'SYMBOL', 'gpu, node, nvlink_domain, rack or job.'),
    column('origin', 'VARCHAR', 'What the scope is called.'),
    column('category', 'SYMBOL', 'As of its episodes.'),
    SEVERITY,
    column('state', 'SYMBOL', 'open or closed.'),
    column('gpus', 'JSON', 'UUIDs, in the order of joining.'),
    column('nodes', 'JSON', 'Hosts.'),
    column('episodes', 'JSON', 'Ids.'),
    column('evidence', 'JSON', 'Why this origin: sentences with numbers.'),
    column('action', 'SYMBOL', 'Recovery action.'),
    column('summary', 'VARCHAR', 'One sentence.'),
    column('opened_at', 'TIMESTAMP', 'First event.'),
    column('closed_at', 'TIMESTAMP', 'When all its episodes had ended; null while open.'),
  ],
  keys: ['ts', 'id'],
  partition: 'MONTH',
  ttl_days: 730,
};

export const GPU_FORECASTS: TableSpec = {
  name: 'gpu_forecasts',
  summary: 'What readings are expected to be, a day and three days ahead, at the present workload.',
  columns: [
    TS,
    UUID,
    NODE,
    INSTANCE,
    column('metric', 'SYMBOL', 'Metric or feature.'),
    column('horizon_ms', 'LONG', 'How far ahead of ts, ms.'),
    column('expected', 'DOUBLE', 'Expected value.'),
    column('low', 'DOUBLE', 'Lower end of the 80 % band.'),
    column('high', 'DOUBLE', 'Upper end of the 80 % band.'),
    column('limit', 'DOUBLE', 'Limit that matters; null where there is none.'),
    column('eta_ts', 'TIMESTAMP', 'When the limit is expected to be reached; null when not within two weeks.'),
    column('explanation', 'VARCHAR', 'One sentence with numbers and units.'),
  ],
  keys: ['ts', 'gpu_uuid', 'instance', 'metric', 'horizon_ms'],
  partition: 'MONTH',
  ttl_days: 365,
};

export const FLEET_QUANTILES: TableSpec = {
  name: 'fleet_quantiles',
  summary: 'How each gauge is spread over the fleet and over each model, hour by hour, within 1 %.',
  columns: [
    TS,
    column('model', 'SYMBOL', 'Model; empty for the whole fleet.'),
    column('metric', 'SYMBOL', 'Metric.'),
    column('hour_ts', 'TIMESTAMP', 'Start of the hour that is counted.'),
    column('count', 'LONG', 'Readings counted.'),
    ...['p01', 'p05', 'p25', 'p50', 'p75', 'p95', 'p99'].map((name) =>
      column(name, 'DOUBLE', `${Number(name.slice(1))}th percentile.`),
    ),
  ],
  keys: ['ts', 'model', 'metric'],
  partition: 'MONTH',
  ttl_days: 365,
};

/** Tables that this release writes; views are in ROLLUPS. */
export const TABLES: readonly TableSpec[] = [
  GPU_METRICS,
  GPU_ASSETS,
  ANOMALIES,
  GPU_FEATURES,
  FEATURE_DEFINITIONS,
  GPU_HEALTH_SCORES,
  XID_EPISODES,
  INCIDENTS,
  GPU_FORECASTS,
  FLEET_QUANTILES,
];
