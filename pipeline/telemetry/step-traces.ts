import { type Clock, exactNow } from '../clock.ts';
import type { RawMessage } from '../contract/message.ts';
import type { OpenSpan, Spans, TracesUnderWay, TraceUnderWay } from '../contract/tracing.ts';
import { groupOfSubject, nodeOfSubject } from '../group-of-subject.ts';

/** A sampled message on its way through the steps, and the spans that are open, outermost first. */
class Trace implements TraceUnderWay {
  readonly node: string;
  readonly group: number;
  private readonly open: OpenSpan[] = [];

  constructor(node: string, group: number) {
    this.node = node;
    this.group = group;
  }

  get traceparent(): string {
    return this.open.at(-1)?.traceparent ?? '';
  }

  add(span: OpenSpan): void {
    this.open.push(span);
  }

  end(at_ms: number, failure: string | null): void {
    this.open.pop()?.end(failure === null ? { at_ms } : { at_ms, failure });
  }

  get depth(): number {
    return this.open.length;
  }
}

/** Of the messages of one push; those beyond have no spans here, so that a backlog is not slowed by what watches it. */
const TRACES_MAX = 8;
/** Steps of one push, over all its traces. */
const SPANS_MAX = 1_024;
const NONE: readonly Trace[] = [];

/**
 * Spans of an engine's steps: a span per sampled message, below it one per step that its group's batch goes through, nested as
 * the steps call each other. A batch also holds the rows of other messages: the attribute `rows` tells how many.
 * Cost without a sampled message in a push: a look at each message.
 */
export class StepTraces implements TracesUnderWay {
  private readonly spans: Spans;
  private readonly worker: string;
  private readonly clock: Clock;
  private all: readonly Trace[] = NONE;
  private spans_left = 0;
  /** What makes monotonic times instants, in this push. */
  private offset_ms = 0;
  current: readonly TraceUnderWay[] = NONE;

  constructor(options: { readonly spans: Spans; readonly worker: string; readonly clock: Clock }) {
    this.spans = options.spans;
    this.worker = options.worker;
    this.clock = options.clock;
  }

  /** Runs a push with the spans of its messages. */
  around(messages: readonly RawMessage[], push: () => void): void {
    if (!messages.some(({ trace }) => trace !== undefined)) {
      push();
      return;
    }
    this.begin(messages);
    try {
      push();
    } finally {
      const at_ms = exactNow();
      for (const trace of this.all) while (trace.depth > 0) trace.end(at_ms, null);
      this.all = NONE;
      this.current = NONE;
    }
  }

  /** Only traces of this group, until `leave`. */
  enter(group: number): void {
    if (this.all.length > 0) this.current = this.all.filter((trace) => trace.group === group);
  }

  leave(): void {
    this.current = this.all;
  }

  /** Whether there is anything to begin a span for. */
  get active(): boolean {
    return this.current.length > 0 && this.spans_left > 0;
  }

  /**
   * Begins a span in every trace that the step works for, at the clock's monotonic time. Answers how deep each was before:
   * `stepEnds` goes back to there, so that a step that was given no span ends none.
   */
  stepBegins(step: { readonly id: string; readonly kind: string }, rows: number, started: number): readonly number[] {
    const traces = this.current as readonly Trace[];
    const depths = traces.map(({ depth }) => depth);
    const attributes = { 'gpu_vitals.step': step.id, 'gpu_vitals.step_kind': step.kind, 'gpu_vitals.rows': rows };
    for (const trace of traces) {
      if (this.spans_left-- <= 0) break;
      const span = this.spans.begin(`step ${step.id}`, {
        kind: 'internal',
        parent: trace.traceparent,
        at_ms: this.offset_ms + started,
        attributes,
      });
      if (span !== null) trace.add(span);
    }
    return depths;
  }

  stepEnds(depths: readonly number[], ended: number, failure: string | null): void {
    const at_ms = this.offset_ms + ended;
    (this.current as readonly Trace[]).forEach((trace, i) => {
      while (trace.depth > (depths[i] ?? trace.depth)) trace.end(at_ms, failure);
    });
  }

  private begin(messages: readonly RawMessage[]): void {
    const now_ms = exactNow();
    this.offset_ms = now_ms - this.clock.monotonic();
    this.spans_left = SPANS_MAX;
    const traces: Trace[] = [];
    for (const { trace, subject, position, arrived_at, data } of messages) {
      if (trace === undefined || traces.length >= TRACES_MAX) continue;
      const group = groupOfSubject(subject);
      const span = this.spans.begin('process', {
        kind: 'consumer',
        parent: trace,
        at_ms: now_ms,
        attributes: {
          'messaging.system': 'nats',
          'messaging.operation.type': 'process',
          'messaging.destination.name': subject,
          'messaging.message.body.size': data.length,
          'gpu_vitals.worker': this.worker,
          'gpu_vitals.group': group,
          'gpu_vitals.position': position,
          'gpu_vitals.waited_ms': Math.max(0, now_ms - arrived_at),
        },
      });
      if (span === null) continue;
      const one = new Trace(nodeOfSubject(subject), group);
      one.add(span);
      traces.push(one);
    }
    this.all = traces;
    this.current = traces;
  }
}
