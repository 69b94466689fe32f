import type { Batch } from '../contract/batch.ts';
import { METRIC_COUNT, METRICS } from '../contract/metrics.ts';

/** Calls back with rows [from, to) for every run of rows of one node at one instant. */
export function forNodeRuns(batch: Batch, visit: (from: number, to: number) => void): void {
  let from = 0;
  for (let row = 1; row <= batch.rows; row++) {
    if (row < batch.rows && batch.node[row] === batch.node[from] && batch.ts[row] === batch.ts[from]) continue;
    visit(from, row);
    from = row;
  }
}

/** Rows [from, to) of one node as JSON: `{ts, node, gpus: [{gpu_uuid, instance, model, xids?, <metrics that are present>}]}`. */
export function nodeJson(batch: Batch, from: number, to: number): string {
  const { registry, values } = batch;
  const gpus: Record<string, string | number | number[]>[] = [];
  for (let row = from; row < to; row++) {
    const who = registry.gpus[batch.gpu[row] as number];
    const gpu: Record<string, string | number | number[]> = {
      gpu_uuid: who?.uuid ?? '',
      instance: who?.instance ?? '',
      model: who?.model ?? '',
    };
    if (batch.xids.length > 0) {
      const xids = batch.xids.filter((x) => x.row === row && x.kind === 'event').map((x) => x.xid);
      if (xids.length > 0) gpu.xids = xids;
    }
    for (let m = 0; m < METRIC_COUNT; m++) {
      const value = values[row * METRIC_COUNT + m] as number;
      const metric = METRICS[m];
      if (metric && !Number.isNaN(value)) gpu[metric.name] = value;
    }
    gpus.push(gpu);
  }
  return JSON.stringify({ ts: batch.ts[from], node: registry.nodes[batch.node[from] as number] ?? '', gpus });
}
