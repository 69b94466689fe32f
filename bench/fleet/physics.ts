import type { GpuModel } from './gpu-models.ts';

/**
 * Power, clock and temperature of one board.
 *
 * Dynamic power goes with f x V(f)^2, voltage nearly linear in frequency; the die follows inlet + rise + resistance x power as a
 * first-order lag. Both loops that lower the clock (power cap, thermal slowdown) are solved for where they settle, so that
 * a step of two minutes gives what twelve steps of ten seconds give.
 */

/** Clock below which the hardware will not go while a kernel runs, as a ratio of boost. */
export const CLOCK_FLOOR = 0.15;

/** Share of full dynamic power at clock ratio f: f x V(f)^2 with V(1) = 1. */
export function powerShare(f: number): number {
  const volt = 0.62 + 0.38 * f;
  return f * volt * volt;
}

/** The clock ratio whose `powerShare` is `share` (Newton, four steps: exact to 1e-6 over the range). */
export function clockForShare(share: number): number {
  if (share >= 1) return 1;
  if (share <= powerShare(CLOCK_FLOOR)) return CLOCK_FLOOR;
  let f = share ** 0.62;
  for (let i = 0; i < 4; i++) {
    const volt = 0.62 + 0.38 * f;
    f -= (f * volt * volt - share) / (volt * volt + 0.76 * f * volt);
  }
  return f;
}

/** How hard the work drives the board at full clock, 0..about 1.1, from its activity ratios. */
export const workIntensity = (sm: number, tensor: number, dram: number): number =>
  0.4 * sm + 0.75 * tensor + 0.35 * dram;

/** Where `value` is after `seconds` on its way to `target`. */
export const relax = (value: number, target: number, seconds: number, time_s: number): number =>
  target + (value - target) * Math.exp(-seconds / time_s);

/** Seconds out of `seconds` that a relaxation from `value` to `target` spends above `limit`. */
export function secondsAbove(value: number, target: number, limit: number, seconds: number, time_s: number): number {
  if (target <= limit)
    return value > limit ? Math.min(seconds, time_s * Math.log((value - target) / (limit - target))) : 0;
  if (value >= limit) return seconds;
  return Math.max(0, seconds - time_s * Math.log((target - value) / (target - limit)));
}

/** Die temperature that the board settles at. */
export const settledDie = (model: GpuModel, inlet_c: number, resistance: number, watts: number): number =>
  inlet_c + model.rise_c + model.resistance_c_per_watt * resistance * watts;

export const settledHbm = (
  hbm: NonNullable<GpuModel['hbm']>,
  inlet_c: number,
  resistance: number,
  watts: number,
): number => inlet_c + hbm.rise_c + hbm.resistance_c_per_watt * resistance * watts;
