import { METRIC_COUNT, METRICS } from '../../pipeline/contract/metrics.ts';

/** How one release of dcgm-exporter spells its page. */
export interface Dialect {
  readonly id: '1.x' | '2.x' | '3.x' | '4.x' | '4.5' | '4.6';
  readonly driver: string;
  /** Name per catalogue metric; empty where this release has none. */
  readonly names: readonly string[];
  /** HELP and TYPE in front of each family, all of them in front of the page, or none. */
  readonly help: 'each' | 'away' | 'none';
  readonly uuid_label: 'UUID' | 'uuid';
  readonly host_label: 'Hostname' | 'hostname' | '';
  readonly pci_label: boolean;
  readonly separator: ',' | ', ';
  readonly pod_labels: readonly [container: string, namespace: string, pod: string];
  /** Attribution labels are there, empty, on GPUs that nobody holds. */
  readonly empty_pod_labels: boolean;
  /** XID 0 has a row, or no row. */
  readonly zero_xid_row: boolean;
  /** err_code and err_msg beside a non-zero XID. */
  readonly xid_text: boolean;
  /** GPU utilisation as a percentage or as the ratio that its 4.6 name promises. */
  readonly util_as_ratio: boolean;
}

type NameRule = (names: readonly string[], fallback: readonly string[]) => string | undefined;

const namesBy = (rule: NameRule): readonly string[] =>
  METRICS.map((metric) => rule(metric.exporter_names, metric.fallback?.exporter_names ?? []) ?? '');
const upper = (names: readonly string[]): string[] => names.filter((name) => name.startsWith('DCGM_'));

const first = namesBy((names) => upper(names)[0]);
const requested = namesBy((names, fallback) => upper(fallback)[0] ?? upper(names)[0]);
const renamed = namesBy((names) => upper(names).at(-1));
const lower = namesBy((names) => names.find((name) => name.startsWith('dcgm_')));
const throttle = METRICS.findIndex((metric) => metric.name === 'throttle_reasons');
const four = first.map((name, m) => (m === throttle ? (renamed[m] as string) : name));

const plain = {
  help: 'each',
  uuid_label: 'UUID',
  host_label: 'Hostname',
  pci_label: true,
  separator: ',',
  pod_labels: ['container', 'namespace', 'pod'],
  empty_pod_labels: false,
  zero_xid_row: true,
  xid_text: false,
  util_as_ratio: false,
} as const;

// biome-ignore format: a table
export const DIALECTS = {
  v1: { ...plain, id: '1.x', driver: '450.80.02', names: lower, uuid_label: 'uuid', host_label: '', pci_label: false, pod_labels: ['container_name', 'pod_namespace', 'pod_name'], empty_pod_labels: true },
  v2: { ...plain, id: '2.x', driver: '470.57.02', names: first, help: 'none', pci_label: false, separator: ', ' },
  v3: { ...plain, id: '3.x', driver: '535.129.03', names: requested, empty_pod_labels: true },
  v3away: { ...plain, id: '3.x', driver: '525.60.13', names: first, help: 'away', pci_label: false, empty_pod_labels: true },
  v4: { ...plain, id: '4.x', driver: '570.148.08', names: four, xid_text: true },
  v45: { ...plain, id: '4.5', driver: '580.105.08', names: four, zero_xid_row: false, xid_text: true },
  v46: { ...plain, id: '4.6', driver: '590.44.01', names: renamed, host_label: 'hostname', zero_xid_row: false, xid_text: true, util_as_ratio: true },
  v46percent: { ...plain, id: '4.6', driver: '590.44.01', names: renamed, host_label: 'hostname', xid_text: true },
} as const satisfies Record<string, Dialect>;

export type DialectKey = keyof typeof DIALECTS;

/**
 * How a node talks in a page that it shares with others: under its own name, which the first releases left to Prometheus, and
 * about one name in one way, because who reads the page takes it for one exporter's.
 */
export const besideOthers = (dialect: Dialect): Dialect => ({
  ...dialect,
  host_label: dialect.host_label || 'Hostname',
  util_as_ratio: dialect.id === '4.6',
});

/** Fields of the exporter's stock list of counters; everything else is there only where somebody asked for it. */
const STOCK = new Set(
  [
    'sm_clock_mhz,memory_clock_mhz,memory_temp_celsius,gpu_temp_celsius,power_watts,energy_joules_total',
    'pcie_replay_total,gpu_util_ratio,memory_util_ratio,encoder_util_ratio,decoder_util_ratio,xid_last',
    'fb_free_bytes,fb_used_bytes,fb_reserved_bytes,nvlink_bandwidth_mb_per_second',
    'remapped_rows_uncorrectable_total,remapped_rows_correctable_total,row_remap_failed',
    'gr_engine_active_ratio,tensor_active_ratio,dram_active_ratio,pcie_tx_bytes_per_second,pcie_rx_bytes_per_second',
  ].flatMap((line) => line.split(',')),
);

/** 1 per catalogue metric that a node with this dialect and list of counters serves. */
export function exportedMetrics(dialect: Dialect, stock_only: boolean): Uint8Array {
  const mask = new Uint8Array(METRIC_COUNT);
  METRICS.forEach((metric, m) => {
    if (dialect.names[m] !== '' && (!stock_only || STOCK.has(metric.name))) mask[m] = 1;
  });
  return mask;
}
