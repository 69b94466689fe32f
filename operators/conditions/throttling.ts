import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { HOLD, type Level, levelOf } from './condition-limits.ts';
import { conditionBit, conditionIndex } from './condition-table.ts';
import { noteRate, tableLimit } from './ledger.ts';
import { SLOT_COUNT, slotBit, slotOf } from './rate-slots.ts';
import { addToSlot, slotRate, slotRiseAt } from './rate-window.ts';
import { aliveBits, reading, type Scene } from './scene.ts';

const MASK = metricIndex('throttle_reasons');
const HW_SLOWDOWN_BITS = 8 | 64;
const HW_THERMAL_BIT = 64;
const SW_THERMAL_BIT = 32;
const POWER_BRAKE_BIT = 128;
const WATCHED_BITS = HW_SLOWDOWN_BITS | SW_THERMAL_BIT | POWER_BRAKE_BIT;
const MINUTE_MS = 60_000;
/** A row stands for the time since the one before, but not for a gap. */
const ROW_MS_MAX = 150_000;
const ROW_MINUTES_MAX = 2;

interface Slowdown {
  readonly condition: number;
  readonly minutes: number;
  readonly ms: number;
}
const HW: Slowdown = {
  condition: conditionIndex('hw_slowdown'),
  minutes: slotOf('hw_slowdown_minutes'),
  ms: slotOf('hw_slowdown_ms'),
};
const BRAKE: Slowdown = {
  condition: conditionIndex('power_brake'),
  minutes: slotOf('power_brake_minutes'),
  ms: slotOf('power_brake_ms'),
};
const SW_THERMAL = conditionIndex('sw_thermal');
const SW_THERMAL_MS = slotOf('sw_thermal_ms');
const ALIVE = conditionBit('hw_slowdown') | conditionBit('power_brake') | conditionBit('sw_thermal');
const SLOTS = slotBit(
  'hw_slowdown_minutes',
  'hw_slowdown_ms',
  'power_brake_minutes',
  'power_brake_ms',
  'sw_thermal_ms',
);

/**
 * Clocks held down by hardware, power brake or heat. Idle, application clocks, display and the power cap alone are none of it.
 * Events are minutes with the bit (a faster cadence sees no more of them), sustained is their share of the time.
 */
export function throttling(scene: Scene): void {
  const value = reading(scene, MASK);
  if (Number.isNaN(value)) return;
  if ((value & WATCHED_BITS) !== 0) {
    if (value & POWER_BRAKE_BIT) count(scene, BRAKE);
    // The brake sets the bit of hardware slowdown too: then it alone is the reason.
    if (value & HW_THERMAL_BIT || (value & HW_SLOWDOWN_BITS && !(value & POWER_BRAKE_BIT))) count(scene, HW);
    if (value & SW_THERMAL_BIT) addToSlot(scene, SW_THERMAL_MS, rowTime(scene));
  } else if (((scene.state.active[scene.gpu] as number) & SLOTS) === 0 && (aliveBits(scene) & ALIVE) === 0) return;
  judge(scene, HW);
  judge(scene, BRAKE);
  const share = slotRate(scene, SW_THERMAL_MS);
  const level = levelOf(scene.limits, SW_THERMAL, share);
  noteRate(scene, SW_THERMAL, level, share, tableLimit(scene, SW_THERMAL, level), slotRiseAt(scene, SW_THERMAL_MS));
}

const rowTime = (scene: Scene): number => Math.min(scene.ts - scene.previous_ts, ROW_MS_MAX);

function count(scene: Scene, { minutes, ms }: Slowdown): void {
  const minute = Math.floor(scene.ts / MINUTE_MS);
  const counted = Math.floor((scene.state.rise_at[scene.gpu * SLOT_COUNT + minutes] as number) / MINUTE_MS);
  if (minute > counted) {
    const before = Math.max(counted, Math.floor(scene.previous_ts / MINUTE_MS));
    addToSlot(scene, minutes, Math.max(1, Math.min(ROW_MINUTES_MAX, minute - before)));
  }
  addToSlot(scene, ms, rowTime(scene));
}

function judge(scene: Scene, { condition, minutes, ms }: Slowdown): void {
  const { limits } = scene;
  // Twelve minutes of the clock lie partly in eleven minutes of time.
  const per_minute = Math.min(1, slotRate(scene, minutes) * MINUTE_MS);
  const share = slotRate(scene, ms);
  let level: Level = HOLD;
  if (share >= (limits.critical[condition] as number)) level = 3;
  else if (per_minute >= (limits.warning[condition] as number)) level = 2;
  else if (per_minute < (limits.clear[condition] as number)) level = 0;
  scene.detail = `seen in ${Math.round(per_minute * 100)} % of the last minutes, for ${Math.round(share * 100)} % of the time`;
  scene.began = scene.state.start_before[scene.gpu * SLOT_COUNT + minutes] as number;
  noteRate(scene, condition, level, per_minute, limits.warning[condition] as number, slotRiseAt(scene, ms));
}
