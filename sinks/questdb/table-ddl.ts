import { METRICS } from '../../pipeline/contract/metrics.ts';
import type { ColumnSpec, TableSpec } from '../../pipeline/contract/table-spec.ts';
import { type RollupSpec, rollupAggregates } from '../../pipeline/contract/tables.ts';
import { quoted } from './select-rows.ts';

/** What the database calls a column's type. */
export const storedType = ({ type }: ColumnSpec): string =>
  type === 'JSON' ? 'VARCHAR' : type === 'TRISTATE' ? 'SYMBOL' : type;

const columnText = (column: ColumnSpec): string => `${quoted(column.name)} ${storedType(column)}`;

/** QuestDB takes a TTL in whole partitions only; never shorter than asked for by more than a month's uneven length. */
function lifetime(spec: TableSpec): string {
  const days = spec.ttl_days;
  if (days === null) return '';
  switch (spec.partition) {
    case 'HOUR':
    case 'DAY':
      return ` TTL ${days} DAYS`;
    case 'WEEK':
      return ` TTL ${Math.ceil(days / 7)} WEEKS`;
    case 'MONTH':
      return ` TTL ${Math.ceil(days / 30.5)} MONTHS`;
    case 'YEAR':
      return ` TTL ${Math.ceil(days / 366)} YEARS`;
  }
}

/** CREATE TABLE IF NOT EXISTS with designated timestamp, partitions, TTL, WAL and dedup keys. */
export const createTable = (spec: TableSpec): string =>
  `CREATE TABLE IF NOT EXISTS ${quoted(spec.name)} (${spec.columns.map(columnText).join(', ')}) TIMESTAMP(ts) ` +
  `PARTITION BY ${spec.partition}${lifetime(spec)} WAL DEDUP UPSERT KEYS(${spec.keys.map(quoted).join(', ')})`;

export const addColumn = (table: string, column: ColumnSpec): string =>
  `ALTER TABLE ${quoted(table)} ADD COLUMN IF NOT EXISTS ${columnText(column)}`;

/**
 * Rollups hold one column per average besides those of their specification: the number of readings behind it, which is
 * what makes the average of averages right, also where readings are missing.
 */
const countName = (metric: string): string => `${metric}_n`;

/** The statement behind a rollup: from samples, or from the finer rollup. */
export function rollupQuery(view: RollupSpec): string {
  const fromSamples = view.from === 'gpu_metrics';
  const selected: string[] = [];
  const counts: string[] = [];
  for (const metric of METRICS) {
    for (const aggregate of rollupAggregates(metric)) {
      const name = quoted(`${metric.name}_${aggregate}`);
      if (aggregate !== 'avg') {
        selected.push(`${aggregate}(${fromSamples ? quoted(metric.name) : name}) ${name}`);
        continue;
      }
      const n = quoted(countName(metric.name));
      selected.push(
        fromSamples ? `avg(${quoted(metric.name)}) ${name}` : `(sum(${name} * ${n}) / sum(${n}))::DOUBLE ${name}`,
      );
      counts.push(`${fromSamples ? `count(${quoted(metric.name)})` : `sum(${n})`}::INT ${n}`);
    }
  }
  return `SELECT ts, gpu_uuid, node, instance, ${[...selected, ...counts].join(', ')} FROM ${quoted(view.from)} SAMPLE BY ${view.size}`;
}

/** How a rollup follows its base: with every transaction, or with all of them since the last time every so many minutes. */
export type ViewRefresh = 'immediate' | { readonly every_minutes: number };

/**
 * Minutes between refreshes. A refresh computes every bucket that got rows again, from all its rows: with every
 * transaction (one a second) that is each minute thirty times over, every five minutes it is little more than once. Late
 * rows are in the next refresh whatever their age; `listSeries` computes what is newer than the last one.
 */
export const REFRESH_MINUTES: Readonly<Record<RollupSpec['size'], number>> = { '1m': 5, '5m': 5, '1h': 15 };

export const refreshText = (refresh: ViewRefresh): string =>
  refresh === 'immediate' ? 'IMMEDIATE' : `EVERY ${Math.trunc(refresh.every_minutes)}m`;

export const createRollup = (view: RollupSpec, refresh: ViewRefresh): string =>
  `CREATE MATERIALIZED VIEW IF NOT EXISTS ${quoted(view.name)} WITH BASE ${quoted(view.from)} REFRESH ` +
  `${refreshText(refresh)} AS (${rollupQuery(view)}) ` +
  `PARTITION BY ${view.partition}${lifetime(view)}`;
