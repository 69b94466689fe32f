import { METRICS, type Metric, type MetricName } from '../contract/metrics.ts';
import { ownEntry } from '../contract/own-entry.ts';
import { unitFactor } from './cell-value.ts';

/**
 * What columns are called in logs that nobody wrote for us: nvidia-smi's query fields, and the usual short forms. Names are
 * compared in lower case with every other character as `_`; units may follow as `_w` or `[W]`. Where several columns of
 * a table mean one metric, the name that stands first here is preferred.
 */
const METRIC_NAMES: { readonly [K in MetricName]?: readonly string[] } = {
  gpu_temp_celsius: ['temperature_gpu', 'gpu_temperature', 'temp', 'temperature', 'temp_gpu', 'core_temp'],
  memory_temp_celsius: ['temperature_memory', 'mem_temp', 'memory_temperature', 'hbm_temp'],
  temp_margin_celsius: ['temperature_gpu_tlimit', 'tlimit'],
  power_watts: ['power_draw', 'power_draw_average', 'power_draw_instant', 'power_usage', 'gpu_power', 'board_power'],
  power_limit_watts: ['enforced_power_limit', 'power_limit', 'power_cap'],
  energy_joules_total: ['total_energy_consumption', 'energy_consumption', 'total_energy'],
  sm_clock_mhz: ['clocks_current_sm', 'clocks_sm', 'sm_clk', 'clock_sm'],
  memory_clock_mhz: ['clocks_current_memory', 'clocks_mem', 'mem_clock', 'mem_clk', 'clock_mem', 'clocks_memory'],
  gpu_util_ratio: ['utilization_gpu', 'gpu_utilization', 'util_gpu', 'util'],
  memory_util_ratio: ['utilization_memory', 'mem_util', 'mem_copy_util', 'memory_utilization', 'util_mem'],
  encoder_util_ratio: ['utilization_encoder', 'enc_util'],
  decoder_util_ratio: ['utilization_decoder', 'dec_util'],
  fb_used_bytes: ['memory_used', 'mem_used', 'used_memory'],
  fb_free_bytes: ['memory_free', 'mem_free', 'free_memory'],
  fb_reserved_bytes: ['memory_reserved', 'mem_reserved'],
  gr_engine_active_ratio: ['gr_active', 'graphics_active'],
  tensor_active_ratio: ['pipe_tensor_active'],
  nvlink_bandwidth_mb_per_second: ['nvlink_bandwidth_total'],
  pcie_replay_total: ['pcie_replay_counter', 'pcie_replays'],
  pcie_link_gen: ['pcie_link_gen_gpucurrent', 'pcie_link_gen_current', 'pcie_gen'],
  pcie_link_width: ['pcie_link_width_current', 'pcie_width'],
  pcie_max_link_gen: ['pcie_link_gen_max'],
  pcie_max_link_width: ['pcie_link_width_max'],
  ecc_sbe_volatile_total: ['ecc_errors_corrected_volatile_total', 'ecc_sbe'],
  ecc_dbe_volatile_total: ['ecc_errors_uncorrected_volatile_total', 'ecc_dbe'],
  ecc_sbe_aggregate_total: ['ecc_errors_corrected_aggregate_total'],
  ecc_dbe_aggregate_total: ['ecc_errors_uncorrected_aggregate_total'],
  retired_pages_sbe_total: ['retired_pages_single_bit_ecc_count'],
  retired_pages_dbe_total: ['retired_pages_double_bit_count'],
  remapped_rows_uncorrectable_total: ['remapped_rows_uncorrectable'],
  remapped_rows_correctable_total: ['remapped_rows_correctable'],
  row_remap_failed: ['remapped_rows_failure'],
  row_remap_pending: ['remapped_rows_pending'],
  throttle_reasons: [
    'clocks_event_reasons_active',
    'clocks_throttle_reasons_active',
    'clock_throttle_reasons',
    'clocks_event_reasons',
  ],
  xid_last: ['xid', 'xid_errors'],
  recovery_action: ['gpu_recovery_action'],
};

