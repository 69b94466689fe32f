import { expect, it } from 'vitest';
import { openSpans } from './open-spans.ts';
import { sendMetrics } from './send-metrics.ts';
import { telemetrySettings } from './settings.ts';

const OFF = { traces: false, metrics: false };
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' };

it.each<[NodeJS.ProcessEnv, Partial<ReturnType<typeof telemetrySettings>>]>([
  [{}, { ...OFF, metrics_every_ms: 60_000, sampled_ratio: 0.01 }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, OFF],
  [ENDPOINT, { traces: true, metrics: true }],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://x/v1/traces' }, { traces: true, metrics: false }],
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://x/v1/metrics' }, { traces: false, metrics: true }],
  [{ OTEL_TRACES_EXPORTER: 'otlp' }, { traces: true, metrics: false }],
  [
    { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' },
    { traces: false, metrics: true },
  ],
  [
    { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'console, OTLP', OTEL_METRICS_EXPORTER: 'prometheus' },
    { traces: true, metrics: false },
  ],
  [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }, OFF],
  [{ ...ENDPOINT, OTEL_TRACES_SAMPLER: 'always_on' }, { sampled_ratio: null }],
  [{ ...ENDPOINT, OTEL_METRIC_EXPORT_INTERVAL: '5000' }, { metrics_every_ms: 5_000 }],
  [{ ...ENDPOINT, OTEL_METRIC_EXPORT_INTERVAL: 'often' }, { metrics_every_ms: 60_000 }],
])('reads %j', (env, expected) => expect(telemetrySettings(env)).toMatchObject(expected));

it('is nothing at all while it is off', async () => {
  const options = { part: 'test', version: '0', env: {}, tell: () => undefined };
  expect(await openSpans(options)).toBeNull();
  expect(await sendMetrics({ ...options, families: () => [] })).toBeNull();
});
