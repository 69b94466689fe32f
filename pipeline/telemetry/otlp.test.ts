import { afterEach, beforeEach, expect, it } from 'vitest';
import { metricsRegistry } from '../../server/metrics-registry.ts';
import { SampleLatency } from '../contract/sample-latency.ts';
import { openSpans } from './open-spans.ts';
import { otlpCollector, withEnvironment } from './otlp-collector.fixture.ts';
import { sendMetrics } from './send-metrics.ts';

let collector: Awaited<ReturnType<typeof otlpCollector>>;
let undo: () => void;
const told: string[] = [];
const options = () => ({
  part: 'test',
  version: '0.0.1',
  env: process.env,
  tell: (error: { code: string; message: string }) => void told.push(`${error.code}: ${error.message}`),
});

beforeEach(async () => {
  told.length = 0;
  collector = await otlpCollector();
  undo = withEnvironment({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-secret=open',
    OTEL_TRACES_SAMPLER: 'parentbased_always_on',
    OTEL_METRIC_EXPORT_INTERVAL: '60000',
  });
});
afterEach(async () => {
  undo();
  await collector.close();
});

it('sends spans with their parents, times and failures', async () => {
  const spans = await openSpans(options());
  const above = spans?.begin('scrape', { kind: 'client', at_ms: 1_767_225_600_000.25, attributes: { a: 1 } });
  const below = spans?.begin('publish', { kind: 'producer', parent: above?.traceparent ?? '' });
  expect(above?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  below?.end({ failure: 'no room' });
  above?.end({ at_ms: 1_767_225_600_001.5, attributes: { b: 'two' } });
  const stranger = spans?.begin('own', { kind: 'internal', parent: 'nonsense' });
  stranger?.end();
  await spans?.stop();
  const [publish, scrape, own] = collector.spans;
  expect(scrape).toMatchObject({ part: 'test', name: 'scrape', parent_id: '', failed: false });
  expect(scrape?.attributes).toMatchObject({ a: 1, b: 'two' });
  expect((scrape?.end_ms ?? 0) - (scrape?.start_ms ?? 0)).toBeCloseTo(1.25, 1);
  expect(publish).toMatchObject({ trace_id: scrape?.trace_id, parent_id: scrape?.span_id, failed: true });
  expect(own?.parent_id).toBe('');
  expect(own?.trace_id).not.toBe(scrape?.trace_id);
  expect(collector.asked).toEqual(['POST /v1/traces open']);
  expect(told).toEqual([]);
});

it.each([
  [{ OTEL_TRACES_SAMPLER: 'always_off' }, 0, 0],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' }, 400, 600],
  // Nobody says how: one of a hundred.
  [{ OTEL_TRACES_SAMPLER: '' }, 1, 35],
])('samples as %j says', async (env, least, most) => {
  const back = withEnvironment(env as Record<string, string>);
  const spans = await openSpans(options());
  let sampled = 0;
  for (let i = 0; i < 1_000; i++) {
    const span = spans?.begin('scrape', { kind: 'client' });
    if (!span) continue;
    sampled++;
    // What is below a sampled span is always sampled.
    expect(spans?.begin('publish', { kind: 'producer', parent: span.traceparent })).not.toBeNull();
  }
  await spans?.stop();
  back();
  expect(sampled).toBeGreaterThanOrEqual(least);
  expect(sampled).toBeLessThanOrEqual(most);
});

it('tells once that the collector takes nothing, and does not wait for it at the end', async () => {
  collector.state.status = 400;
  const spans = await openSpans(options());
  for (let i = 0; i < 1_100; i++) spans?.begin('scrape', { kind: 'client' })?.end();
  await spans?.stop();
  expect(collector.asked.length).toBeGreaterThan(1);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^GV-TEL-001: spans were not taken: /);
});

it('sends what /metrics shows', async () => {
  const registry = metricsRegistry();
  registry.add(
    { name: 'api_gpus', help: 'GPUs.', value: () => 7 },
    { name: 'api_frames_total', help: 'Frames.', value: () => 3 },
    { name: 'api_event_time_seconds', help: 'Nothing yet.', value: () => Number.NaN },
  );
  const latency = new SampleLatency();
  latency.observe('stored', 0, 300, 4);
  registry.tell('engine.w0', { sample_latency_seconds: latency.told() });
  const sending = await sendMetrics({ ...options(), families: registry.families });
  await sending?.stop();
  expect(collector.asked).toEqual(['POST /v1/metrics open']);
  const byName = new Map(collector.metrics.map((metric) => [metric.name, metric]));
  expect([...byName.keys()].sort()).toEqual([
    'gpu_vitals_api_event_time_seconds',
    'gpu_vitals_api_frames_total',
    'gpu_vitals_api_gpus',
    'gpu_vitals_sample_latency_seconds',
  ]);
  expect(byName.get('gpu_vitals_api_gpus')).toMatchObject({ unit: '1', gauge: { dataPoints: [{ asDouble: 7 }] } });
  expect(byName.get('gpu_vitals_api_frames_total')).toMatchObject({
    sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ asDouble: 3 }] },
  });
  expect(byName.get('gpu_vitals_sample_latency_seconds')).toMatchObject({
    unit: 's',
    histogram: { dataPoints: [{ count: 4, sum: 1.2 }] },
  });
});
