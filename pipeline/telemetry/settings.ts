/** Which signals go to an OpenTelemetry collector, and how often metrics do. */
export interface TelemetrySettings {
  readonly traces: boolean;
  readonly metrics: boolean;
  readonly metrics_every_ms: number;
  /** Null: the standard variables say how to sample. */
  readonly sampled_ratio: number | null;
}

/** Of scrapes, where nobody says otherwise: each sampled one has about forty spans. */
const SAMPLED_RATIO = 0.01;
const METRICS_EVERY_MS = 60_000;

/**
 * Off unless an endpoint or an exporter is named by OpenTelemetry's standard variables: OTEL_EXPORTER_OTLP_ENDPOINT, also
 * _TRACES_ and _METRICS_, or OTEL_TRACES_EXPORTER=otlp, OTEL_METRICS_EXPORTER=otlp; `none` there and OTEL_SDK_DISABLED=true switch off.
 * Unlike the standard's default, one of a hundred traces is sampled while OTEL_TRACES_SAMPLER is not set.
 * Source: OpenTelemetry specification, "Environment Variable Specification" and "OpenTelemetry Protocol Exporter".
 */
export function telemetrySettings(env: NodeJS.ProcessEnv): TelemetrySettings {
  const said = (name: string): string => (env[name] ?? '').trim();
  const on = (signal: 'TRACES' | 'METRICS'): boolean => {
    if (said('OTEL_SDK_DISABLED').toLowerCase() === 'true') return false;
    const exporters = said(`OTEL_${signal}_EXPORTER`).toLowerCase();
    if (exporters !== '') return exporters.split(',').some((one) => one.trim() === 'otlp');
    return said('OTEL_EXPORTER_OTLP_ENDPOINT') !== '' || said(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`) !== '';
  };
  const every = Number(said('OTEL_METRIC_EXPORT_INTERVAL'));
  return {
    traces: on('TRACES'),
    metrics: on('METRICS'),
    metrics_every_ms: every >= 1 ? every : METRICS_EVERY_MS,
    sampled_ratio: said('OTEL_TRACES_SAMPLER') === '' ? SAMPLED_RATIO : null,
  };
}
