import { COUNTER_COLUMNS, COUNTER_COUNT, MASK_SLOTS, SLOT_COUNT, SLOT_HALVES, slotOf } from './rate-slots.ts';
import type { Scene } from './scene.ts';

/**
 * Rates over a window of event time, from two sums a slot: of the half that is filling and of the one before. A rate so spans
 * one half at least, two at most, whatever the cadence; after a gap it spans the gap.
 *
 * A fall of a counter is a reset and no rate. While a counter is missing its window stands still, so that what it rose by
 * meanwhile is spread over all that time.
 *
 * State  44 B a slot, 8 B a counter. Cost: nothing for a counter that stands still but the comparison.
 */
const SBE_VOLATILE = slotOf('ecc_sbe_volatile_total');
const SBE_AGGREGATE = slotOf('ecc_sbe_aggregate_total');
const SBE_SLOW = slotOf('sbe_slow');
const ALL_COUNTERS = 2 ** COUNTER_COUNT - 1;

/** Adds to a slot what happened since the GPU's row before. */
export function addToSlot(scene: Scene, slot: number, amount: number): void {
  const { state, gpu } = scene;
  const at = gpu * SLOT_COUNT + slot;
  const bit = 1 << slot;
  const active = state.active[gpu] as number;
  if ((active & bit) === 0) {
    state.active[gpu] = active | bit;
    const frozen = slot < COUNTER_COUNT && ((state.absent[gpu] as number) & bit) !== 0;
    if (!frozen) {
      state.start_now[at] = scene.previous_ts;
      state.start_before[at] = scene.previous_ts;
    }
    state.sum_now[at] = 0;
    state.sum_before[at] = 0;
  }
  state.sum_now[at] = (state.sum_now[at] as number) + amount;
  state.rise_at[at] = scene.ts;
}

/** Notes the row's counters: rises into their slots, resets and absences. */
export function noteCounters(scene: Scene): void {
  const { state, values, from, gpu } = scene;
  const { counters } = state;
  const cell = gpu * COUNTER_COUNT;
  const before_absent = (state.absent[gpu] as number) & ALL_COUNTERS;
  let absent = 0;
  scene.fell = 0;
  for (let c = 0; c < COUNTER_COUNT; c++) {
    const value = values[from + (COUNTER_COLUMNS[c] as number)] as number;
    const before = counters[cell + c] as number;
    if (value > before) rise(scene, c, value - before, value);
    else if (value < before) {
      // The first reading is no fall.
      if (before !== Number.POSITIVE_INFINITY) scene.fell |= 1 << c;
      counters[cell + c] = value;
    } else if (Number.isNaN(value)) absent |= 1 << c;
  }
  if (absent !== before_absent) noteAbsence(scene, before_absent, absent);
}

function rise(scene: Scene, slot: number, amount: number, value: number): void {
  const { state, gpu } = scene;
  addToSlot(scene, slot, amount);
  state.counters[gpu * COUNTER_COUNT + slot] = value;
  const volatile_missing = ((state.absent[gpu] as number) & (1 << SBE_VOLATILE)) !== 0;
  if (slot === SBE_VOLATILE || (slot === SBE_AGGREGATE && volatile_missing)) addToSlot(scene, SBE_SLOW, amount);
}

function noteAbsence(scene: Scene, before: number, now: number): void {
  const { state, gpu } = scene;
  const gone = now & ~before;
  const active = state.active[gpu] as number;
  for (let slot = 0; slot < COUNTER_COUNT; slot++) {
    if (((gone & ~active) >>> slot) & 1) {
      const at = gpu * SLOT_COUNT + slot;
      state.start_now[at] = scene.previous_ts;
      state.start_before[at] = scene.previous_ts;
    }
  }
  state.absent[gpu] = now;
}

/** Amount per millisecond in the slot's window; 0 when nothing rose. */
export function slotRate(scene: Scene, slot: number): number {
  const { state, gpu, ts } = scene;
  if ((((state.active[gpu] as number) >>> slot) & 1) === 0) return 0;
  const at = gpu * SLOT_COUNT + slot;
  const span = Math.max(ts - (state.start_before[at] as number), SLOT_HALVES[slot] as number);
  return ((state.sum_now[at] as number) + (state.sum_before[at] as number)) / span;
}

/** Amount in the slot's window. */
export function slotSum(scene: Scene, slot: number): number {
  const { state, gpu } = scene;
  if ((((state.active[gpu] as number) >>> slot) & 1) === 0) return 0;
  const at = gpu * SLOT_COUNT + slot;
  return (state.sum_now[at] as number) + (state.sum_before[at] as number);
}

/** When the slot last rose; 0 = never. */
export const slotRiseAt = (scene: Scene, slot: number): number =>
  scene.state.rise_at[scene.gpu * SLOT_COUNT + slot] as number;

/** Whether the counter of a slot began anew with this row. */
export const slotFell = ({ fell }: Scene, slot: number): boolean => ((fell >>> slot) & 1) !== 0;

/** Whether the counter of a slot is missing in this row. */
export const slotMissing = (scene: Scene, slot: number): boolean =>
  (((scene.state.absent[scene.gpu] as number) >>> slot) & 1) !== 0;

/** After the row was judged: halves that are full become the one before, and slots without rises rest. */
export function rollSlots(scene: Scene, mask_missing: boolean): void {
  const { state, gpu, ts } = scene;
  let active = state.active[gpu] as number;
  const standing = ((state.absent[gpu] as number) & ALL_COUNTERS) | (mask_missing ? MASK_SLOTS : 0);
  for (let bits = active & ~standing; bits !== 0; bits &= bits - 1) {
    const slot = 31 - Math.clz32(bits & -bits);
    const at = gpu * SLOT_COUNT + slot;
    if (ts - (state.start_now[at] as number) < (SLOT_HALVES[slot] as number)) continue;
    const sum = state.sum_now[at] as number;
    state.sum_before[at] = sum;
    state.start_before[at] = state.start_now[at] as number;
    state.sum_now[at] = 0;
    state.start_now[at] = ts;
    if (sum === 0) active &= ~(1 << slot);
  }
  state.active[gpu] = active;
}
