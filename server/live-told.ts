import { type Clock, exactNow } from '../pipeline/clock.ts';
import { subjectToken } from '../pipeline/contract/ids.ts';
import { SampleLatency } from '../pipeline/contract/sample-latency.ts';
import type { OpenSpan, Spans } from '../pipeline/contract/tracing.ts';
import type { GpuEntry } from './fleet-view.ts';
import type { LiveTopic } from './live-topic.ts';

/** What waits for a delta, the span and since when (monotonic ms). */
interface Waiting {
  readonly node: string;
  readonly span: OpenSpan;
  readonly since: number;
}

const WAITING_MAX = 256;
/** A delta that somebody wants is sent within 100 ms, and later only when sockets do not keep up. */
const WAITS_MS_MAX = 2_000;

/**
 * How long after its scrape a sample was sent to sockets, counted at the first topic that carries it; and the last span of a
 * trace: from the frame's arrival until the first delta with a GPU of its node was handed to the sockets, or until it was clear
 * that nobody listens. State: 8 bytes per GPU.
 */
export class LiveTold {
  readonly latency = new SampleLatency();
  private readonly clock: Clock;
  private readonly spans: Spans | null;
  /** Event time that was counted last, by the view's index. */
  private counted = new Float64Array(64);
  private waiting: Waiting[] = [];

  constructor(options: { readonly clock: Clock; readonly spans: Spans | null }) {
    this.clock = options.clock;
    this.spans = options.spans;
  }

  /** A frame came whose header names traces: JSON, `[traceparent, node token][]`. What is anything else is left. */
  heard(header: string): void {
    if (this.spans === null) return;
    for (const [parent, node] of tracesOf(header)) {
      const attributes = { 'messaging.system': 'nats', 'gpu_vitals.node': node };
      const span = this.spans.begin('push live', { kind: 'consumer', parent, attributes });
      if (span !== null) this.waiting.push({ node, span, since: this.clock.monotonic() });
      if (this.waiting.length > WAITING_MAX) this.waiting.shift()?.span.end();
    }
  }

  /** These entries went out in a delta of the topic. */
  told(topic: Pick<LiveTopic, 'kind' | 'listeners'>, entries: readonly GpuEntry[]): void {
    const now = this.clock.now();
    for (const { index, ts } of entries) {
      if (index >= this.counted.length) this.grow(index);
      if (!(ts > (this.counted[index] as number))) continue;
      this.counted[index] = ts;
      this.latency.observe('live', ts, now);
    }
    if (this.waiting.length === 0) return;
    const nodes = new Set(entries.map(({ node }) => subjectToken(node)));
    const at_ms = exactNow();
    this.end(({ node }) => nodes.has(node), {
      at_ms,
      attributes: { 'gpu_vitals.topic': topic.kind, 'gpu_vitals.listeners': topic.listeners },
    });
  }

  /** A few times a second: what nobody waited for ends. */
  tick(): void {
    const limit = this.clock.monotonic() - WAITS_MS_MAX;
    this.end(({ since }) => since < limit, { attributes: { 'gpu_vitals.listeners': 0 } });
  }

  private end(which: (one: Waiting) => boolean, told: Parameters<OpenSpan['end']>[0]): void {
    if (!this.waiting.some(which)) return;
    for (const one of this.waiting) if (which(one)) one.span.end(told);
    this.waiting = this.waiting.filter((one) => !which(one));
  }

  private grow(index: number): void {
    const grown = new Float64Array(Math.max(this.counted.length * 2, index + 1));
    grown.set(this.counted);
    this.counted = grown;
  }
}

function tracesOf(header: string): readonly (readonly [string, string])[] {
  try {
    const told: unknown = JSON.parse(header);
    const isPair = (one: unknown): one is readonly [string, string] =>
      Array.isArray(one) && one.length === 2 && one.every((text) => typeof text === 'string');
    return Array.isArray(told) ? told.filter(isPair) : [];
  } catch {
    return [];
  }
}
