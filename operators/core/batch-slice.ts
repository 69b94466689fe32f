import type { Batch } from '../../pipeline/contract/batch.ts';
import { METRIC_COUNT } from '../../pipeline/contract/metrics.ts';

/** Rows [from, to) of a batch as a batch over the same memory. */
export function sliceBatch(batch: Batch, from: number, to: number): Batch {
  if (from === 0 && to === batch.rows) return batch;
  return {
    ...batch,
    rows: to - from,
    ts: batch.ts.subarray(from, to),
    arrived_at: batch.arrived_at.subarray(from, to),
    clock: batch.clock.subarray(from, to),
    gpu: batch.gpu.subarray(from, to),
    node: batch.node.subarray(from, to),
    attribution: batch.attribution.subarray(from, to),
    values: batch.values.subarray(from * METRIC_COUNT, to * METRIC_COUNT),
    xids: batch.xids.filter((x) => x.row >= from && x.row < to).map((x) => ({ ...x, row: x.row - from })),
  };
}

/** The rows whose `keep` is not 0, copied; the batch itself when all are kept. */
export function compactBatch(batch: Batch, keep: Uint8Array): Batch {
  let rows = 0;
  for (let i = 0; i < batch.rows; i++) if (keep[i] !== 0) rows++;
  if (rows === batch.rows) return batch;
  const ts = new Float64Array(rows);
  const arrived_at = new Float64Array(rows);
  const clock = new Float64Array(rows);
  const gpu = new Uint32Array(rows);
  const node = new Uint32Array(rows);
  const attribution = new Uint32Array(rows);
  const values = new Float64Array(rows * METRIC_COUNT);
  const moved = new Int32Array(batch.rows).fill(-1);
  for (let from = 0, to = 0; from < batch.rows; from++) {
    if (keep[from] === 0) continue;
    ts[to] = batch.ts[from] as number;
    arrived_at[to] = batch.arrived_at[from] as number;
    clock[to] = batch.clock[from] as number;
    gpu[to] = batch.gpu[from] as number;
    node[to] = batch.node[from] as number;
    attribution[to] = batch.attribution[from] as number;
    values.set(batch.values.subarray(from * METRIC_COUNT, (from + 1) * METRIC_COUNT), to * METRIC_COUNT);
    moved[from] = to++;
  }
  const xids = batch.xids
    .filter((x) => (moved[x.row] as number) >= 0)
    .map((x) => ({ ...x, row: moved[x.row] as number }));
  return { ...batch, rows, ts, arrived_at, clock, gpu, node, attribution, values, xids };
}
