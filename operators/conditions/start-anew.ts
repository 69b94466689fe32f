import { COUNTER_COUNT } from './rate-slots.ts';
import { CONDITIONS_STATE, type ConditionsState } from './scene.ts';

/**
 * A MIG instance that speaks for its board again has not followed the counters meanwhile: what they rose by in days must not
 * pass for a storm in a minute. What it knows of the board's settings and fields stays.
 */
export function startAnew(state: ConditionsState, gpu: number): void {
  const { counters, energy, stillness, absent } = CONDITIONS_STATE;
  state.counters.fill(counters.initial, gpu * COUNTER_COUNT, (gpu + 1) * COUNTER_COUNT);
  state.energy.fill(energy.initial, gpu * energy.width, (gpu + 1) * energy.width);
  state.stillness.fill(stillness.initial, gpu * stillness.width, (gpu + 1) * stillness.width);
  state.absent[gpu] = absent.initial;
  state.active[gpu] = 0;
}
