import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** A span as it came, with the part that told it. Times are ms, with fractions. */
export interface ReceivedSpan {
  readonly part: unknown;
  readonly name: string;
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_id: string;
  readonly start_ms: number;
  readonly end_ms: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
}

interface Body {
  readonly resourceSpans?: {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: {
      readonly spans: {
        readonly name: string;
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly attributes: readonly Attribute[];
        readonly status: { readonly code?: number };
      }[];
    }[];
  }[];
  readonly resourceMetrics?: { readonly scopeMetrics: { readonly metrics: readonly ReceivedMetric[] }[] }[];
}
export interface ReceivedMetric {
  readonly name: string;
  readonly unit: string;
  readonly [kind: string]: unknown;
}

/** An OTLP/HTTP collector that takes everything, or refuses everything while `status` is not 200. */
export async function otlpCollector() {
  const spans: ReceivedSpan[] = [];
  const metrics: ReceivedMetric[] = [];
  const asked: string[] = [];
  const state = { status: 200 };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      asked.push(`${request.method} ${request.url} ${request.headers['x-secret'] ?? ''}`.trim());
      if (state.status === 200) take(JSON.parse(Buffer.concat(parts).toString('utf8')) as Body);
      response.writeHead(state.status, { 'Content-Type': 'application/json' }).end('{}');
    });
  });
  const take = ({ resourceSpans = [], resourceMetrics = [] }: Body): void => {
    for (const { resource, scopeSpans } of resourceSpans) {
      const { 'gpu_vitals.part': part } = plain(resource.attributes);
      for (const one of scopeSpans.flatMap((scope) => scope.spans)) {
        spans.push({
          part,
          name: one.name,
          trace_id: one.traceId,
          span_id: one.spanId,
          parent_id: one.parentSpanId ?? '',
          start_ms: Number(one.startTimeUnixNano) / 1e6,
          end_ms: Number(one.endTimeUnixNano) / 1e6,
          attributes: plain(one.attributes),
          failed: one.status.code === 2,
        });
      }
    }
    metrics.push(...resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics)));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    metrics,
    asked,
    state,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const plain = (attributes: readonly Attribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** Sets variables of the process until the returned function is called. */
export function withEnvironment(changes: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(changes).map((name): [string, string | undefined] => [name, process.env[name]]);
  Object.assign(process.env, changes);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}
