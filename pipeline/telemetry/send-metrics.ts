import type { MetricFamily } from '../../server/metrics-registry.ts';
import type { TelemetryOptions } from './open-spans.ts';
import { telemetrySettings } from './settings.ts';

/** Null unless the standard variables ask for metrics: then the library is not even loaded. */
export async function sendMetrics(
  options: TelemetryOptions & { readonly families: () => readonly MetricFamily[] },
): Promise<{ stop(): Promise<void> } | null> {
  const { metrics, metrics_every_ms } = telemetrySettings(options.env);
  if (!metrics) return null;
  const { otlpMetrics } = await import('./otlp-metrics.ts');
  return otlpMetrics({ ...options, every_ms: metrics_every_ms });
}
