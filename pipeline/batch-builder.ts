import type { Batch, BatchXid } from './contract/batch.ts';
import { METRIC_COUNT } from './contract/metrics.ts';
import type { Registry } from './contract/registry.ts';

const ROWS_MIN = 64;

/**
 * Collects the rows of one group until they are handed on. The arrays are kept and reused: a batch from `take` is valid
 * until the next `take`, which is what lending a batch means.
 */
export class BatchBuilder {
  rows = 0;
  position = 0;
  ts = new Float64Array(ROWS_MIN);
  arrived_at = new Float64Array(ROWS_MIN);
  clock = new Float64Array(ROWS_MIN);
  gpu = new Uint32Array(ROWS_MIN);
  node = new Uint32Array(ROWS_MIN);
  attribution = new Uint32Array(ROWS_MIN);
  values = new Float64Array(ROWS_MIN * METRIC_COUNT);
  xids: BatchXid[] = [];

  /** Makes room for `count` more rows of a message that arrived at `arrivedAt`, by the fleet's `clock`; returns the index of the first. */
  reserve(count: number, arrivedAt: number, clock: number): number {
    const first = this.rows;
    const needed = first + count;
    if (needed > this.ts.length) {
      let length = this.ts.length;
      while (length < needed) length *= 2;
      this.ts = enlarged(this.ts, new Float64Array(length));
      this.arrived_at = enlarged(this.arrived_at, new Float64Array(length));
      this.clock = enlarged(this.clock, new Float64Array(length));
      this.gpu = enlarged(this.gpu, new Uint32Array(length));
      this.node = enlarged(this.node, new Uint32Array(length));
      this.attribution = enlarged(this.attribution, new Uint32Array(length));
      this.values = enlarged(this.values, new Float64Array(length * METRIC_COUNT));
    }
    this.rows = needed;
    this.arrived_at.fill(arrivedAt, first, needed);
    this.clock.fill(clock, first, needed);
    return first;
  }

  take(group: number, registry: Registry): Batch {
    const { rows, position, xids } = this;
    this.rows = 0;
    this.xids = [];
    return {
      group,
      registry,
      rows,
      ts: this.ts.subarray(0, rows),
      gpu: this.gpu.subarray(0, rows),
      node: this.node.subarray(0, rows),
      attribution: this.attribution.subarray(0, rows),
      values: this.values.subarray(0, rows * METRIC_COUNT),
      xids,
      arrived_at: this.arrived_at.subarray(0, rows),
      clock: this.clock.subarray(0, rows),
      position,
    };
  }
}

function enlarged<A extends Float64Array | Uint32Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
