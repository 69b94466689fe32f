import { METRICS, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { ROLLUPS, type RollupSpec, rollupAggregates } from '../../pipeline/contract/tables.ts';

export type Resolution = 'raw' | RollupSpec['size'];

/** The finest resolution whose rows over the span stay within points_max; the coarsest when none does. */
export function chooseResolution(span_ms: number, points_max: number, interval_ms: number): Resolution {
  if (span_ms / interval_ms <= points_max) return 'raw';
  return ROLLUPS.find((view) => span_ms / view.size_ms <= points_max)?.size ?? '1h';
}

/** Columns that a resolution has for the metrics: masks and codes have none in rollups. */
export function seriesColumns(metrics: readonly MetricName[], resolution: Resolution): string[] {
  if (resolution === 'raw') return [...metrics];
  return metrics.flatMap((name) => {
    const metric = METRICS[metricIndex(name)];
    return metric === undefined ? [] : rollupAggregates(metric).map((aggregate) => `${name}_${aggregate}`);
  });
}
