import { join } from 'node:path';
import type { Batch } from '../../pipeline/contract/batch.ts';
import { METRIC_COUNT, METRICS } from '../../pipeline/contract/metrics.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import { GPU_METRICS } from '../../pipeline/contract/tables.ts';
import { type CountingSink, openJsonlFile } from './jsonl-file.ts';
import { metricLines } from './metric-lines.ts';

/**
 * `DIR/gpu_metrics.jsonl`: one line a row in the order of the batches, every column of the table, missing ones null. The file
 * is there at `close`, also when no row came. About 3 us a row; holds one block of text. Throws VitalsError when the folder
 * cannot be written to.
 */
export function batchJsonlSink(options: { readonly directory: string }): CountingSink<Batch> {
  const file = openJsonlFile(join(options.directory, `${GPU_METRICS.name}.jsonl`));
  const line = metricLines(METRICS.map((metric) => metric.name));
  return {
    get rows() {
      return file.lines;
    },
    write(batch) {
      const { registry, values } = batch;
      for (let row = 0; row < batch.rows; row++) {
        const gpu = registry.gpus[batch.gpu[row] as number] as GpuIdentity;
        const node = registry.nodes[batch.node[row] as number] as string;
        file.append(line(batch.ts[row] as number, gpu.uuid, node, gpu.instance, values, row * METRIC_COUNT));
      }
    },
    flush: file.flush,
    pressure: file.pressure,
    close: file.close,
  };
}
