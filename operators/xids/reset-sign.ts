import type { Batch } from '../../pipeline/contract/batch.ts';
import { METRIC_COUNT, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { State } from '../../pipeline/contract/operator.ts';

const COUNTERS = Uint16Array.of(
  metricIndex('energy_joules_total'),
  metricIndex('ecc_sbe_volatile_total'),
  metricIndex('ecc_dbe_volatile_total'),
);
/** Less than this is how exporters round, not a counter that began again. */
const FALL_RATIO_MIN = 0.01;

/** Columns of whoever wants to know of resets: the last reading of each counter that a driver reload sets back. 12 B. */
export const RESET_STATE = {
  since_load: { scope: 'gpu', type: 'f32', width: COUNTERS.length, initial: 0 },
} as const;

/**
 * Whether a GPU was reset, its driver reloaded or its host rebooted since its last row: energy or volatile ECC counters have
 * fallen. Rows must come in time order per GPU. 32-bit floats suffice: rounding keeps the order of any two readings.
 */
export function seesReset(batch: Batch, row: number, state: State<typeof RESET_STATE>): boolean {
  const cell = (batch.gpu[row] as number) * COUNTERS.length;
  const from = row * METRIC_COUNT;
  let fell = false;
  for (let i = 0; i < COUNTERS.length; i++) {
    const now = batch.values[from + (COUNTERS[i] as number)] as number;
    if (Number.isNaN(now)) continue;
    if (now < (state.since_load[cell + i] as number) * (1 - FALL_RATIO_MIN)) fell = true;
    state.since_load[cell + i] = now;
  }
  return fell;
}
