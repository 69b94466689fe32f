/** Spans of traces as the rest of the project sees them; pipeline/telemetry is the only folder that knows the library. */
export interface Spans {
  /** Begins a span, and a trace when `parent` is absent. Null: this trace is not sampled, nothing more is to be done. */
  begin(name: string, options: SpanOptions): OpenSpan | null;
}

export interface SpanOptions {
  readonly kind: 'internal' | 'client' | 'producer' | 'consumer';
  /** `traceparent` (W3C Trace Context) of the span above. */
  readonly parent?: string;
  /** Epoch ms, with fractions; now when absent. */
  readonly at_ms?: number;
  readonly attributes?: SpanAttributes;
}

export interface OpenSpan {
  /** What a span below, here or elsewhere, is begun with. */
  readonly traceparent: string;
  end(told?: {
    readonly at_ms?: number;
    readonly attributes?: SpanAttributes;
    /** Why it failed; it did not when absent. */
    readonly failure?: string;
  }): void;
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** Header of messages that belong to a sampled trace; others have none. */
export const TRACE_HEADER = 'traceparent';

/** A trace on its way through an engine. */
export interface TraceUnderWay {
  /** Of the innermost span that is open. */
  readonly traceparent: string;
  /** The node's token in the subject of the message. */
  readonly node: string;
}

/** What sinks ask while they are written to. */
export interface TracesUnderWay {
  /** The traces of what goes through the steps right now. */
  readonly current: readonly TraceUnderWay[];
}

/** Header of a frame whose rows belong to traces: JSON, `[traceparent, node token][]`. */
export const FRAME_TRACES_HEADER = 'Vitals-Traces';
