import type { Batch } from '../../pipeline/contract/batch.ts';
import { METRIC_COUNT, METRICS, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { Registry } from '../../pipeline/contract/registry.ts';

/** Small seeded generator (mulberry32), so that a failing case comes again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface TestRow {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance?: string;
  readonly metrics: { readonly [Name in MetricName]?: number };
}

/** Rows as a batch of one group; the registry is kept between batches by whoever passes it. */
export function batchOf(rows: readonly TestRow[], registry: Registry = new Registry(0)): Batch {
  const batch = {
    group: registry.group,
    registry,
    rows: rows.length,
    ts: Float64Array.from(rows, (row) => row.ts),
    gpu: new Uint32Array(rows.length),
    node: new Uint32Array(rows.length),
    attribution: new Uint32Array(rows.length),
    values: new Float64Array(rows.length * METRIC_COUNT).fill(Number.NaN),
    xids: [],
    position: 0,
    arrived_at: new Float64Array(rows.length),
    clock: new Float64Array(rows.length),
  };
  rows.forEach((row, i) => {
    const identity = {
      uuid: row.gpu_uuid,
      instance: row.instance ?? '',
      model: '',
      pci_bus_id: '',
      serial: '',
      slot: '',
    };
    batch.node[i] = registry.node(row.node);
    batch.gpu[i] = registry.gpu(identity, batch.node[i] as number);
    for (const [name, value] of Object.entries(row.metrics)) {
      batch.values[i * METRIC_COUNT + metricIndex(name as MetricName)] = value as number;
    }
  });
  return batch;
}

/** Rows with readings in range for about `share` of the metrics of every row. */
export function randomRows(
  random: () => number,
  spec: {
    readonly rows: number;
    readonly gpus: number;
    readonly from: number;
    readonly step_ms: number;
    readonly share: number;
  },
): TestRow[] {
  return Array.from({ length: spec.rows }, (_, i) => {
    const gpu = i % spec.gpus;
    const present = METRICS.filter(() => random() < spec.share);
    const readings = present.map((m) => [m.name, m.min + random() * (Math.min(m.max, 1e6) - m.min)] as const);
    return {
      ts: spec.from + Math.floor(i / spec.gpus) * spec.step_ms,
      gpu_uuid: `GPU-${gpu}`,
      node: `node-${Math.floor(gpu / 4)}`,
      instance: gpu % 7 === 6 ? '3' : '',
      metrics: { power_watts: 100 + Math.round(random() * 1e5) / 256, ...Object.fromEntries(readings) },
    };
  });
}
