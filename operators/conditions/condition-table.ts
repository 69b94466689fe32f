import type { MetricName } from '../../pipeline/contract/metrics.ts';
import { type DurationMs, days, hours, minutes, seconds } from '../../pipeline/contract/time.ts';

/** A reading that counts; null = this severity is never given; `model` = the limits of the GPU's model (thermal-limits.ts). */
export type Limit = number | null | 'model';

export interface ConditionSpec {
  /** Name in the configuration; unique. */
  readonly key: string;
  /** What the anomaly is called: conditions of one type never tell the same metric, so that one open anomaly is one condition. */
  readonly type: string;
  /** The metric it is told under unless the detector knows a better one. */
  readonly metric: MetricName | 'fields';
  /** Of the limits; of observed and expected too, but where a comment in the table says otherwise. */
  readonly unit: string;
  readonly info: Limit;
  readonly warning: Limit;
  readonly critical: Limit;
  /** Whether a high or a low reading is the bad one. */
  readonly worse: 'high' | 'low';
  /** It counts as gone below this share of its mildest limit; in between it stays what it is. */
  readonly clear_ratio: number;
  /** Event time over which the evidence must reach: for info and warning, for critical; and calm time that closes it. */
  readonly open_after: DurationMs;
  readonly critical_after: DurationMs;
  readonly close_after: DurationMs;
  /** What the reading is taken over, as told in the anomaly's `window`. */
  readonly window: string;
  /** Judged once per board, also where MIG instances repeat its readings. */
  readonly board: boolean;
  readonly meaning: string;
  readonly action: string;
}

const now = seconds(0);
/** By rate: gone at half of what opens it. */
const rate = { worse: 'high', clear_ratio: 0.5, board: true, info: null } as const;
/** By the reading of now. */
const level = { worse: 'high', clear_ratio: 1, board: true, info: null, window: 'now' } as const;
/** Bits of the throttle mask: the warning is in minutes that showed the bit per minute, the critical limit a share of the time. */
const mask = { ...rate, window: '10m', metric: 'throttle_reasons', unit: 'per minute' } as const;
/** Nanosecond counters, as a share of the time. */
const share = {
  ...rate,
  window: '5m',
  unit: 'share of time',
  open_after: minutes(10),
  critical_after: minutes(10),
  close_after: minutes(15),
} as const;

/**
 * Every condition with a known limit, one row each: name, limits, how long it must last and be gone, what it means and what
 * to do. Order is the order of state cells: add at the END. All 32 bits of the masks are taken: one
 * more needs wider ones first.
 */
