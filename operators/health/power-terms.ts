import type { Observations } from './observations.ts';
import type { Term } from './term.ts';
import { BITS, hasBit, shareOfSamples } from './throttle-bits.ts';

/** Draw over limit from which the limit is taken not to hold. */
const OVERSHOOT = 1.05;

/** What is drawn now and was over the hour: a swing above the limit, or a limit that was lowered lately, is no excess. */
const steadyWatts = (o: Observations): number => Math.min(o.power_watts_mean_1h, o.power_watts);
const overshoot = (o: Observations): number => steadyWatts(o) / o.power_limit_watts - OVERSHOOT;

const brake = {
  dimension: 'power',
  cause: 'power_brake',
  factor: 'power_brake',
  action: 'check power supplies and cables',
} as const;

/** What power costs. The power cap (bit 4) is not among it: that is working as configured. */
export const POWER_TERMS: readonly Term[] = [
  {
    ...brake,
    points: (o) => (o.power_brake_count > 0 ? Math.min(60, 15 + 200 * shareOfSamples(o.power_brake_count, o)) : 0),
    metric: 'power_brake_count',
    value: (o) => o.power_brake_count,
    limit: 0,
    unit: 'samples',
    window: '7d',
  },
  {
    ...brake,
    points: (o) => (hasBit(o, BITS.power_brake) ? 15 : 0),
    metric: 'throttle_reasons',
    value: (o) => o.throttle_reasons,
    limit: 0,
    unit: 'bitmask',
    window: 'now',
  },
  {
    dimension: 'power',
    cause: 'power_over_limit',
    factor: 'power_over_limit',
    points: (o) => (overshoot(o) > 0 ? Math.min(40, 10 + 200 * overshoot(o)) : 0),
    metric: 'power_watts',
    value: steadyWatts,
    limit: (o) => o.power_limit_watts,
    unit: 'W',
    window: '1h',
    action: 'read the power limit back and set it anew',
  },
];
