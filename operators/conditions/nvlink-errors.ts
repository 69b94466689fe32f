import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { levelOf } from './condition-limits.ts';
import { conditionBit, conditionIndex } from './condition-table.ts';
import { noteRate, tableLimit } from './ledger.ts';
import { slotBit, slotOf } from './rate-slots.ts';
import { slotMissing, slotRate, slotRiseAt } from './rate-window.ts';
import { aliveBits, type Scene } from './scene.ts';

interface Pair {
  readonly condition: number;
  readonly alive: number;
  readonly slots: readonly [number, number];
  readonly columns: readonly [number, number];
  readonly bits: number;
  readonly per_ms: number;
}
const pair = (
  key: 'nvlink_crc' | 'nvlink_recovery',
  first: 'nvlink_crc_flit_errors_total' | 'nvlink_replay_errors_total',
  second: 'nvlink_crc_data_errors_total' | 'nvlink_recovery_errors_total',
  per_ms: number,
): Pair => ({
  condition: conditionIndex(key),
  alive: conditionBit(key),
  slots: [slotOf(first), slotOf(second)],
  columns: [metricIndex(first), metricIndex(second)],
  bits: slotBit(first, second),
  per_ms,
});
const CRC = pair('nvlink_crc', 'nvlink_crc_flit_errors_total', 'nvlink_crc_data_errors_total', 1_000);
const RECOVERY = pair('nvlink_recovery', 'nvlink_replay_errors_total', 'nvlink_recovery_errors_total', 60_000);

/** NVLink: CRC errors of flits and data per second, replays and recoveries per minute. Told under the counter that rises faster. */
export function nvlinkErrors(scene: Scene): void {
  judge(scene, CRC);
  judge(scene, RECOVERY);
}

function judge(scene: Scene, { condition, alive, slots, columns, bits, per_ms }: Pair): void {
  if (((scene.state.active[scene.gpu] as number) & bits) === 0 && (aliveBits(scene) & alive) === 0) return;
  const [first, second] = slots;
  if (slotMissing(scene, first) && slotMissing(scene, second)) return;
  const by_first = slotRate(scene, first) * per_ms;
  const by_second = slotRate(scene, second) * per_ms;
  const rate = by_first + by_second;
  const level = levelOf(scene.limits, condition, rate);
  const rise_at = Math.max(slotRiseAt(scene, first), slotRiseAt(scene, second));
  noteRate(
    scene,
    condition,
    level,
    rate,
    tableLimit(scene, condition, level),
    rise_at,
    columns[by_second > by_first ? 1 : 0],
  );
}
