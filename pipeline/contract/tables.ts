import { ALERTS } from './alert-tables.ts';
import { METRICS, type Metric } from './metrics.ts';
import { GPU_ECONOMIC_DECISIONS, GPU_FAILURE_LABELS, GPU_FAILURE_PREDICTIONS } from './prediction-tables.ts';
import { column, INSTANCE, NODE, type TableSpec, TS, UUID } from './table-spec.ts';
import {
  FEATURE_DEFINITIONS,
  FLEET_QUANTILES,
  GPU_FEATURES,
  GPU_FORECASTS,
  GPU_HEALTH_SCORES,
  INCIDENTS,
  XID_EPISODES,
} from './verdict-tables.ts';

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
  GPU_FAILURE_PREDICTIONS,
  GPU_ECONOMIC_DECISIONS,
  GPU_FAILURE_LABELS,
  ALERTS,
];
