import type { StateSpec } from '../../pipeline/contract/operator.ts';

/** The fleet's clock: the event time with which the stream began, and the largest one so far. Kept with the fleet's state. */
export const CLOCK_STEP = 'fleet_clock';
export const CLOCK_STATE = {
  clock: { scope: 'group', type: 'f64', width: 2, initial: 0 },
} as const satisfies StateSpec;
export const BEGAN = 0;
export const NOW = 1;
