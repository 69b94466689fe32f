import type { MetricName } from '../../pipeline/contract/metrics.ts';
import { byRange, type Tier } from './sql.ts';

/**
 * MIG instances repeat what their board tells, and a board counts once however it is cut. To reduce every board first takes
 * seconds for a large fleet, and almost all are whole, one row an instant: only those with instances in the range are reduced.
 */
const cut = (tier: Tier): string =>
  `SELECT DISTINCT gpu_uuid FROM ${tier.table} WHERE instance != '' AND ${tier.where}`;

/** Rows of boards without instances. */
export const ofWholeBoards = (tier: Tier): string =>
  `${tier.table} WHERE gpu_uuid NOT IN (${cut(tier)}) AND ${tier.where}`;

/** Rows of boards with instances, the board's own among them. */
export const ofCutBoards = (tier: Tier): string => `${tier.table} WHERE gpu_uuid IN (${cut(tier)}) AND ${tier.where}`;

/**
 * Sums over boards of their means by step of time, metrics by the name of their sum, in two rows a step: whole boards and
 * cut ones. A factor stands within: QuestDB 9.3 fails on one outside of a sum over a union.
 */
export function boardSums(
  tier: Tier,
  metrics: Readonly<Record<string, MetricName>>,
  step: string,
  factor = '',
): string {
  const means = Object.entries(metrics).map(([name, metric]) => ({ name, mean: `avg(${tier.column(metric, 'avg')})` }));
  const whole = means.map(({ name, mean }) => `${mean} * count_distinct(gpu_uuid)${factor} AS ${name}`);
  const each = means.map(({ name, mean }) => `${mean} AS ${name}`);
  const sums = means.map(({ name }) => `sum(${name})${factor} AS ${name}`);
  return `SELECT ts AS time, ${whole.join(', ')} FROM ${ofWholeBoards(tier)} SAMPLE BY ${step}
UNION ALL
SELECT ts AS time, ${sums.join(', ')} FROM (SELECT ts, gpu_uuid, ${each.join(', ')} FROM ${ofCutBoards(tier)} SAMPLE BY ${step}) SAMPLE BY ${step}`;
}

/** Readings of boards over time, each added up over the boards that are chosen. */
export function boardSumsOverTime(metrics: readonly MetricName[]): string {
  const named = Object.fromEntries(metrics.map((metric) => [metric, metric]));
  const sums = metrics.map((metric) => `sum(${metric}) AS ${metric}`);
  const steps = byRange((tier) => boardSums(tier, named, '$__interval'));
  return `SELECT time, ${sums.join(', ')} FROM (${steps}) GROUP BY time ORDER BY time`;
}
