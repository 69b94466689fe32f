import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { HOLD, type Level } from './condition-limits.ts';
import { conditionBit, conditionIndex } from './condition-table.ts';
import { calmFrom, noteRate, noteReading, tableLimit } from './ledger.ts';
import { slotBit, slotOf } from './rate-slots.ts';
import { slotFell, slotMissing, slotRate, slotRiseAt, slotSum } from './rate-window.ts';
import { aliveBits, reading, type Scene } from './scene.ts';

const SBE_RATE = conditionIndex('ecc_sbe_rate');
const SBE_TOTAL = conditionIndex('ecc_sbe_total');
const DBE = conditionIndex('ecc_dbe');
const RATE_ALIVE = conditionBit('ecc_sbe_rate');
const TOTAL_ALIVE = conditionBit('ecc_sbe_total');
const DBE_ALIVE = conditionBit('ecc_dbe');
const SBE_VOLATILE = slotOf('ecc_sbe_volatile_total');
const SBE_AGGREGATE = slotOf('ecc_sbe_aggregate_total');
const SBE_SLOW = slotOf('sbe_slow');
const DBE_VOLATILE = slotOf('ecc_dbe_volatile_total');
const DBE_AGGREGATE = slotOf('ecc_dbe_aggregate_total');
const SBE_SLOTS = slotBit('ecc_sbe_volatile_total', 'ecc_sbe_aggregate_total', 'sbe_slow');
const DBE_SLOTS = slotBit('ecc_dbe_volatile_total', 'ecc_dbe_aggregate_total');
const VOLATILE = metricIndex('ecc_sbe_volatile_total');
const AGGREGATE = metricIndex('ecc_sbe_aggregate_total');
const DBE_VOLATILE_COLUMN = metricIndex('ecc_dbe_volatile_total');
const DBE_AGGREGATE_COLUMN = metricIndex('ecc_dbe_aggregate_total');
const MS_PER_SECOND = 1_000;
/** Calm behind a reset that ends an uncorrectable error: two exporters that differ by one collection show falls that are none. */
const CALM_AFTER_RESET_MS = minutes(10);

/**
 * Corrected errors by rate: a storm over one to two minutes is critical, errors that keep coming over five to ten are a warning.
 * Either counter tells; the faster one counts.
 */
export function correctedErrorRate(scene: Scene): void {
  if (((scene.state.active[scene.gpu] as number) & SBE_SLOTS) === 0 && (aliveBits(scene) & RATE_ALIVE) === 0) return;
  if (slotMissing(scene, SBE_VOLATILE) && slotMissing(scene, SBE_AGGREGATE)) return;
  const { limits } = scene;
  const by_volatile = slotRate(scene, SBE_VOLATILE) * MS_PER_SECOND;
  const by_aggregate = slotRate(scene, SBE_AGGREGATE) * MS_PER_SECOND;
  const fast = Math.max(by_volatile, by_aggregate);
  const slow = slotRate(scene, SBE_SLOW) * MS_PER_SECOND;
  let level: Level = HOLD;
  if (fast >= (limits.critical[SBE_RATE] as number)) level = 3;
  else if (slow >= (limits.warning[SBE_RATE] as number)) level = 2;
  else if (slow < (limits.clear[SBE_RATE] as number)) level = 0;
  const rise_at = Math.max(slotRiseAt(scene, SBE_VOLATILE), slotRiseAt(scene, SBE_AGGREGATE));
  const observed = level === 3 ? fast : slow;
  const column = by_aggregate > by_volatile ? AGGREGATE : VOLATILE;
  noteRate(scene, SBE_RATE, level, observed, tableLimit(scene, SBE_RATE, level), rise_at, column);
}

/** Corrected errors by total: over the life of the board a warning, since the driver was loaded critical. */
export function correctedErrorTotal(scene: Scene): void {
  const { limits } = scene;
  const since_load = reading(scene, VOLATILE);
  const lifelong = reading(scene, AGGREGATE);
  let level: Level = 0;
  if (since_load >= (limits.critical[SBE_TOTAL] as number)) level = 3;
  else if (lifelong >= (limits.warning[SBE_TOTAL] as number)) level = 2;
  else if ((aliveBits(scene) & TOTAL_ALIVE) === 0 || (Number.isNaN(since_load) && Number.isNaN(lifelong))) return;
  const critical = level === 3;
  const observed = critical ? since_load : lifelong;
  noteReading(scene, SBE_TOTAL, level, observed, tableLimit(scene, SBE_TOTAL, level), critical ? VOLATILE : AGGREGATE);
}

/**
 * Uncorrectable errors: any rise of either counter, at once; gone a day after the last one, or soon after a reset, which is what
 * it asks for: the counter since the driver was loaded begins anew.
 */
export function uncorrectableErrors(scene: Scene): void {
  if (((scene.state.active[scene.gpu] as number) & DBE_SLOTS) === 0 && (aliveBits(scene) & DBE_ALIVE) === 0) return;
  if (slotMissing(scene, DBE_VOLATILE) && slotMissing(scene, DBE_AGGREGATE)) return;
  const rose = slotRiseAt(scene, DBE_VOLATILE) === scene.ts || slotRiseAt(scene, DBE_AGGREGATE) === scene.ts;
  if (!rose && (aliveBits(scene) & DBE_ALIVE) === 0) return;
  const by_volatile = slotSum(scene, DBE_VOLATILE);
  const by_aggregate = slotSum(scene, DBE_AGGREGATE);
  const column = by_aggregate > by_volatile ? DBE_AGGREGATE_COLUMN : DBE_VOLATILE_COLUMN;
  const observed = Math.max(by_volatile, by_aggregate);
  const level = rose && observed >= (scene.limits.critical[DBE] as number) ? 3 : 0;
  if (slotFell(scene, DBE_VOLATILE)) calmFrom(scene, DBE, CALM_AFTER_RESET_MS);
  noteReading(scene, DBE, level, observed, tableLimit(scene, DBE, 3), column);
}
