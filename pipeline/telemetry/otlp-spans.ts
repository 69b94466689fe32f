import { type Context, ROOT_CONTEXT, type SpanContext, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { exactNow } from '../clock.ts';
import type { SpanOptions } from '../contract/tracing.ts';
import type { RunningSpans, TelemetryOptions } from './open-spans.ts';
import { resourceOf } from './resource.ts';
import { exportTeller } from './tell-exports.ts';
import { withinGrace } from './within-grace.ts';

const KINDS: Readonly<Record<SpanOptions['kind'], SpanKind>> = {
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};
const QUEUE_MAX = 8_192;

/**
 * Spans to an OTLP/HTTP collector (JSON), where and how often the standard variables say. Nothing is registered globally.
 * State: at most 8,192 spans that wait; more are dropped. Cost of a span that is sampled: about 5 us; of one that is not, 1 us.
 */
export function otlpSpans(options: TelemetryOptions & { readonly sampled_ratio: number | null }): RunningSpans {
  const { sampled_ratio } = options;
  const provider = new BasicTracerProvider({
    resource: resourceOf(options),
    spanProcessors: [
      new BatchSpanProcessor(exportTeller(new OTLPTraceExporter(), 'spans', options.tell), {
        maxQueueSize: Number(options.env.OTEL_BSP_MAX_QUEUE_SIZE) || QUEUE_MAX,
      }),
    ],
    ...(sampled_ratio === null
      ? {}
      : { sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampled_ratio) }) }),
  });
  const tracer = provider.getTracer('gpu-vitals', options.version);
  return {
    begin(name, { kind, parent, at_ms = exactNow(), attributes = {} }) {
      const span = tracer.startSpan(name, { kind: KINDS[kind], startTime: at_ms, attributes }, contextOf(parent));
      if (!span.isRecording()) return null;
      return {
        traceparent: traceparentOf(span.spanContext()),
        end(told = {}) {
          if (told.attributes !== undefined) span.setAttributes(told.attributes);
          if (told.failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: told.failure });
          span.end(told.at_ms ?? exactNow());
        },
      };
    },
    stop: () => withinGrace(provider.shutdown()),
  };
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** What is no traceparent begins a trace of its own. */
function contextOf(parent: string | undefined): Context {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(parent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  const above: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, above);
}

const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
