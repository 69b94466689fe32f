import type { HealthContribution } from '../../pipeline/contract/events.ts';
import type { Loss } from './loss.ts';
import { tenthOf } from './verdict.ts';

/** The most that a score can be while a fault stands. */
export interface Cap {
  readonly limit: number;
  /** The fault. */
  readonly loss: Loss;
}

/** Where poor ends: whatever else is well, a board with a critical fault of its hardware is no better than that. */
export const CRITICAL_FAULT_MAX = 50;
/** Below excellent: something is to be done about the board. */
export const ACTION_MAX = 89.9;

/**
 * Types of anomalies that are faults of the hardware when they are critical. Left out are what a program, an owner or a setting
 * does (held memory, idle time, a lowered limit), sensors and exporters, which say nothing of the board, and deviations from
 * others or from the past, which are evidence and no faults.
 */
const HARDWARE: ReadonlySet<string> = new Set([
  ...['ecc_sbe_rate', 'ecc_sbe_total', 'ecc_dbe', 'row_remap_failed', 'row_remap_pending', 'row_remap_pressure'],
  ...['row_remap_rate', 'retired_pages', 'pcie_replay_rate', 'pcie_downtrained', 'nvlink_errors', 'thermal_margin'],
  ...['thermal_violation', 'sw_thermal', 'hw_slowdown', 'power_brake', 'board_limit_violation'],
  ...['reliability_violation', 'recovery_action', 'gpu_lost'],
]);

export const isHardware = (anomaly_type: string): boolean => HARDWARE.has(anomaly_type);

/** The lower of two caps, of equals the one whose fault costs more. */
export const lowerCap = (one: Cap | null, other: Cap): Cap =>
  one === null || other.limit < one.limit || (other.limit === one.limit && other.loss.points > one.loss.points)
    ? other
    : one;

/** What a cap takes from the mean of the dimensions; null where it takes nothing. */
export function takenBy(cap: Cap | null, mean: number): HealthContribution | null {
  if (cap === null || mean <= cap.limit) return null;
  const { cause: _cause, factor: _factor, proves: _proves, ...contribution } = cap.loss;
  return { ...contribution, dimension: 'overall', points: tenthOf(mean - cap.limit) };
}
