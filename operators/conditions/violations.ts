import { levelOf } from './condition-limits.ts';
import { conditionIndex } from './condition-table.ts';
import { noteRate, tableLimit } from './ledger.ts';
import { slotOf } from './rate-slots.ts';
import { slotMissing, slotRate, slotRiseAt } from './rate-window.ts';
import { aliveBits, type Scene } from './scene.ts';

const THERMAL = conditionIndex('thermal_violation');
const BOARD_LIMIT = conditionIndex('board_limit_violation');
const RELIABILITY = conditionIndex('reliability_violation');
const POWER = conditionIndex('power_violation');
const THERMAL_SLOT = slotOf('thermal_violation_ns_total');
const BOARD_LIMIT_SLOT = slotOf('board_limit_violation_ns_total');
const RELIABILITY_SLOT = slotOf('reliability_violation_ns_total');
const POWER_SLOT = slotOf('power_violation_ns_total');
const NS_PER_MS = 1e6;

/** Share of time in which a limit held the GPU back, from the counters of nanoseconds. */
export function violations(scene: Scene): void {
  const active = scene.state.active[scene.gpu] as number;
  const alive = aliveBits(scene);
  judge(scene, active, alive, THERMAL, THERMAL_SLOT);
  judge(scene, active, alive, BOARD_LIMIT, BOARD_LIMIT_SLOT);
  judge(scene, active, alive, RELIABILITY, RELIABILITY_SLOT);
  judge(scene, active, alive, POWER, POWER_SLOT);
}

function judge(scene: Scene, active: number, alive: number, condition: number, slot: number): void {
  if (((active >>> slot) & 1) === 0 && ((alive >>> condition) & 1) === 0) return;
  if (slotMissing(scene, slot)) return;
  const share = Math.min(1, slotRate(scene, slot) / NS_PER_MS);
  const level = levelOf(scene.limits, condition, share);
  noteRate(scene, condition, level, share, tableLimit(scene, condition, level), slotRiseAt(scene, slot));
}
