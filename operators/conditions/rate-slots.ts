import { type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { type DurationMs, days, minutes } from '../../pipeline/contract/time.ts';

interface RateSlot {
  readonly name: string;
  /** A rate is taken over this long at least, over twice as long at most. */
  readonly half: DurationMs;
}
const counter = (name: MetricName, half: DurationMs): RateSlot & { readonly name: MetricName } => ({ name, half });

/** Counters whose rises are watched. */
const COUNTER_SLOTS = [
  counter('ecc_sbe_volatile_total', minutes(1)),
  counter('ecc_sbe_aggregate_total', minutes(1)),
  counter('ecc_dbe_volatile_total', days(1)),
  counter('ecc_dbe_aggregate_total', days(1)),
  counter('remapped_rows_uncorrectable_total', days(1)),
  counter('pcie_replay_total', minutes(1)),
  counter('nvlink_crc_flit_errors_total', minutes(1)),
  counter('nvlink_crc_data_errors_total', minutes(1)),
  counter('nvlink_replay_errors_total', minutes(1)),
  counter('nvlink_recovery_errors_total', minutes(1)),
  counter('thermal_violation_ns_total', minutes(5)),
  counter('board_limit_violation_ns_total', minutes(5)),
  counter('reliability_violation_ns_total', minutes(5)),
  counter('power_violation_ns_total', minutes(5)),
];

/** What is counted here besides: corrected errors over a longer time, minutes with a throttle bit, time in one. */
const DERIVED_SLOTS: readonly RateSlot[] = [
  { name: 'sbe_slow', half: minutes(5) },
  { name: 'hw_slowdown_minutes', half: minutes(10) },
  { name: 'hw_slowdown_ms', half: minutes(10) },
  { name: 'power_brake_minutes', half: minutes(10) },
  { name: 'power_brake_ms', half: minutes(10) },
  { name: 'sw_thermal_ms', half: minutes(10) },
];
const SLOTS: readonly RateSlot[] = [...COUNTER_SLOTS, ...DERIVED_SLOTS];

export const COUNTER_COUNT: number = COUNTER_SLOTS.length;
export const SLOT_COUNT: number = SLOTS.length;
/** Column of a counter in a batch. */
export const COUNTER_COLUMNS = Uint16Array.from(COUNTER_SLOTS, ({ name }) => metricIndex(name));
export const SLOT_HALVES = Float64Array.from(SLOTS, ({ half }) => half);
/** Slot by name. */
export const slotOf = (name: string): number => SLOTS.findIndex((slot) => slot.name === name);
export const slotBit = (...names: readonly string[]): number =>
  names.reduce((bits, name) => bits | (1 << slotOf(name)), 0);
/** Slots that are fed from the throttle bits, and so stand still while those are missing. */
export const MASK_SLOTS: number = slotBit(
  'hw_slowdown_minutes',
  'hw_slowdown_ms',
  'power_brake_minutes',
  'power_brake_ms',
  'sw_thermal_ms',
);
