import { METRICS, type Metric } from '../../../pipeline/contract/metrics.ts';

export interface MetricGroup {
  readonly title: string;
  readonly metrics: readonly Metric[];
}

const TITLES: readonly (readonly [string, RegExp])[] = [
  ['Temperature and power', /_celsius$|_watts$|_joules_total$/],
  ['Activity and clocks', /_mhz$|_(util|active|occupancy)_ratio$|^throttle_reasons$/],
  ['Framebuffer', /^fb_/],
  ['PCIe and NVLink', /^(pcie|nvlink)_/],
  ['Memory errors', /^(ecc|retired|remapped|row_remap)/],
  ['Time held back', /_violation_ns_total$/],
];

/** The whole catalogue in groups, each metric once; what fits nowhere is in the last group, so nothing new gets lost. */
export function metricGroups(): MetricGroup[] {
  const left = new Set<Metric>(METRICS);
  const groups = TITLES.map(([title, pattern]) => {
    const metrics = [...left].filter((metric) => pattern.test(metric.name));
    for (const metric of metrics) left.delete(metric);
    return { title, metrics };
  });
  return [...groups, { title: 'Driver', metrics: [...left] }].filter(({ metrics }) => metrics.length > 0);
}

/** Why a reading is not there, as far as it can be known from outside. */
export function missingReason(metric: Metric, instance: string): string {
  if (metric.kind === 'code' && metric.unit === 'XID') return 'No XID was reported.';
  if (instance !== '' && !metric.name.endsWith('_active_ratio') && !metric.name.startsWith('fb_')) {
    return 'Not told for a MIG instance.';
  }
  if (metric.zero_is_missing === true) return 'Not on this board, or not sent by its exporter.';
  return 'Not in the last sample: the exporter does not send it, or sent a blank.';
}
