/**
 * The metric catalogue: the one place where a metric is described.
 *
 * Parser, validator, columns, DDL, schemas, OpenAPI and documentation are computed from it; to add a metric, add a row
 * at the END (the order is part of the binary format) and run `npm run generate`.
 *
 * `field` is the DCGM field id, the stable key; `exporter_names` are all spellings met in exporters 1.x to 4.x and DCGM 4.6.
 * A reading times `scale` gives the canonical unit; `min..max` is the valid canonical range, inclusive.
 */
export type MetricKind =
  /** A level: averaged, compared, z-scored. */
  | 'gauge'
  /** Rises until a reset; a decrease is a reset, never a negative rate. */
  | 'counter'
  /** 0 or 1; any 1 in a window matters. */
  | 'flag'
  /** Bits; never averaged. */
  | 'mask'
  /** A code without order; never averaged. */
  | 'code';

export interface MetricSpec {
  readonly name: string;
  readonly field: number;
  readonly exporter_names: readonly string[];
  /** Used when `field` is absent from the scrape: another field id with the same meaning. */
  readonly fallback?: { readonly field: number; readonly exporter_names: readonly string[] };
  readonly kind: MetricKind;
  readonly unit: string;
  readonly scale: number;
  readonly min: number;
  readonly max: number;
  /** FLOAT where 24 bits carry the reading, DOUBLE where they do not. */
  readonly column: 'FLOAT' | 'DOUBLE';
  /** Readings of exactly 0 mean that there is none to be had. */
  readonly zero_is_missing?: true;
  /** Named a ratio by DCGM 4.6 although exporters may still send percent: decided per node by the observed range. */
  readonly ratio_names?: readonly string[];
  /** Smallest deviation, in the metric's unit, that counts as one sigma; 0 or absent: not z-scored. */
  readonly sigma_floor?: number;
  readonly help: string;
}

const percent = { unit: 'ratio', scale: 0.01, min: 0, max: 1, kind: 'gauge', column: 'FLOAT' } as const;
const ratio = { unit: 'ratio', scale: 1, min: 0, max: 1, kind: 'gauge', column: 'FLOAT', sigma_floor: 0.05 } as const;
const mib = {
  unit: 'bytes',
  scale: 1_048_576,
  min: 0,
  max: 2 ** 41,
  kind: 'gauge',
  column: 'DOUBLE',
  sigma_floor: 2 ** 30,
} as const;
const rate = {
  unit: 'bytes/s',
  scale: 1,
  min: 0,
  max: 4e12,
  kind: 'gauge',
  column: 'DOUBLE',
  sigma_floor: 2e9,
} as const;
const count = { unit: 'count', scale: 1, min: 0, max: 2 ** 53, kind: 'counter', column: 'DOUBLE' } as const;
const nanoseconds = { unit: 'ns', scale: 1, min: 0, max: 9.2e18, kind: 'counter', column: 'DOUBLE' } as const;
const flag = { unit: 'flag', scale: 1, min: 0, max: 1, kind: 'flag', column: 'FLOAT' } as const;
/** A link has one lane and one generation at least. */
const link = {
  unit: 'count',
  scale: 1,
  min: 0,
  max: 64,
  kind: 'gauge',
  column: 'FLOAT',
  zero_is_missing: true,
} as const;
const mhz = { unit: 'MHz', scale: 1, min: 0, max: 20_000, kind: 'gauge', column: 'FLOAT', sigma_floor: 30 } as const;

