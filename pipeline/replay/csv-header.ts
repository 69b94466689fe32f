import { findMetric } from '../contract/metrics.ts';
import { ownEntry } from '../contract/own-entry.ts';
import { type MetricColumn, metricColumn, normalName, reasonBit } from './column-names.ts';
import type { TimeUnit } from './row-times.ts';

type FactName =
  | 'uuid'
  | 'node'
  | 'instance'
  | 'model'
  | 'pci_bus_id'
  | 'serial'
  | 'slot'
  | 'job'
  | 'pod'
  | 'namespace'
  | 'container'
  | 'xids'
  | 'metric_name'
  | 'value'
  | 'labels';

/** What the columns of a table mean. */
export interface CsvHeader {
  /**
   * `canonical`: our names and units, strictly. `wide`: somebody's names, one row a GPU and instant (nvidia-smi logs among
   * them). `long`: one row a reading, as exported from Prometheus.
   */
  readonly form: 'canonical' | 'wide' | 'long';
  readonly cells: readonly string[];
  readonly time: { readonly column: number; readonly unit: TimeUnit } | null;
  readonly facts: { readonly [K in FactName]?: number };
  /** Preferred ones first. */
  readonly metrics: readonly (MetricColumn & { readonly column: number })[];
  /** nvidia-smi's one column a throttle reason. */
  readonly reasons: readonly { readonly column: number; readonly bit: number }[];
  readonly unknown: number;
}

const CANONICAL_FACTS: Readonly<Record<string, FactName>> = {
  gpu_uuid: 'uuid',
  node: 'node',
  instance: 'instance',
  model: 'model',
  pci_bus_id: 'pci_bus_id',
  serial: 'serial',
  slot: 'slot',
  job: 'job',
  pod: 'pod',
  namespace: 'namespace',
  container: 'container',
  xids: 'xids',
};

/** `instance` is not among them: outside our own format it is the address that was scraped. */
const FOREIGN_FACTS: Readonly<Record<string, FactName>> = {
  uuid: 'uuid',
  gpu_uuid: 'uuid',
  hostname: 'node',
  host: 'node',
  node: 'node',
  nodename: 'node',
  gpu_i_id: 'instance',
  mig_instance: 'instance',
  gpu_model: 'model',
  model: 'model',
  modelname: 'model',
  model_name: 'model',
  gpu_name: 'model',
  name: 'model',
  product_name: 'model',
  pci_bus_id: 'pci_bus_id',
  gpu_bus_id: 'pci_bus_id',
  serial: 'serial',
  gpu_serial: 'serial',
  gpu: 'slot',
  gpu_index: 'slot',
  gpu_id: 'slot',
  gpu_idx: 'slot',
  index: 'slot',
  job: 'job',
  job_id: 'job',
  hpc_job: 'job',
  pod: 'pod',
  pod_name: 'pod',
  namespace: 'namespace',
  pod_namespace: 'namespace',
  container: 'container',
  container_name: 'container',
  xids: 'xids',
};

const LONG_FACTS: Readonly<Record<string, FactName>> = {
  metric_name: 'metric_name',
  metric: 'metric_name',
  name: 'metric_name',
  value: 'value',
  labels: 'labels',
  labels_raw: 'labels',
};

const TIME = /^(?:ts|timestamp|time|datetime|date_time|date|epoch|unix_time|unixtime)(?:_(s|ms|us|ns))?$/;
/** Columns that describe the log or repeat what others say: neither metrics nor unknown ones. */
const DESCRIPTIONS = new Set(['device', 'driver_version', 'memory_total', 'mem_total', 'count', 'phase', 'pstate']);

/** What a header line means, or null when it does not name a time or a GPU beside a metric: then it is no header. */
export function readCsvHeader(cells: readonly string[], options: { readonly canonical: boolean }): CsvHeader | null {
  const names = cells.map((cell) => cell.trim());
  const canonical =
    options.canonical &&
    names.includes('ts') &&
    (names.includes('gpu_uuid') || names.some((name) => findMetric(name) >= 0));
  if (canonical) return canonicalHeader(names);
  if (names.some((name) => name !== '' && !Number.isNaN(Number(name)))) return null;
  const header = foreignHeader(names);
  const { time, facts, metrics, form } = header;
  const timed = time !== null && (metrics.length > 0 || form === 'long' || facts.uuid !== undefined);
  return timed || (facts.uuid !== undefined && metrics.length > 0) ? header : null;
}

function canonicalHeader(names: readonly string[]): CsvHeader {
  const facts: { [K in FactName]?: number } = {};
  const metrics: (MetricColumn & { column: number })[] = [];
  let unknown = 0;
  names.forEach((name, column) => {
    const metric = findMetric(name);
    const fact = ownEntry(CANONICAL_FACTS, name);
    if (metric >= 0) metrics.push({ metric, factor: 1, rank: 0, maybe_percent: false, column });
    else if (fact !== undefined) facts[fact] ??= column;
    else if (name !== 'ts') unknown++;
  });
  const time = { column: names.indexOf('ts'), unit: 'ms' } as const;
  return { form: 'canonical', cells: names, time, facts, metrics, reasons: [], unknown };
}

function foreignHeader(names: readonly string[]): CsvHeader {
  const plain = names.map((name) => normalName(name));
  const long = plain.includes('value') && plain.some((name) => ownEntry(LONG_FACTS, name) === 'metric_name');
  const facts: { [K in FactName]?: number } = {};
  const metrics: (MetricColumn & { column: number })[] = [];
  const reasons: { column: number; bit: number }[] = [];
  let time: CsvHeader['time'] = null;
  let unknown = 0;
  names.forEach((cell, column) => {
    const name = plain[column] as string;
    const when = TIME.exec(name);
    const fact = (long ? ownEntry(LONG_FACTS, name) : undefined) ?? ownEntry(FOREIGN_FACTS, name);
    if (when !== null) {
      time ??= { column, unit: (when[1] as TimeUnit | undefined) ?? 'auto' };
      return;
    }
    if (fact !== undefined) {
      facts[fact] ??= column;
      return;
    }
    const metric = long ? null : metricColumn(cell);
    const bit = reasonBit(cell);
    if (metric !== null) metrics.push({ ...metric, column });
    else if (bit !== 0) reasons.push({ column, bit });
    else if (!DESCRIPTIONS.has(normalName(cell.split(/[[(]/, 1)[0] ?? '').replace(/_mi?b$/, ''))) unknown++;
  });
  metrics.sort((a, b) => a.rank - b.rank || a.column - b.column);
  return { form: long ? 'long' : 'wide', cells: names, time, facts, metrics, reasons, unknown };
}
