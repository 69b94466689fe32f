import { type HrTime, ValueType } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import {
  AggregationTemporality,
  DataPointType,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { MetricFamily } from '../../server/metrics-registry.ts';
import { exactNow } from '../clock.ts';
import type { TelemetryOptions } from './open-spans.ts';
import { resourceOf } from './resource.ts';
import { exportTeller } from './tell-exports.ts';
import { withinGrace } from './within-grace.ts';

/**
 * What /metrics of the API shows, sent to an OTLP/HTTP collector (JSON) again and again: the same names, cumulative, every part
 * and process that this API hears. Values that are no numbers are left out.
 */
export function otlpMetrics(
  options: TelemetryOptions & { readonly every_ms: number; readonly families: () => readonly MetricFamily[] },
): { stop(): Promise<void> } {
  const resource = resourceOf(options);
  const startTime = hrTime(exactNow());
  const scope = { name: 'gpu-vitals', version: options.version };
  const reader = new PeriodicExportingMetricReader({
    exporter: exportTeller(new OTLPMetricExporter(), 'metrics', options.tell),
    exportIntervalMillis: options.every_ms,
    exportTimeoutMillis: Math.min(options.every_ms, 30_000),
    metricProducers: [
      {
        collect: async () => {
          const endTime = hrTime(exactNow());
          const metrics = options.families().map((family) => metricOf(family, startTime, endTime));
          return { resourceMetrics: { resource, scopeMetrics: [{ scope, metrics }] }, errors: [] };
        },
      },
    ],
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  return { stop: () => withinGrace(provider.shutdown()) };
}

function metricOf(family: MetricFamily, startTime: HrTime, endTime: HrTime): MetricData {
  const { name, help } = family;
  const unit = /_seconds(_total)?$/.test(name) ? 's' : /_bytes(_total)?$/.test(name) ? 'By' : '1';
  const common = {
    descriptor: { name, description: help, unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  if (family.type === 'histogram') {
    const dataPoints = family.series.map(({ labels, histogram: { le, counts, sum } }) => ({
      startTime,
      endTime,
      attributes: labels,
      value: {
        buckets: { boundaries: [...le], counts: [...counts] },
        sum,
        count: counts.reduce((total, count) => total + count, 0),
      },
    }));
    return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = family.series
    .filter(({ value }) => Number.isFinite(value))
    .map(({ labels, value }) => ({ startTime, endTime, attributes: labels, value }));
  if (family.type === 'counter') return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
  return { ...common, dataPointType: DataPointType.GAUGE, dataPoints };
}

const hrTime = (epoch_ms: number): HrTime => [Math.floor(epoch_ms / 1_000), Math.round((epoch_ms % 1_000) * 1e6)];
