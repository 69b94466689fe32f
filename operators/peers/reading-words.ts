import type { MetricName } from '../../pipeline/contract/metrics.ts';

const digits = (value: number, fraction: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: fraction });

/** A reading for people: `1,755 MHz`, `62.5 C`, `93.4 %`, `12.3 GB/s`. */
export function readingWords(value: number, metric: MetricName): string {
  if (metric.endsWith('_mhz')) return `${digits(value, 0)} MHz`;
  if (metric.endsWith('_watts')) return `${digits(value, 0)} W`;
  if (metric.endsWith('_celsius')) return `${digits(value, 1)} C`;
  if (metric.endsWith('_mb_per_second')) return `${digits(value / 1e3, 1)} GB/s`;
  if (metric.endsWith('_per_second')) return `${digits(value / 1e9, 1)} GB/s`;
  return `${digits(value * 100, 1)} %`;
}
