import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Attribution } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { Registry } from '../../pipeline/contract/registry.ts';
import type { Scrape } from '../../pipeline/contract/scrape.ts';

/** What a test says otherwise of a fleet than its simulation, by UUID. */
export interface Given {
  readonly readings?: Readonly<Record<string, Partial<Record<MetricName, number>>>>;
  /** Who uses a GPU. */
  readonly users?: Readonly<Record<string, readonly Attribution[]>>;
  /** Nodes that send nothing. */
  readonly silent?: ReadonlySet<string>;
}

/** A scrape of one node as the columns that the engine would make of it. */
export function batchOfScrape(scrape: Scrape, registry: Registry, { readings = {}, users = {} }: Given): Batch {
  const { gpus } = scrape;
  const node = registry.node(scrape.node);
  const values = new Float64Array(gpus.length * METRIC_COUNT);
  const batch = {
    group: 0,
    registry,
    rows: gpus.length,
    ts: new Float64Array(gpus.length).fill(scrape.ts),
    gpu: new Uint32Array(gpus.length),
    node: new Uint32Array(gpus.length).fill(node),
    attribution: new Uint32Array(gpus.length),
    values,
    xids: [],
    position: 1,
    arrived_at: new Float64Array(gpus.length),
    clock: new Float64Array(gpus.length),
  };
  gpus.forEach((gpu, row) => {
    batch.gpu[row] = registry.gpu(gpu, node);
    batch.attribution[row] = registry.attribution(users[gpu.uuid] ?? gpu.attribution);
    values.set(gpu.values, row * METRIC_COUNT);
    for (const [name, value] of Object.entries(readings[gpu.uuid] ?? {})) {
      values[row * METRIC_COUNT + metricIndex(name as MetricName)] = value;
    }
  });
  return batch;
}
