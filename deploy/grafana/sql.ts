import { METRICS, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { type Aggregate, ROLLUPS, type RollupSpec, rollupAggregates } from '../../pipeline/contract/tables.ts';

/**
 * Pieces of the panels' SQL. `$cluster`, `$node` and `$gpu` are the dashboards' variables; "All" of each is the text `all`,
 * so that a condition that chooses nothing is folded away by the database and never lists ten thousand names.
 */
const named = (variable: string, column: string): string => `('all' IN ($${variable}) OR ${column} IN ($${variable}))`;

const CLUSTER = `('all' IN ($cluster) OR gpu_uuid IN (SELECT gpu_uuid FROM gpu_assets WHERE cluster IN ($cluster)))`;

/**
 * What is chosen, for every table with gpu_uuid and node. It stands before the time filter: after a BETWEEN QuestDB 9.3 does
 * not read `IN (SELECT`.
 */
export const SCOPE = `${CLUSTER} AND ${named('node', 'node')} AND ${named('gpu', 'gpu_uuid')}`;

/** The same for gpu_assets, which knows the cluster itself. */
export const ASSET_SCOPE = `${named('cluster', 'cluster')} AND ${named('node', 'node')} AND ${named('gpu', 'gpu_uuid')}`;

export const IN_RANGE = '$__timeFilter(ts)';

/** The end of the range, or now where the range reaches into the future. */
const END = 'least($__timeTo()::timestamp, now())';

/** Rows of the last while before the end of the range: what holds there, so that a panel can look back. */
export const lately = (unit: 'm' | 'h' | 'd', count: number): string =>
  `ts > dateadd('${unit}', -${count}, ${END}) AND ts <= ${END}`;

/** The newest row of each GPU and instance at the end of the range. */
export const newest = (columns: string, table: string, hours: number, where = ''): string =>
  `SELECT ${columns} FROM ${table} WHERE ${SCOPE}${where} AND ${lately('h', hours)} LATEST ON ts PARTITION BY gpu_uuid, instance`;

/** Of what comes every five minutes, what comes first in each hour: a week of a large fleet is twenty million rows. */
export const ONCE_AN_HOUR = 'minute(ts) < 5';

/** Where samples are read, by how long the range is; the finest first. */
export interface Tier {
  readonly table: string;
  readonly size: 'raw' | RollupSpec['size'];
  /** Scope, range, and whether this tier is the one to read. */
  readonly where: string;
  /** A metric's column; null when the tier has none (masks and codes have no rollup). */
  column(metric: MetricName, aggregate: Aggregate): string | null;
}

/** Longest range of a tier, seconds: about four million rows of ten thousand GPUs, whatever the tier. */
const SPANS: readonly (readonly [size: Tier['size'], span_max_s: number])[] = [
  ['raw', 3_600],
  ['1m', 6 * 3_600],
  ['5m', 36 * 3_600],
  ['1h', 3_660 * 86_400],
];

export const RESOLUTIONS: readonly string[] = ['auto', ...SPANS.map(([size]) => size)];

const SPAN = '$__unixEpochTo() - $__unixEpochFrom()';

/** Tiers by their longest range, the finest first; a range below 0 is never chosen but by hand. */
export const tiersOf = (spans: typeof SPANS): readonly Tier[] =>
  spans.map(([size, most], i) => {
    const least = Math.max(0, (spans[i - 1]?.[1] ?? -1) + 1);
    const chosen = `('$resolution' = '${size}' OR ('$resolution' = 'auto' AND ${SPAN} >= ${least} AND ${SPAN} <= ${most}))`;
    const rollup = ROLLUPS.find((view) => view.size === size);
    return {
      table: rollup?.name ?? 'gpu_metrics',
      size,
      where: `${chosen} AND ${SCOPE} AND ${IN_RANGE}`,
      column: (metric, aggregate) => {
        if (rollup === undefined) return metric;
        const spec = METRICS[metricIndex(metric)];
        return spec !== undefined && rollupAggregates(spec).includes(aggregate) ? `${metric}_${aggregate}` : null;
      },
    };
  });

const TIERS = tiersOf(SPANS);

/**
 * One statement for any range: the tier that fits the range is read, the others are empty before they are opened, since their
 * condition is made of constants. `write` answers null where a tier cannot tell it. Cost: that of the one tier.
 */
export const byRange = (write: (tier: Tier) => string | null, tiers = TIERS): string =>
  tiers
    .map(write)
    .filter((part) => part !== null)
    .join('\nUNION ALL\n');

/** Rows over time in order: Grafana asks for it, and QuestDB drops the order of a union's members. */
export const inTimeOrder = (statement: string): string => `SELECT * FROM (${statement}) ORDER BY time`;

/** Figures over time, each an expression over columns of the tier. */
export const overTime = (
  figures: (column: (metric: MetricName, aggregate?: Aggregate) => string) => readonly string[],
): string =>
  inTimeOrder(
    byRange((tier) => {
      let known = true;
      const selected = figures((metric, aggregate = 'avg') => {
        const name = tier.column(metric, aggregate);
        known &&= name !== null;
        return name ?? metric;
      });
      return known
        ? `SELECT ts AS time, ${selected.join(', ')} FROM ${tier.table} WHERE ${tier.where} SAMPLE BY $__interval`
        : null;
    }),
  );

/**
 * How many rows of a table had each of some values, by step of time, a column per value. Grouped first and laid out after: a
 * comparison per row and value would take seconds for a week of a large fleet.
 */
export const countsOverTime = (table: string, value: string, names: Readonly<Record<string, string>>): string => {
  const columns = Object.entries(names).map(
    ([name, test]) => `sum(CASE WHEN value ${test} THEN n ELSE 0 END) AS "${name}"`,
  );
  const grouped = `SELECT ts AS time, ${value} AS value, count() AS n FROM ${table} WHERE ${SCOPE} AND ${IN_RANGE} SAMPLE BY $__interval`;
  return `SELECT time, ${columns.join(', ')} FROM (${grouped}) GROUP BY time ORDER BY time`;
};

/** For countsOverTime: each name under itself. */
export const each = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, `= '${name}'`]));
