import type { MetricName } from '../../pipeline/contract/metrics.ts';
import { ofCutBoards, ofWholeBoards } from './cut-boards.ts';
import { byRange, inTimeOrder, type Tier, tiersOf } from './sql.ts';

/** Counters that are added up, by the name of their sum. */
export type CounterSums = Readonly<Record<string, readonly MetricName[]>>;

/** Rises need rows of each GPU in order, which costs more than a mean: coarser tiers than elsewhere. */
const COUNTER_TIERS = tiersOf([
  ['raw', -1],
  ['1m', 3_600],
  ['5m', 6 * 3_600],
  ['1h', 3_660 * 86_400],
]);

const sumOf = (tier: Tier, metrics: readonly MetricName[], of = (column: string): string => column): string =>
  metrics.map((metric) => `coalesce(${of(tier.column(metric, 'max') ?? metric)}, 0.0)`).join(' + ');

/**
 * Rows with how much each sum rose since the row before of the same GPU; a fall is a reset and counts nothing. Every counter
 * is the board's and repeats on its MIG instances: the highest of an instant stands for all, so that one that was away and
 * comes back does not tell again what the others told. Only GPUs of which any changed at all are looked at row by row:
 * errors are rare.
 */
function rises(tier: Tier, sums: CounterSums): string {
  const names = Object.keys(sums);
  const summed = Object.entries(sums).map(
    ([name, metrics]) => `${sumOf(tier, metrics, (column) => `max(${column})`)} AS ${name}`,
  );
  const spread = Object.values(sums).map((metrics) => `max(${sumOf(tier, metrics)}) - min(${sumOf(tier, metrics)})`);
  const changed = `SELECT gpu_uuid FROM (SELECT gpu_uuid, ${spread.join(' + ')} AS spread FROM ${tier.table} WHERE ${tier.where} GROUP BY gpu_uuid) WHERE spread > 0`;
  const rows = `SELECT ts, gpu_uuid, last(node) AS node, ${summed.join(', ')} FROM ${tier.table} WHERE gpu_uuid IN (${changed}) AND ${tier.where} GROUP BY ts, gpu_uuid ORDER BY ts`;
  const risen = names.map((name) => `${name} - lag(${name}) OVER (PARTITION BY gpu_uuid ORDER BY ts) AS ${name}`);
  return `SELECT ts, gpu_uuid, node, ${risen.join(', ')} FROM (${rows})`;
}

const risen = (sums: CounterSums): string =>
  Object.keys(sums)
    .map((name) => `sum(CASE WHEN ${name} > 0 THEN ${name} ELSE 0.0 END) AS ${name}`)
    .join(', ');

/** How much counters rose over all GPUs that are chosen, by step of time. */
export const risesOverTime = (sums: CounterSums): string =>
  inTimeOrder(
    byRange(
      (tier) => `SELECT ts AS time, ${risen(sums)} FROM (${rises(tier, sums)}) SAMPLE BY $__interval`,
      COUNTER_TIERS,
    ),
  );

/** How much counters rose over the range, by GPU. */
export const risesByGpu = (sums: CounterSums): string =>
  byRange(
    (tier) => `SELECT gpu_uuid, node, ${risen(sums)} FROM (${rises(tier, sums)}) GROUP BY gpu_uuid, node`,
    COUNTER_TIERS,
  );

/** Steps whose extremes tell a violation counter's rise: from the first to the last reading of each. */
const HELD_TIERS = tiersOf([
  ['raw', -1],
  ['1m', -1],
  ['5m', 6 * 3_600],
  ['1h', 3_660 * 86_400],
]);
const STEP_NS: Readonly<Record<Tier['size'], number>> = { raw: 0, '1m': 6e10, '5m': 3e11, '1h': 3.6e12 };

/**
 * Share of the boards' time that counters of nanoseconds name. Within a step none can rise by more than the step: more is a
 * reset. What rises between two steps' readings is not seen, one interval of a step's hundreds.
 */
export function heldShare(metrics: Readonly<Record<string, MetricName>>): string {
  const steps = byRange((tier) => {
    const step = STEP_NS[tier.size];
    if (step === 0) return null;
    const once: string[] = [];
    const figures: string[] = [];
    for (const [name, metric] of Object.entries(metrics)) {
      const high = tier.column(metric, 'max');
      const low = tier.column(metric, 'min');
      const rise = `${high} - ${low}`;
      once.push(`max(${high}) AS ${high}, min(${low}) AS ${low}`);
      figures.push(`sum(CASE WHEN ${rise} <= ${step} THEN ${rise} ELSE 0.0 END) / ${step}.0 AS ${name}`);
      figures.push(`count(${high}) AS ${name}_told`);
    }
    const cut = `(SELECT ts, gpu_uuid, ${once.join(', ')} FROM ${ofCutBoards(tier)} GROUP BY ts, gpu_uuid ORDER BY ts)`;
    return [ofWholeBoards(tier), cut]
      .map((from) => `SELECT ts AS time, ${figures.join(', ')} FROM ${from} SAMPLE BY $__interval`)
      .join('\nUNION ALL\n');
  }, HELD_TIERS);
  const shares = Object.keys(metrics).map((name) => `sum(${name}) / sum(${name}_told) AS ${name}`);
  return `SELECT time, ${shares.join(', ')} FROM (${steps}) GROUP BY time ORDER BY time`;
}
