import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { Registry } from '../../pipeline/contract/registry.ts';

/** Small fleets for tests of the read side. */
export interface FixtureRow {
  readonly uuid: string;
  readonly instance?: string;
  readonly node: string;
  readonly model?: string;
  readonly slot?: string;
  readonly ts: number;
  readonly job?: string;
  readonly values: Partial<Record<MetricName, number>>;
}

export function batchOf(rows: readonly FixtureRow[], registry: Registry = new Registry(0)): Batch {
  const values = new Float64Array(rows.length * METRIC_COUNT).fill(Number.NaN);
  const batch = {
    group: registry.group,
    registry,
    rows: rows.length,
    ts: Float64Array.from(rows, (row) => row.ts),
    gpu: new Uint32Array(rows.length),
    node: new Uint32Array(rows.length),
    attribution: new Uint32Array(rows.length),
    values,
    xids: [],
    position: 1,
    arrived_at: new Float64Array(rows.length),
    clock: new Float64Array(rows.length),
  };
  rows.forEach((row, i) => {
    const node = registry.node(row.node);
    batch.node[i] = node;
    const identity = {
      uuid: row.uuid,
      instance: row.instance ?? '',
      model: row.model ?? 'H100',
      pci_bus_id: '',
      serial: '',
      slot: row.slot ?? '0',
    };
    batch.gpu[i] = registry.gpu(identity, node);
    const users = row.job === undefined ? [] : [{ namespace: 'ml', pod: 'p', container: 'c', job: row.job }];
    batch.attribution[i] = registry.attribution(users);
    for (const [name, value] of Object.entries(row.values)) {
      values[i * METRIC_COUNT + metricIndex(name as MetricName)] = value;
    }
  });
  return batch;
}

export const anomalyOf = (changes: Partial<Anomaly> & { gpu_uuid: string; id: string }): Anomaly => ({
  ts: 1_767_225_600_000,
  node: 'n1',
  instance: '',
  type: 'zscore',
  metric: 'gpu_temp_celsius',
  severity: 'warning',
  score: 4.2,
  observed: 91,
  expected: 62.5,
  window: '1h',
  detector: 'zscore',
  explanation: 'gpu_temp_celsius is 91 C, 4.2 sigma above 62.5 C',
  state: 'open',
  opened_at: 1_767_225_600_000,
  closed_at: null,
  ...changes,
});

export const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
