import { levelOf } from './condition-limits.ts';
import { type ConditionKey, conditionBit, conditionIndex } from './condition-table.ts';
import { noteRate, tableLimit } from './ledger.ts';
import { slotBit, slotOf } from './rate-slots.ts';
import { slotMissing, slotRate, slotRiseAt } from './rate-window.ts';
import { aliveBits, type Scene } from './scene.ts';

interface Violation {
  readonly condition: number;
  readonly alive: number;
  readonly slot: number;
}
const violation = (key: ConditionKey, counter: string): Violation => ({
  condition: conditionIndex(key),
  alive: conditionBit(key),
  slot: slotOf(counter),
});
const VIOLATIONS: readonly Violation[] = [
  violation('thermal_violation', 'thermal_violation_ns_total'),
  violation('board_limit_violation', 'board_limit_violation_ns_total'),
  violation('reliability_violation', 'reliability_violation_ns_total'),
  violation('power_violation', 'power_violation_ns_total'),
];
const ALIVE = VIOLATIONS.reduce((bits, { alive }) => bits | alive, 0);
const SLOTS = slotBit(
  'thermal_violation_ns_total',
  'board_limit_violation_ns_total',
  'reliability_violation_ns_total',
  'power_violation_ns_total',
);
const NS_PER_MS = 1e6;

/** Share of time in which a limit held the GPU back, from the counters of nanoseconds. */
export function violations(scene: Scene): void {
  if (((scene.state.active[scene.gpu] as number) & SLOTS) === 0 && (aliveBits(scene) & ALIVE) === 0) return;
  for (const { condition, alive, slot } of VIOLATIONS) {
    if (((scene.state.active[scene.gpu] as number) & (1 << slot)) === 0 && (aliveBits(scene) & alive) === 0) continue;
    if (slotMissing(scene, slot)) continue;
    const share = Math.min(1, slotRate(scene, slot) / NS_PER_MS);
    const level = levelOf(scene.limits, condition, share);
    noteRate(scene, condition, level, share, tableLimit(scene, condition, level), slotRiseAt(scene, slot));
  }
}
