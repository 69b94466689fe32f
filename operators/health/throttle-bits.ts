import type { Observations } from './observations.ts';

/** Bits of throttle_reasons that say something. Not among them: 1 idle, 2 application clocks, 256 display; they are benign. */
export const BITS = {
  power_cap: 4,
  hw_slowdown: 8,
  sw_thermal: 32,
  hw_thermal: 64,
  power_brake: 128,
} as const;

/** Whether the last row has one of these bits; a missing mask has none. */
export const hasBit = (o: Observations, bits: number): boolean => (o.throttle_reasons & bits) !== 0;

/** Share of the samples in the window, from a count. */
export const shareOfSamples = (count: number, o: Observations): number => count / Math.max(1, o.samples_7d);
