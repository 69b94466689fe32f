import { METRIC_COUNT, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { FleetNode } from './layout.ts';
import type { MigInstance } from './mig.ts';
import { sliceLoad } from './mig.ts';
import { FLAG, type FleetState } from './state.ts';

/** Sentinel of a utilisation that DCGM miscounted. */
export const UTIL_GARBAGE = 4_294_967_295;

const GPU_TEMP = metricIndex('gpu_temp_celsius');
const MEMORY_TEMP = metricIndex('memory_temp_celsius');
const TEMP_MARGIN = metricIndex('temp_margin_celsius');
const POWER = metricIndex('power_watts');
const POWER_LIMIT = metricIndex('power_limit_watts');
const ENERGY = metricIndex('energy_joules_total');
const SM_CLOCK = metricIndex('sm_clock_mhz');
const MEMORY_CLOCK = metricIndex('memory_clock_mhz');
const GPU_UTIL = metricIndex('gpu_util_ratio');
const MEMORY_UTIL = metricIndex('memory_util_ratio');
const ENCODER = metricIndex('encoder_util_ratio');
const DECODER = metricIndex('decoder_util_ratio');
const FB_USED = metricIndex('fb_used_bytes');
const FB_FREE = metricIndex('fb_free_bytes');
const FB_RESERVED = metricIndex('fb_reserved_bytes');
const GR_ACTIVE = metricIndex('gr_engine_active_ratio');
const SM_ACTIVE = metricIndex('sm_active_ratio');
const SM_OCCUPANCY = metricIndex('sm_occupancy_ratio');
const TENSOR_ACTIVE = metricIndex('tensor_active_ratio');
const DRAM_ACTIVE = metricIndex('dram_active_ratio');
const PCIE_TX = metricIndex('pcie_tx_bytes_per_second');
const PCIE_RX = metricIndex('pcie_rx_bytes_per_second');
const NVLINK_TX = metricIndex('nvlink_tx_bytes_per_second');
const NVLINK_RX = metricIndex('nvlink_rx_bytes_per_second');
const NVLINK_BANDWIDTH = metricIndex('nvlink_bandwidth_mb_per_second');
const PCIE_REPLAY = metricIndex('pcie_replay_total');
const PCIE_GEN = metricIndex('pcie_link_gen');
const PCIE_WIDTH = metricIndex('pcie_link_width');
const PCIE_MAX_GEN = metricIndex('pcie_max_link_gen');
const PCIE_MAX_WIDTH = metricIndex('pcie_max_link_width');
const CRC_FLIT = metricIndex('nvlink_crc_flit_errors_total');
const CRC_DATA = metricIndex('nvlink_crc_data_errors_total');
const LINK_REPLAY = metricIndex('nvlink_replay_errors_total');
const LINK_RECOVERY = metricIndex('nvlink_recovery_errors_total');
const SBE_VOLATILE = metricIndex('ecc_sbe_volatile_total');
const DBE_VOLATILE = metricIndex('ecc_dbe_volatile_total');
const SBE_AGGREGATE = metricIndex('ecc_sbe_aggregate_total');
const DBE_AGGREGATE = metricIndex('ecc_dbe_aggregate_total');
const RETIRED_SBE = metricIndex('retired_pages_sbe_total');
const RETIRED_DBE = metricIndex('retired_pages_dbe_total');
const RETIRED_PENDING = metricIndex('retired_pages_pending');
const REMAP_UNCORRECTABLE = metricIndex('remapped_rows_uncorrectable_total');
const REMAP_CORRECTABLE = metricIndex('remapped_rows_correctable_total');
const REMAP_FAILED = metricIndex('row_remap_failed');
const REMAP_PENDING = metricIndex('row_remap_pending');
const THROTTLE_REASONS = metricIndex('throttle_reasons');
const POWER_VIOLATION = metricIndex('power_violation_ns_total');
const THERMAL_VIOLATION = metricIndex('thermal_violation_ns_total');
const SYNC_BOOST_VIOLATION = metricIndex('sync_boost_violation_ns_total');
const BOARD_VIOLATION = metricIndex('board_limit_violation_ns_total');
const RELIABILITY_VIOLATION = metricIndex('reliability_violation_ns_total');
const XID_LAST = metricIndex('xid_last');
const RECOVERY_ACTION = metricIndex('recovery_action');

/** What a driver that lost its board still knows. */
const KNOWN_WHEN_HUNG: readonly number[] = [
  FB_USED,
  FB_FREE,
  FB_RESERVED,
  XID_LAST,
  RECOVERY_ACTION,
  PCIE_MAX_GEN,
  PCIE_MAX_WIDTH,
  REMAP_FAILED,
  REMAP_PENDING,
];

const round6 = (x: number): number => Math.round(x * 1e6) / 1e6;
const round3 = (x: number): number => Math.round(x * 1e3) / 1e3;

/**
 * What the exporter would print for one GPU or instance, in its own units (percent, MiB, mJ), into `out[at ..]`; NaN where the
 * board has no such reading. Resolution is that of the real thing: whole degrees, MiB and MHz, milliwatts, ratios to 1e-6.
 */
export function readBoard(state: FleetState, node: FleetNode, gpu: number, out: Float64Array, at: number): void {
  const model = node.model;
  const flags = state.flags[gpu] as number;
  const get = (array: Float64Array | Float32Array | Uint16Array | Uint8Array): number => array[gpu] as number;
  const die = flags & FLAG.temp_stuck ? get(state.stuck_c) : get(state.die_c);
  const lying = (flags & FLAG.prof_zero) !== 0;
  const links = model.nvlinks > 0;
  const usable = model.memory_mib - model.reserved_mib;
  const used = Math.min(usable, 3 + Math.round(get(state.memory_share) * (usable - 3)));
  const nvlink = get(state.nvlink_bps);

  out[at + GPU_TEMP] = Math.round(die);
  out[at + MEMORY_TEMP] = model.hbm === null ? 0 : Math.round(get(state.hbm_c));
  out[at + TEMP_MARGIN] = model.has_margin ? Math.round(model.slowdown_c - die) : Number.NaN;
  out[at + POWER] = round3(get(state.watts));
  out[at + POWER_LIMIT] = get(state.limit_watts);
  out[at + ENERGY] = Math.round(get(state.energy_mj));
  out[at + SM_CLOCK] = get(state.clock_mhz);
  out[at + MEMORY_CLOCK] = get(state.throttle) & 1 ? model.idle_memory_clock_mhz : model.memory_clock_mhz;
  out[at + GPU_UTIL] = flags & FLAG.util_garbage ? UTIL_GARBAGE : Math.round(100 * get(state.util));
  out[at + MEMORY_UTIL] = Math.min(100, Math.round(130 * get(state.dram)));
  out[at + ENCODER] = Math.round(100 * get(state.encoder));
  out[at + DECODER] = Math.round(100 * get(state.decoder));
  out[at + FB_USED] = used;
  out[at + FB_FREE] = usable - used;
  out[at + FB_RESERVED] = model.reserved_mib;
  out[at + GR_ACTIVE] = lying ? 0 : round6(Math.min(1, get(state.util) * 0.992 + 1e-5));
  out[at + SM_ACTIVE] = lying ? 0 : round6(get(state.sm));
  out[at + SM_OCCUPANCY] = lying ? 0 : round6(get(state.occupancy));
  out[at + TENSOR_ACTIVE] = lying ? 0 : round6(get(state.tensor));
  out[at + DRAM_ACTIVE] = lying ? 0 : round6(get(state.dram));
  out[at + PCIE_TX] = lying ? 0 : get(state.pcie_tx_bps);
  out[at + PCIE_RX] = lying ? 0 : get(state.pcie_rx_bps);
  out[at + NVLINK_TX] = links ? (lying ? 0 : nvlink) : Number.NaN;
  out[at + NVLINK_RX] = links ? (lying ? 0 : Math.round(nvlink * 0.99)) : Number.NaN;
  out[at + NVLINK_BANDWIDTH] = links ? Math.round((nvlink * 1.99) / 1e6) : 0;
  out[at + PCIE_REPLAY] = get(state.replays);
  out[at + PCIE_GEN] = get(state.pcie_gen);
  out[at + PCIE_WIDTH] = get(state.pcie_width);
  out[at + PCIE_MAX_GEN] = model.pcie_gen;
  out[at + PCIE_MAX_WIDTH] = model.pcie_width;
  out[at + CRC_FLIT] = links ? get(state.crc_flit) : Number.NaN;
  out[at + CRC_DATA] = links ? get(state.crc_data) : Number.NaN;
  out[at + LINK_REPLAY] = links ? get(state.link_replays) : Number.NaN;
  out[at + LINK_RECOVERY] = links ? get(state.link_recoveries) : Number.NaN;
  out[at + SBE_VOLATILE] = get(state.sbe_volatile);
  out[at + DBE_VOLATILE] = get(state.dbe_volatile);
  out[at + SBE_AGGREGATE] = get(state.sbe_aggregate);
  out[at + DBE_AGGREGATE] = get(state.dbe_aggregate);
  out[at + RETIRED_SBE] = get(state.retired_sbe);
  out[at + RETIRED_DBE] = get(state.retired_dbe);
  out[at + RETIRED_PENDING] = get(state.retired_pending);
  out[at + REMAP_UNCORRECTABLE] = get(state.remapped_uncorrectable);
  out[at + REMAP_CORRECTABLE] = get(state.remapped_correctable);
  out[at + REMAP_FAILED] = get(state.remap_failed);
  out[at + REMAP_PENDING] = get(state.remap_pending);
  out[at + THROTTLE_REASONS] = get(state.throttle);
  out[at + POWER_VIOLATION] = get(state.power_violation_ns);
  out[at + THERMAL_VIOLATION] = get(state.thermal_violation_ns);
  out[at + SYNC_BOOST_VIOLATION] = 0;
  out[at + BOARD_VIOLATION] = get(state.board_violation_ns);
  out[at + RELIABILITY_VIOLATION] = 0;
  const code = get(state.xid);
  out[at + XID_LAST] = code === 0 && !node.dialect.zero_xid_row ? Number.NaN : code;
  out[at + RECOVERY_ACTION] = get(state.recovery);

  if (flags & FLAG.hung) {
    for (let m = 0; m < METRIC_COUNT; m++) if (!KNOWN_WHEN_HUNG.includes(m)) out[at + m] = Number.NaN;
  }
  if (node.mig) {
    // An A100 in MIG mode has no utilisation and no profiling of links.
    for (const m of [GPU_UTIL, MEMORY_UTIL, ENCODER, DECODER, PCIE_TX, PCIE_RX, NVLINK_TX, NVLINK_RX])
      out[at + m] = Number.NaN;
  }
}

/** Turns the board's readings at `at` into those of one of its slices: own framebuffer and profiling, the rest repeated. */
export function narrowToInstance(
  node: FleetNode,
  gpu_seed: number,
  instance: MigInstance,
  ts_ms: number,
  prof_zero: boolean,
  out: Float64Array,
  at: number,
): void {
  const { tenant, load } = sliceLoad(gpu_seed, instance, ts_ms);
  const whole = Math.round(((node.model.memory_mib - node.model.reserved_mib) * instance.memory) / 8);
  const used = tenant === 0 ? 13 * instance.memory : Math.round(whole * (0.1 + 0.7 * load));
  const prof = (x: number): number => (prof_zero ? 0 : round6(x));
  out[at + FB_USED] = used;
  out[at + FB_FREE] = whole - used;
  out[at + FB_RESERVED] = 16 * instance.memory;
  if (Number.isNaN(out[at + GR_ACTIVE] as number)) return;
  out[at + GR_ACTIVE] = prof(load);
  out[at + SM_ACTIVE] = prof(0.85 * load);
  out[at + SM_OCCUPANCY] = prof(0.3 * load);
  out[at + TENSOR_ACTIVE] = prof(0.4 * load);
  out[at + DRAM_ACTIVE] = prof(0.5 * load);
}
