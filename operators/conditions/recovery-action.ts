import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { levelOf } from './condition-limits.ts';
import { conditionBit, conditionIndex } from './condition-table.ts';
import { noteReading, tableLimit } from './ledger.ts';
import { aliveBits, reading, type Scene } from './scene.ts';

const RECOVERY = conditionIndex('recovery_action');
const ALIVE = conditionBit('recovery_action');
const COLUMN = metricIndex('recovery_action');

/** The driver's own verdict (DCGM field 1523): above 0 it wants a reset, a reboot or a drain. */
export function recoveryAction(scene: Scene): void {
  const code = reading(scene, COLUMN);
  if (!(code > 0) && ((aliveBits(scene) & ALIVE) === 0 || Number.isNaN(code))) return;
  const level = levelOf(scene.limits, RECOVERY, code);
  noteReading(scene, RECOVERY, level, code, tableLimit(scene, RECOVERY, level));
}