/** nvidia-smi has one column a reason, after `clocks_event_reasons.` or `clocks_throttle_reasons.`. */
const REASON_BITS: Readonly<Record<string, number>> = {
  gpu_idle: 1,
  applications_clocks_setting: 2,
  sw_power_cap: 4,
  hw_slowdown: 8,
  sync_boost: 16,
  sw_thermal_slowdown: 32,
  hw_thermal_slowdown: 64,
  hw_power_brake_slowdown: 128,
  display_clock_setting: 256,
};

const UNIT_SUFFIX =
  /_(celsius|c|watts|mw|kw|w|kwh|wh|joules|millijoules|kj|mj|j|mhz|ghz|khz|hz|percent|perc|pct|ratio|fraction|kib|mib|gib|kb|mb|gb|(?:bytes|kb|mb|gb)(?:_s|_sec|_per_s|_per_sec|_per_second)|bytes|b|ns|us|ms|s)$/;

export const normalName = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');

/** A column that carries a metric: `factor` canonical units per unit of the column; the smaller rank is preferred. */
export interface MetricColumn {
  readonly metric: number;
  readonly factor: number;
  readonly rank: number;
  /** Named a ratio, yet some exporters send percent: told by the readings. */
  readonly maybe_percent: boolean;
}

const BY_NAME = new Map<string, MetricColumn>();
/** From this rank on a column stands in for the metric only where nothing better does. */
export const FALLBACK_RANK = 90;

METRICS.forEach((metric, index) => {
  const ratioNames = new Set(metric.ratio_names?.map(normalName));
  const add = (name: string, factor: number, rank: number): void => {
    if (!BY_NAME.has(name)) BY_NAME.set(name, { metric: index, factor, rank, maybe_percent: ratioNames.has(name) });
  };
  add(metric.name, 1, 0);
  metric.exporter_names.forEach((name, i) => {
    add(normalName(name), metric.scale, 1 + i);
  });
  (METRIC_NAMES[metric.name] ?? []).forEach((name, i) => {
    add(name, metric.scale, 20 + i);
  });
  add(metric.name.replace(/_total$/, '').replace(UNIT_SUFFIX, ''), metric.scale, 10);
  metric.fallback?.exporter_names.forEach((name, i) => {
    add(normalName(name), metric.scale, FALLBACK_RANK + i);
  });
});

/**
 * The metric that a header cell such as `power.draw [W]`, `temp_c`, `DCGM_FI_DEV_GPU_TEMP` or `gpu_temp_celsius` names, or
 * null. Without a unit in the name the unit is the one that DCGM and nvidia-smi report in.
 */
export function metricColumn(header: string): MetricColumn | null {
  const { before, unit } = bracketed(header.trim());
  const name = normalName(before);
  if (unit === null) {
    const exact = BY_NAME.get(name);
    if (exact !== undefined) return exact;
    const suffix = UNIT_SUFFIX.exec(name);
    return suffix === null ? null : inUnit(BY_NAME.get(name.slice(0, suffix.index)), suffix[1] as string);
  }
  const found = BY_NAME.get(name);
  return inUnit(found, unit);
}

/** `power.draw [W]` is a name and its unit; step by step, for a cell may be a million brackets. */
function bracketed(header: string): { readonly before: string; readonly unit: string | null } {
  const opens = header.search(/[[(]/);
  const unit = opens < 0 ? '' : header.slice(opens + 1, -1);
  const whole = /[\])]$/.test(header) && unit !== '' && !/[\])]/.test(unit);
  return whole ? { before: header.slice(0, opens), unit } : { before: header, unit: null };
}

function inUnit(column: MetricColumn | undefined, unit: string): MetricColumn | null {
  if (column === undefined) return null;
  const factor = unitFactor(METRICS[column.metric] as Metric, unit);
  return factor === undefined ? null : { ...column, factor };
}

/** The metric that an exporter calls so, by DCGM's name. */
export const exporterMetric = (name: string): MetricColumn | null => BY_NAME.get(normalName(name)) ?? null;

/** The bit of `clocks_event_reasons.sw_power_cap` and the like, or 0. */
export function reasonBit(header: string): number {
  const match = /^clocks_(?:event|throttle)_reasons_(.+)$/.exec(normalName(header));
  return match === null ? 0 : (ownEntry(REASON_BITS, match[1] as string) ?? 0);
}