// biome-ignore format: a table, a few lines a condition
const TABLE = [
  { ...rate, key: 'ecc_sbe_rate', type: 'ecc_sbe_rate', metric: 'ecc_sbe_volatile_total', unit: 'per second', warning: 1 / 60, critical: 10, open_after: minutes(10), critical_after: minutes(1), close_after: minutes(30), window: '1m',
    meaning: 'Memory needs constant correction: a slow burn that vendor tools call healthy until an uncorrectable error comes.', action: 'Drain the GPU at a rate of 10 per second and more, reset it, and run the memory diagnostics; replace it if the errors come back.' },
  { ...level, key: 'ecc_sbe_total', type: 'ecc_sbe_total', metric: 'ecc_sbe_aggregate_total', unit: 'errors', warning: 2e7, critical: 2e7, open_after: now, critical_after: now, close_after: hours(1),
    meaning: 'So many corrected errors (Azure takes nodes out at 20 million) are no background: over the life of the board they are a warning, since the driver was loaded they are critical.', action: 'Look at the remapped rows, run the memory diagnostics, and ask for a replacement if the total goes on rising.' },
  { ...level, key: 'ecc_dbe', type: 'ecc_dbe', metric: 'ecc_dbe_volatile_total', unit: 'errors', warning: null, critical: 1, open_after: now, critical_after: now, close_after: days(1), window: '1d',
    meaning: 'Data in memory was lost; work on this GPU cannot be trusted until the row is remapped.', action: 'Stop the job, drain the GPU and reset it, so that the row is remapped; replace it if errors come back.' },
  { ...level, key: 'row_remap_failed', type: 'row_remap_failed', metric: 'row_remap_failed', unit: 'flag', warning: null, critical: 1, open_after: now, critical_after: now, close_after: minutes(10),
    meaning: 'There is no spare row left for a defect one.', action: 'Take the GPU out and ask for a replacement.' },
  { ...level, key: 'row_remap_pending', type: 'row_remap_pending', metric: 'row_remap_pending', unit: 'flag', warning: 1, critical: null, open_after: now, critical_after: now, close_after: minutes(5),
    meaning: 'A defect row is still in use until the next reset.', action: 'Reset the GPU when its job has ended.' },
  { ...level, key: 'row_remap_total', type: 'row_remap_pressure', metric: 'remapped_rows_uncorrectable_total', unit: 'rows', warning: 384, critical: 512, open_after: now, critical_after: now, close_after: hours(1),
    meaning: 'The spare rows of the memory (512 in all) are running out.', action: 'Plan a replacement.' },
  { ...rate, key: 'row_remap_rate', type: 'row_remap_rate', metric: 'remapped_rows_uncorrectable_total', unit: 'rows per day', warning: 4, critical: 16, open_after: now, critical_after: now, close_after: hours(1), window: '1d',
    meaning: 'Rows fail one after the other: the memory is wearing out.', action: 'Drain the GPU, run the memory diagnostics, and plan a replacement.' },
  { ...level, key: 'retired_pages', type: 'retired_pages', metric: 'retired_pages_dbe_total', unit: 'pages', warning: 15, critical: 63, open_after: now, critical_after: now, close_after: hours(1),
    meaning: 'Memory pages were given up; at 63 no more can be.', action: 'Plan a replacement at 15 pages, take the GPU out at 63.' },
  { ...level, key: 'retired_pages_pending', type: 'retired_pages', metric: 'retired_pages_pending', unit: 'pages', warning: 1, critical: null, open_after: now, critical_after: now, close_after: minutes(5),
    meaning: 'A defect page is still in use until the next reset.', action: 'Reset the GPU when its job has ended.' },
  { ...rate, key: 'pcie_replay_rate', type: 'pcie_replay_rate', metric: 'pcie_replay_total', unit: 'times the allowed rate', warning: 1, critical: null, open_after: minutes(2), critical_after: minutes(2), close_after: minutes(30), window: '1m',
    // Observed and expected are replays per minute.
    meaning: 'The PCIe link repeats more packets than its generation and width allow: a bad slot, riser, cable or retimer.', action: 'Reseat the board or riser at the next maintenance, and compare with its neighbours.' },
  { ...level, key: 'pcie_width', type: 'pcie_downtrained', metric: 'pcie_link_width', unit: 'lanes', warning: 1, critical: null, worse: 'low', open_after: minutes(5), critical_after: minutes(5), close_after: minutes(5),
    // Limits are shares of what the slot can do: below all of it.
    meaning: 'Host transfers are slower than the slot allows.', action: 'Reseat the board or riser, then reboot and look at the width again.' },
  { ...level, key: 'pcie_generation', type: 'pcie_downtrained', metric: 'pcie_link_gen', unit: 'generation', warning: 1, critical: null, worse: 'low', open_after: minutes(5), critical_after: minutes(5), close_after: minutes(5),
    // As above.
    meaning: 'The link stays below its generation although the GPU works.', action: 'Look at the BIOS settings and the riser, then reboot and look again.' },
  { ...rate, key: 'nvlink_crc', type: 'nvlink_errors', metric: 'nvlink_crc_flit_errors_total', unit: 'per second', warning: 10, critical: 100, open_after: minutes(5), critical_after: minutes(1), close_after: minutes(10), window: '1m',
    meaning: 'NVLink packets arrive damaged; collectives slow down or fail.', action: 'Drain the GPU, reset it together with its fabric, and look at baseboard, cable or switch if it comes back.' },
  { ...rate, key: 'nvlink_recovery', type: 'nvlink_errors', metric: 'nvlink_recovery_errors_total', unit: 'per minute', warning: 5, critical: null, open_after: minutes(3), critical_after: minutes(3), close_after: minutes(10), window: '1m',
    meaning: 'NVLink packets are sent again and links retrain; traffic stalls each time.', action: 'Compare the links of the node, and look at baseboard, cable or switch.' },
  { ...level, key: 'thermal_margin', type: 'thermal_margin', metric: 'temp_margin_celsius', unit: 'C above slowdown', warning: 3, critical: 0, worse: 'low', open_after: minutes(10), critical_after: minutes(1), close_after: minutes(10),
    // Limits are degrees above the slowdown margin of the model; observed and expected are margins.
    meaning: 'The GPU is at or near the temperature at which its hardware slows down.', action: 'Look at airflow or coolant, fans, dust and paste; move work away if it stays critical.' },
  { ...level, key: 'gpu_temperature', type: 'thermal_margin', metric: 'gpu_temp_celsius', unit: 'C', warning: 'model', critical: 'model', open_after: minutes(10), critical_after: minutes(1), close_after: minutes(10),
    meaning: 'The die is above what its model is meant to run at.', action: 'Look at airflow or coolant, fans, dust and paste; move work away if it stays critical.' },
  { ...level, key: 'memory_temperature', type: 'thermal_margin', metric: 'memory_temp_celsius', unit: 'C', warning: 'model', critical: 'model', open_after: minutes(10), critical_after: minutes(1), close_after: minutes(10),
    meaning: 'The memory is above what its model is meant to run at.', action: 'Look at airflow or coolant, fans, dust and paste; move work away if it stays critical.' },
  { ...mask, key: 'hw_slowdown', type: 'hw_slowdown', warning: 0.6, critical: 0.5, open_after: now, critical_after: minutes(10), close_after: minutes(15),
    meaning: 'The hardware itself halves the clocks (bits 8 or 64): too hot, or short of power.', action: 'Look at temperatures, power supply and power cabling of this GPU.' },
  { ...mask, key: 'power_brake', type: 'power_brake', warning: 0.3, critical: 0.5, open_after: now, critical_after: minutes(10), close_after: minutes(15),
    meaning: 'The board is told from outside to brake (bit 128): the power supply cannot keep up.', action: 'Look at the power supplies and the power budget of the node or rack.' },
  { ...mask, key: 'sw_thermal', type: 'sw_thermal', unit: 'share of time', warning: 0.5, critical: null, open_after: minutes(10), critical_after: minutes(10), close_after: minutes(15),
    meaning: 'The driver lowers the clocks to stay below the temperature target (bit 32).', action: 'Look at airflow or coolant; the work runs slower, nothing breaks.' },
  { ...share, key: 'thermal_violation', type: 'thermal_violation', metric: 'thermal_violation_ns_total', warning: 0.1, critical: null,
    meaning: 'The GPU is held back by temperature.', action: 'Look at airflow or coolant, fans, dust and paste.' },
  { ...share, key: 'board_limit_violation', type: 'board_limit_violation', metric: 'board_limit_violation_ns_total', warning: 0.1, critical: null,
    meaning: 'The GPU is held back by a limit of its board.', action: 'Look at the power supplies and the power budget of the node.' },
  { ...share, key: 'reliability_violation', type: 'reliability_violation', metric: 'reliability_violation_ns_total', warning: 0.1, critical: null,
    meaning: 'The GPU holds itself back to stay reliable at its voltage.', action: 'Compare it with its neighbours at the same work; if it alone does so, have it looked at.' },
  { ...share, key: 'power_violation', type: 'power_violation', metric: 'power_violation_ns_total', info: 0.5, warning: null, critical: null,
    meaning: 'The power limit decides the speed: capping works as configured.', action: 'Nothing is broken; raise the limit if the work should run faster.' },
  { ...level, key: 'energy_mismatch', type: 'energy_mismatch', metric: 'energy_joules_total', unit: 'share of the power reading', warning: 0.2, critical: null, clear_ratio: 0.75, open_after: minutes(30), critical_after: minutes(30), close_after: minutes(30), window: '5m',
    meaning: 'The energy counter and the power reading contradict each other: one of the two sensors lies.', action: 'Trust neither for billing; compare with the power supplies of the node, and update driver and firmware.' },
  { ...level, key: 'prof_zero', type: 'sensor_lying', metric: 'sm_active_ratio', unit: 'utilisation', warning: 0.1, critical: null, open_after: minutes(5), critical_after: minutes(5), close_after: minutes(5),
    meaning: 'Profiling counters stand at exactly 0 while the GPU works: they lie, often after an XID 31.', action: 'Restart the exporter or the host engine, and ignore these counters until then.' },
  { ...level, key: 'temp_stuck', type: 'sensor_lying', metric: 'gpu_temp_celsius', unit: 'W of movement', warning: 100, critical: null, open_after: minutes(10), critical_after: minutes(10), close_after: now, window: '1h',
    meaning: 'The temperature does not move while the power does: the sensor is frozen.', action: 'Do not trust the temperature of this GPU; restart the exporter, then reset the GPU.' },
  { ...level, key: 'framebuffer_stuck', type: 'framebuffer_stuck', metric: 'fb_used_bytes', unit: 'share of memory', info: 0.05, warning: 0.05, critical: null, clear_ratio: 0.8, open_after: hours(6), critical_after: hours(6), close_after: minutes(5), window: '6h',
    meaning: 'Memory is held although nobody works and nobody is known to use the GPU: a leftover process, or memory that was never freed.', action: 'Look for a leftover process; if there is none, reset the GPU.' },
  { ...level, key: 'held_idle', type: 'held_idle', metric: 'gpu_util_ratio', unit: 'h', info: 1, warning: null, critical: null, board: false, open_after: now, critical_after: now, close_after: minutes(2), window: '1h',
    meaning: 'The GPU is paid for and does nothing: cost, not a fault.', action: 'Ask its owner whether it can be given back.' },
  { ...level, key: 'recovery_action', type: 'recovery_action', metric: 'recovery_action', unit: 'code', warning: 1, critical: 3, open_after: now, critical_after: now, close_after: minutes(5),
    meaning: 'The driver itself asks for help: 1 GPU reset, 2 reboot, 3 drain P2P, 4 drain and reset.', action: 'Do what it asks for.' },
  { ...level, key: 'field_vanished', type: 'field_vanished', metric: 'fields', unit: 'fields', info: 1, warning: 0.5, critical: null, open_after: now, critical_after: now, close_after: now, window: '1h',
    // The warning's limit is a share of what the GPU usually reports: above it.
    meaning: 'What they told is unknown now: the exporter has another list of counters, as after an upgrade, or the driver no longer reaches the board.', action: 'Compare the list of counters of the exporter with what it was before; where most are gone, look at the kernel log.' },
  { ...level, key: 'power_limit_lowered', type: 'power_limit_lowered', metric: 'power_limit_watts', unit: 'W', warning: 0.9, critical: null, worse: 'low', open_after: minutes(5), critical_after: minutes(5), close_after: minutes(5),
    // Limits are shares of the highest limit that this GPU has had; observed and expected are in W.
    meaning: 'The board may draw less than it could before and is slower under load for it: a setting, not a defect.', action: 'Ask who lowered the limit; set it again if nobody did.' },
] as const satisfies readonly ConditionSpec[];

export type ConditionKey = (typeof TABLE)[number]['key'];
export type Condition = ConditionSpec & { readonly key: ConditionKey };

export const CONDITIONS: readonly Condition[] = TABLE;
export const CONDITION_COUNT: number = CONDITIONS.length;

/** State cell of a condition. */
export const conditionIndex = (key: ConditionKey): number => CONDITIONS.findIndex((entry) => entry.key === key);
/** Its bit in a mask of conditions. */
export const conditionBit = (key: ConditionKey): number => 1 << conditionIndex(key);