// biome-ignore format: a table, one row a metric
const CATALOGUE = [
  { name: 'gpu_temp_celsius', field: 150, exporter_names: ['DCGM_FI_DEV_GPU_TEMP', 'DCGM_FI_DEV_GPU_TEMP_CELSIUS', 'dcgm_gpu_temp'], kind: 'gauge', unit: 'C', scale: 1, min: -40, max: 150, column: 'FLOAT', sigma_floor: 1.5, help: 'GPU die temperature.' },
  { name: 'memory_temp_celsius', field: 140, exporter_names: ['DCGM_FI_DEV_MEMORY_TEMP', 'DCGM_FI_DEV_MEMORY_TEMP_CELSIUS', 'dcgm_memory_temp'], kind: 'gauge', unit: 'C', scale: 1, min: -40, max: 150, column: 'FLOAT', zero_is_missing: true, sigma_floor: 1.5, help: 'HBM temperature; 0 means that the board has no such sensor.' },
  { name: 'temp_margin_celsius', field: 153, exporter_names: ['DCGM_FI_DEV_GPU_TEMP_LIMIT', 'DCGM_FI_DEV_GPU_TEMP_MARGIN_CELSIUS'], kind: 'gauge', unit: 'C', scale: 1, min: -150, max: 150, column: 'FLOAT', sigma_floor: 1.5, help: 'Distance to the nearest slowdown threshold.' },
  { name: 'power_watts', field: 155, exporter_names: ['DCGM_FI_DEV_POWER_USAGE', 'DCGM_FI_DEV_BOARD_POWER_WATTS', 'dcgm_power_usage'], kind: 'gauge', unit: 'W', scale: 1, min: 0, max: 10_000, column: 'FLOAT', sigma_floor: 10, help: 'Board power draw.' },
  { name: 'power_limit_watts', field: 164, exporter_names: ['DCGM_FI_DEV_ENFORCED_POWER_LIMIT', 'DCGM_FI_DEV_BOARD_POWER_LIMIT_ENFORCED_WATTS'], fallback: { field: 160, exporter_names: ['DCGM_FI_DEV_POWER_MGMT_LIMIT', 'DCGM_FI_DEV_BOARD_POWER_LIMIT_REQUESTED_WATTS'] }, kind: 'gauge', unit: 'W', scale: 1, min: 0, max: 10_000, column: 'FLOAT', help: 'Enforced power limit, else the requested one.' },
  { name: 'energy_joules_total', field: 156, exporter_names: ['DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', 'dcgm_total_energy_consumption'], kind: 'counter', unit: 'J', scale: 1e-3, min: 0, max: 9e15, column: 'DOUBLE', help: 'Energy since the driver was loaded (exporters send mJ).' },
  { ...mhz, name: 'sm_clock_mhz', field: 100, exporter_names: ['DCGM_FI_DEV_SM_CLOCK', 'dcgm_sm_clock'], help: 'SM clock.' },
  { ...mhz, name: 'memory_clock_mhz', field: 101, exporter_names: ['DCGM_FI_DEV_MEM_CLOCK', 'dcgm_memory_clock'], help: 'Memory clock.' },
  { ...percent, name: 'gpu_util_ratio', field: 203, exporter_names: ['DCGM_FI_DEV_GPU_UTIL', 'DCGM_FI_DEV_GPU_UTIL_RATIO', 'dcgm_gpu_utilization'], ratio_names: ['DCGM_FI_DEV_GPU_UTIL_RATIO'], sigma_floor: 0.05, help: 'Share of time in which a kernel ran.' },
  { ...percent, name: 'memory_util_ratio', field: 204, exporter_names: ['DCGM_FI_DEV_MEM_COPY_UTIL', 'dcgm_mem_copy_utilization'], sigma_floor: 0.05, help: 'Share of time in which device memory was read or written.' },
  { ...percent, name: 'encoder_util_ratio', field: 206, exporter_names: ['DCGM_FI_DEV_ENC_UTIL', 'dcgm_enc_utilization'], sigma_floor: 0.05, help: 'Encoder utilisation.' },
  { ...percent, name: 'decoder_util_ratio', field: 207, exporter_names: ['DCGM_FI_DEV_DEC_UTIL', 'dcgm_dec_utilization'], sigma_floor: 0.05, help: 'Decoder utilisation.' },
  { ...mib, name: 'fb_used_bytes', field: 252, exporter_names: ['DCGM_FI_DEV_FB_USED', 'dcgm_fb_used'], help: 'Framebuffer in use (exporters send MiB).' },
  { ...mib, name: 'fb_free_bytes', field: 251, exporter_names: ['DCGM_FI_DEV_FB_FREE', 'dcgm_fb_free'], help: 'Framebuffer free (exporters send MiB).' },
  { ...mib, name: 'fb_reserved_bytes', field: 253, exporter_names: ['DCGM_FI_DEV_FB_RESERVED', 'dcgm_fb_reserved'], help: 'Framebuffer reserved by the driver (exporters send MiB).' },
  { ...ratio, name: 'gr_engine_active_ratio', field: 1001, exporter_names: ['DCGM_FI_PROF_GR_ENGINE_ACTIVE', 'DCGM_FI_PROF_GR_ENGINE_UTIL_RATIO', 'dcgm_fi_prof_gr_engine_active'], help: 'Share of time in which the graphics or compute engine was busy.' },
  { ...ratio, name: 'sm_active_ratio', field: 1002, exporter_names: ['DCGM_FI_PROF_SM_ACTIVE', 'DCGM_FI_PROF_SM_UTIL_RATIO', 'dcgm_fi_prof_sm_active'], help: 'Share of cycles in which an SM had a warp, over all SMs.' },
  { ...ratio, name: 'sm_occupancy_ratio', field: 1003, exporter_names: ['DCGM_FI_PROF_SM_OCCUPANCY', 'DCGM_FI_PROF_SM_OCCUPANCY_RATIO', 'dcgm_fi_prof_sm_occupancy'], help: 'Resident warps over the possible ones.' },
  { ...ratio, name: 'tensor_active_ratio', field: 1004, exporter_names: ['DCGM_FI_PROF_PIPE_TENSOR_ACTIVE', 'DCGM_FI_PROF_TENSOR_UTIL_RATIO', 'dcgm_fi_prof_pipe_tensor_active'], help: 'Share of cycles in which the tensor pipe was active.' },
  { ...ratio, name: 'dram_active_ratio', field: 1005, exporter_names: ['DCGM_FI_PROF_DRAM_ACTIVE', 'DCGM_FI_PROF_DRAM_UTIL_RATIO', 'dcgm_fi_prof_dram_active'], help: 'Share of cycles in which device memory moved data.' },
  { ...rate, name: 'pcie_tx_bytes_per_second', field: 1009, exporter_names: ['DCGM_FI_PROF_PCIE_TX_BYTES', 'dcgm_fi_prof_pcie_tx_bytes'], help: 'PCIe bytes sent by the GPU: a rate already, whatever its TYPE says.' },
  { ...rate, name: 'pcie_rx_bytes_per_second', field: 1010, exporter_names: ['DCGM_FI_PROF_PCIE_RX_BYTES', 'dcgm_fi_prof_pcie_rx_bytes'], help: 'PCIe bytes received by the GPU: a rate already.' },
  { ...rate, name: 'nvlink_tx_bytes_per_second', sigma_floor: 2e10, field: 1011, exporter_names: ['DCGM_FI_PROF_NVLINK_TX_BYTES', 'dcgm_fi_prof_nvlink_tx_bytes'], help: 'NVLink bytes sent by the GPU: a rate already.' },
  { ...rate, name: 'nvlink_rx_bytes_per_second', sigma_floor: 2e10, field: 1012, exporter_names: ['DCGM_FI_PROF_NVLINK_RX_BYTES', 'dcgm_fi_prof_nvlink_rx_bytes'], help: 'NVLink bytes received by the GPU: a rate already.' },
  { name: 'nvlink_bandwidth_mb_per_second', field: 449, exporter_names: ['DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL', 'DCGM_FI_DEV_NVLINK_THROUGHPUT_TOTAL', 'dcgm_nvlink_bandwidth_total'], kind: 'gauge', unit: 'MB/s', scale: 1, min: 0, max: 1e9, column: 'DOUBLE', sigma_floor: 20_000, help: 'NVLink throughput over all lanes: a rate, although typed counter.' },
  { ...count, name: 'pcie_replay_total', field: 202, exporter_names: ['DCGM_FI_DEV_PCIE_REPLAY_COUNTER', 'DCGM_FI_DEV_PCIE_REPLAY_TOTAL', 'dcgm_pcie_replay_counter'], help: 'PCIe replays.' },
  { ...link, name: 'pcie_link_gen', field: 237, exporter_names: ['DCGM_FI_DEV_PCIE_LINK_GEN'], help: 'PCIe generation in use.' },
  { ...link, name: 'pcie_link_width', field: 238, exporter_names: ['DCGM_FI_DEV_PCIE_LINK_WIDTH'], help: 'PCIe lanes in use.' },
  { ...link, name: 'pcie_max_link_gen', field: 235, exporter_names: ['DCGM_FI_DEV_PCIE_MAX_LINK_GEN'], help: 'PCIe generation that board and slot can do.' },
  { ...link, name: 'pcie_max_link_width', field: 236, exporter_names: ['DCGM_FI_DEV_PCIE_MAX_LINK_WIDTH'], help: 'PCIe lanes that board and slot can do.' },
  { ...count, name: 'nvlink_crc_flit_errors_total', field: 409, exporter_names: ['DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL', 'DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_TOTAL', 'dcgm_nvlink_flit_crc_error_count_total'], help: 'NVLink flow-control CRC errors.' },
  { ...count, name: 'nvlink_crc_data_errors_total', field: 419, exporter_names: ['DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_COUNT_TOTAL', 'DCGM_FI_DEV_NVLINK_CRC_DATA_ERROR_TOTAL', 'dcgm_nvlink_data_crc_error_count_total'], help: 'NVLink data CRC errors.' },
  { ...count, name: 'nvlink_replay_errors_total', field: 429, exporter_names: ['DCGM_FI_DEV_NVLINK_REPLAY_ERROR_COUNT_TOTAL', 'DCGM_FI_DEV_NVLINK_REPLAY_ERROR_TOTAL', 'dcgm_nvlink_replay_error_count_total'], help: 'NVLink replays.' },
  { ...count, name: 'nvlink_recovery_errors_total', field: 439, exporter_names: ['DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_COUNT_TOTAL', 'DCGM_FI_DEV_NVLINK_RECOVERY_ERROR_TOTAL', 'dcgm_nvlink_recovery_error_count_total'], help: 'NVLink recoveries.' },
  { ...count, name: 'ecc_sbe_volatile_total', field: 310, exporter_names: ['DCGM_FI_DEV_ECC_SBE_VOL_TOTAL', 'dcgm_ecc_sbe_volatile_total'], help: 'Corrected memory errors since the driver was loaded.' },
  { ...count, name: 'ecc_dbe_volatile_total', field: 311, exporter_names: ['DCGM_FI_DEV_ECC_DBE_VOL_TOTAL', 'dcgm_ecc_dbe_volatile_total'], help: 'Uncorrectable memory errors since the driver was loaded.' },
  { ...count, name: 'ecc_sbe_aggregate_total', field: 312, exporter_names: ['DCGM_FI_DEV_ECC_SBE_AGG_TOTAL', 'dcgm_ecc_sbe_aggregate_total'], help: 'Corrected memory errors over the life of the board.' },
  { ...count, name: 'ecc_dbe_aggregate_total', field: 313, exporter_names: ['DCGM_FI_DEV_ECC_DBE_AGG_TOTAL', 'dcgm_ecc_dbe_aggregate_total'], help: 'Uncorrectable memory errors over the life of the board.' },
  { ...count, name: 'retired_pages_sbe_total', field: 390, exporter_names: ['DCGM_FI_DEV_RETIRED_SBE', 'DCGM_FI_DEV_PAGE_RETIRED_SBE_TOTAL', 'dcgm_retired_pages_sbe'], unit: 'pages', help: 'Pages retired for corrected errors.' },
  { ...count, name: 'retired_pages_dbe_total', field: 391, exporter_names: ['DCGM_FI_DEV_RETIRED_DBE', 'DCGM_FI_DEV_PAGE_RETIRED_DBE_TOTAL', 'dcgm_retired_pages_dbe'], unit: 'pages', help: 'Pages retired for uncorrectable errors.' },
  { ...flag, name: 'retired_pages_pending', field: 392, exporter_names: ['DCGM_FI_DEV_RETIRED_PENDING', 'DCGM_FI_DEV_PAGE_RETIRED_PENDING', 'dcgm_retired_pages_pending'], max: 65_536, help: 'Pages waiting for retirement at the next reset.' },
  { ...count, name: 'remapped_rows_uncorrectable_total', field: 393, exporter_names: ['DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS', 'DCGM_FI_DEV_ROW_REMAP_UNCORRECTABLE_TOTAL'], unit: 'rows', help: 'Rows remapped for uncorrectable errors.' },
  { ...count, name: 'remapped_rows_correctable_total', field: 394, exporter_names: ['DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS', 'DCGM_FI_DEV_ROW_REMAP_CORRECTABLE_TOTAL'], unit: 'rows', help: 'Rows remapped for corrected errors.' },
  { ...flag, name: 'row_remap_failed', field: 395, exporter_names: ['DCGM_FI_DEV_ROW_REMAP_FAILURE', 'DCGM_FI_DEV_ROW_REMAP_FAILED'], help: 'Remapping a row has failed.' },
  { ...flag, name: 'row_remap_pending', field: 396, exporter_names: ['DCGM_FI_DEV_ROW_REMAP_PENDING'], help: 'A remap waits for the next reset.' },
  { name: 'throttle_reasons', field: 112, exporter_names: ['DCGM_FI_DEV_CLOCK_THROTTLE_REASONS', 'DCGM_FI_DEV_CLOCKS_EVENT_REASONS'], kind: 'mask', unit: 'bitmask', scale: 1, min: 0, max: 65_535, column: 'FLOAT', help: 'Why the clocks are held back: 1 idle, 2 application clocks, 4 SW power cap, 8 HW slowdown, 16 sync boost, 32 SW thermal, 64 HW thermal, 128 HW power brake, 256 display.' },
  { ...nanoseconds, name: 'power_violation_ns_total', field: 240, exporter_names: ['DCGM_FI_DEV_POWER_VIOLATION', 'dcgm_power_violation'], help: 'Time held back by the power limit.' },
  { ...nanoseconds, name: 'thermal_violation_ns_total', field: 241, exporter_names: ['DCGM_FI_DEV_THERMAL_VIOLATION', 'dcgm_thermal_violation'], help: 'Time held back by temperature.' },
  { ...nanoseconds, name: 'sync_boost_violation_ns_total', field: 242, exporter_names: ['DCGM_FI_DEV_SYNC_BOOST_VIOLATION', 'dcgm_sync_boost_violation'], help: 'Time held back by sync boost.' },
  { ...nanoseconds, name: 'board_limit_violation_ns_total', field: 243, exporter_names: ['DCGM_FI_DEV_BOARD_LIMIT_VIOLATION', 'dcgm_board_limit_violation'], help: 'Time held back by the board limit.' },
  { ...nanoseconds, name: 'reliability_violation_ns_total', field: 245, exporter_names: ['DCGM_FI_DEV_RELIABILITY_VIOLATION', 'dcgm_reliability_violation'], help: 'Time held back by the reliability limit.' },
  { name: 'xid_last', field: 230, exporter_names: ['DCGM_FI_DEV_XID_ERRORS', 'DCGM_FI_DEV_XID_ERROR', 'dcgm_xid_errors'], kind: 'code', unit: 'XID', scale: 1, min: 0, max: 65_535, column: 'FLOAT', help: 'The last XID: latched, so an event is a change of it.' },
  { name: 'recovery_action', field: 1523, exporter_names: ['DCGM_FI_DEV_GET_GPU_RECOVERY_ACTION', 'DCGM_FI_DEV_GPU_RECOVERY_ACTION'], kind: 'gauge', unit: 'enum', scale: 1, min: 0, max: 16, column: 'FLOAT', help: 'What the driver asks for: 0 none, 1 GPU reset, 2 reboot, 3 drain P2P, 4 drain and reset.' },
] as const satisfies readonly MetricSpec[];

export type MetricName = (typeof CATALOGUE)[number]['name'];
export type Metric = MetricSpec & { readonly name: MetricName };

/** Every metric, in the order of the columns of a batch. */
export const METRICS: readonly Metric[] = CATALOGUE;
export const METRIC_COUNT: number = METRICS.length;

const INDEX_BY_NAME: ReadonlyMap<string, number> = new Map(METRICS.map((metric, index) => [metric.name, index]));

/** Column of a metric in a batch. */
export const metricIndex = (name: MetricName): number => INDEX_BY_NAME.get(name) as number;
/** Column by any text; -1 when no metric is called so. */
export const findMetric = (name: string): number => INDEX_BY_NAME.get(name) ?? -1;
