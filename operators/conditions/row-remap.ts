import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { HOLD, levelOf } from './condition-limits.ts';
import { conditionBit, conditionIndex } from './condition-table.ts';
import { noteReading, tableLimit } from './ledger.ts';
import { slotBit, slotOf } from './rate-slots.ts';
import { slotMissing, slotRate } from './rate-window.ts';
import { aliveBits, reading, type Scene } from './scene.ts';

const FAILED = conditionIndex('row_remap_failed');
const PENDING = conditionIndex('row_remap_pending');
const TOTAL = conditionIndex('row_remap_total');
const RATE = conditionIndex('row_remap_rate');
const ALIVE =
  conditionBit('row_remap_failed') |
  conditionBit('row_remap_pending') |
  conditionBit('row_remap_total') |
  conditionBit('row_remap_rate');
const ROWS = slotOf('remapped_rows_uncorrectable_total');
const ROWS_SLOT = slotBit('remapped_rows_uncorrectable_total');
const FAILED_COLUMN = metricIndex('row_remap_failed');
const PENDING_COLUMN = metricIndex('row_remap_pending');
const ROWS_COLUMN = metricIndex('remapped_rows_uncorrectable_total');
const MS_PER_DAY = 86_400_000;

/** Row remapping: failed, waiting for a reset, near its end, or growing fast. */
export function rowRemap(scene: Scene): void {
  const { limits } = scene;
  const failed = reading(scene, FAILED_COLUMN);
  const pending = reading(scene, PENDING_COLUMN);
  const rows = reading(scene, ROWS_COLUMN);
  const alive = aliveBits(scene) & ALIVE;
  const rising = (scene.state.active[scene.gpu] as number) & ROWS_SLOT;
  if (!(failed > 0) && !(pending > 0) && alive === 0 && rising === 0 && !(rows >= (limits.mildest[TOTAL] as number)))
    return;
  plain(scene, FAILED, failed);
  plain(scene, PENDING, pending);
  plain(scene, TOTAL, rows);
  if (slotMissing(scene, ROWS)) return;
  const per_day = slotRate(scene, ROWS) * MS_PER_DAY;
  const level = levelOf(limits, RATE, per_day);
  if (level !== HOLD || alive !== 0) noteReading(scene, RATE, level, per_day, tableLimit(scene, RATE, level));
}

function plain(scene: Scene, c: number, value: number): void {
  if (Number.isNaN(value)) return;
  const level = levelOf(scene.limits, c, value);
  noteReading(scene, c, level, value, tableLimit(scene, c, level));
}
