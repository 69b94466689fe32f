import { type Clock, exactNow } from '../clock.ts';
import type { Batch } from '../contract/batch.ts';
import type { Sink } from '../contract/ports.ts';
import type { SampleLatency } from '../contract/sample-latency.ts';
import type { OpenSpan, Spans, TracesUnderWay } from '../contract/tracing.ts';

interface Waiting {
  readonly span: OpenSpan;
  /** Event time of the newest row of its batch. */
  readonly ts: number;
  /** Rows written before its batch. */
  readonly rows_before: number;
}

export interface MeasuredSamplesOptions {
  readonly latency: SampleLatency;
  readonly clock: Clock;
  /** Null: no spans. */
  readonly tracing: { readonly spans: Spans; readonly traces: TracesUnderWay } | null;
}

/** Spans that wait for the database; beyond that the oldest ends as failed. */
const WAITING_MAX = 256;

/**
 * The sink of samples with its figures: how long after their scrape samples were in the stream, through the steps and in the
 * database; and for traces a span until the request that held the last of the batch's rows was taken.
 * `make` is handed what the sink calls with the event times, ascending, of every request that was taken.
 */
export function measuredSamples(
  make: (onStored: (ts: Float64Array) => void) => Sink<Batch>,
  { latency, clock, tracing }: MeasuredSamplesOptions,
): Sink<Batch> {
  let waiting: Waiting[] = [];
  let rows_written = 0;
  let rows_stored = 0;
  const inner = make((ts) => {
    const now = clock.now();
    runsOf(ts, ts.length, (from, to) => latency.observe('stored', ts[from] as number, now, to - from));
    rows_stored += ts.length;
    const last = ts.at(-1) ?? Number.NEGATIVE_INFINITY;
    // A request takes the oldest of what was written before it was closed: a batch written later is not in it.
    const isIn = (one: Waiting): boolean => one.rows_before < rows_stored && one.ts <= last;
    for (const one of waiting) if (isIn(one)) one.span.end({ attributes: { 'gpu_vitals.request_rows': ts.length } });
    waiting = waiting.filter((one) => !isIn(one));
  });
  return {
    ...inner,
    write(batch) {
      inner.write(batch);
      const { rows, ts, arrived_at } = batch;
      const now = clock.now();
      runsOf(ts, rows, (from, to) => {
        latency.observe('arrived', ts[from] as number, arrived_at[from] as number, to - from);
        latency.observe('processed', ts[from] as number, now, to - from);
      });
      for (const { traceparent } of tracing?.traces.current ?? []) {
        const span = tracing?.spans.begin('store gpu_metrics', {
          kind: 'client',
          parent: traceparent,
          at_ms: exactNow(),
          attributes: { 'db.system.name': 'questdb', 'db.collection.name': 'gpu_metrics', 'gpu_vitals.rows': rows },
        });
        if (span) waiting.push({ span, ts: newestOf(ts, rows), rows_before: rows_written });
        if (waiting.length > WAITING_MAX)
          waiting.shift()?.span.end({ failure: 'the database did not take it in time' });
      }
      rows_written += rows;
    },
    async close() {
      try {
        await inner.close();
      } finally {
        for (const { span } of waiting.splice(0)) span.end({ failure: 'closed before the database had it' });
      }
    },
  };
}

/** Calls for every run of rows of one instant: a node's scrape. */
function runsOf(ts: Float64Array, rows: number, each: (from: number, to: number) => void): void {
  for (let from = 0; from < rows; ) {
    let to = from + 1;
    while (to < rows && ts[to] === ts[from]) to++;
    each(from, to);
    from = to;
  }
}

function newestOf(ts: Float64Array, rows: number): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < rows; row++) newest = Math.max(newest, ts[row] as number);
  return newest;
}
