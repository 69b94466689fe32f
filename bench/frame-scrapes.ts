import type { Batch } from '../pipeline/contract/batch.ts';
import { METRIC_COUNT, metricIndex } from '../pipeline/contract/metrics.ts';
import { Registry } from '../pipeline/contract/registry.ts';

export const GPUS_A_NODE = 8;
const POWER = metricIndex('power_watts');

export const frameNode = (node: number): string => `gpu-node-${node}.cluster.example`;
export const frameGpu = (gpu: number): string => `GPU-${String(gpu).padStart(8, '0')}-5f3c-4e1b-9b7a-0c1d2e3f4a5b`;

/** One scrape of one node whose `power_watts` is `mark`. */
export function frameScrapes(nodes: number, metrics: number): (mark: number, ts: number) => Batch {
  const registry = new Registry(0);
  const fixed = Array.from({ length: nodes }, (_, n) => {
    const node = registry.node(frameNode(n));
    const gpu = Uint32Array.from({ length: GPUS_A_NODE }, (__, i) =>
      registry.gpu(
        {
          uuid: frameGpu(n * GPUS_A_NODE + i),
          instance: '',
          model: 'NVIDIA H100 80GB HBM3',
          pci_bus_id: '00000000:1B:00.0',
          serial: '1654',
          slot: String(i),
        },
        node,
      ),
    );
    const values = new Float64Array(GPUS_A_NODE * METRIC_COUNT).fill(Number.NaN);
    for (let row = 0; row < GPUS_A_NODE; row++) {
      for (let m = 0; m < metrics; m++) values[row * METRIC_COUNT + m] = m + 0.5;
    }
    return { node: new Uint32Array(GPUS_A_NODE).fill(node), gpu, values };
  });
  let turn = 0;
  return (mark, ts) => {
    const { node, gpu, values } = fixed[turn++ % nodes] as (typeof fixed)[number];
    for (let row = 0; row < GPUS_A_NODE; row++) values[row * METRIC_COUNT + POWER] = mark;
    return {
      group: 0,
      registry,
      rows: GPUS_A_NODE,
      ts: new Float64Array(GPUS_A_NODE).fill(ts),
      gpu,
      node,
      attribution: new Uint32Array(GPUS_A_NODE),
      values,
      xids: [],
      position: 1,
      arrived_at: new Float64Array(GPUS_A_NODE).fill(ts),
      clock: new Float64Array(GPUS_A_NODE).fill(ts),
    };
  };
}
