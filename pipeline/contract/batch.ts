import type { Registry } from './registry.ts';

/**
 * Samples of one key group, columnar, in the order of the stream. One row is one GPU's (or MIG instance's) sample.
 *
 * A batch is lent for the duration of a synchronous call: whoever keeps anything copies it. Nobody writes to a batch that
 * was handed over; a step that changes rows makes a new one.
 */
export interface Batch {
  readonly group: number;
  /** The names behind the dense indexes of this group. */
  readonly registry: Registry;
  readonly rows: number;
  /** Event time per row, epoch ms. */
  readonly ts: Float64Array;
  /** Dense GPU index per row. */
  readonly gpu: Uint32Array;
  /** Dense node index per row. */
  readonly node: Uint32Array;
  /** Attribution index per row, 0 = none. */
  readonly attribution: Uint32Array;
  /** rows x METRIC_COUNT canonical values, row by row, NaN = missing. */
  readonly values: Float64Array;
  /** XIDs besides the latched gauge: sparse, ordered by row. */
  readonly xids: readonly BatchXid[];
  /** When the server stored the row's message, epoch ms. */
  readonly arrived_at: Float64Array;
  /** The fleet's clock when the row came: the largest event time of the stream up to and with its message, epoch ms. */
  readonly clock: Float64Array;
  /** Stream sequence of the last message in this batch. */
  readonly position: number;
  /** Only where it stands for a scrape without an answer: the code of the error. One row, of a GPU of the node. */
  readonly unanswered?: string;
}

export interface BatchXid {
  readonly row: number;
  readonly xid: number;
  readonly kind: 'event' | 'window_count';
  readonly count: number;
}
