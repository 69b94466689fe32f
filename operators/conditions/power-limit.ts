import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { days, hours } from '../../pipeline/contract/time.ts';
import { HOLD, type Level } from './condition-limits.ts';
import { conditionBit, conditionIndex } from './condition-table.ts';
import { noteReading } from './ledger.ts';
import { aliveBits, reading, type Scene } from './scene.ts';

const LOWERED = conditionIndex('power_limit_lowered');
const ALIVE = conditionBit('power_limit_lowered');
const COLUMN = metricIndex('power_limit_watts');
const [HIGHEST, HIGHER, HIGHER_SINCE, WIDTH] = [0, 1, 2, 3] as const;
/** A raised limit counts once it has stood for so long: a trial, or what a driver begins with, is not this GPU's limit. */
const RAISED_FOR_MS = hours(6);
/** The highest limit is forgotten by halves: one that was cut by a third and stays so is the usual one after five weeks. */
const HALF_LIFE_MS = days(14);
/** It must come back by this much above the share that opened it. */
const CLEAR_BY = 0.03;

/**
 * The enforced power limit against the highest one that this GPU has had. The first limit ever seen is taken as it is, so a
 * GPU that was lowered before it was first seen is not told.
 *
 * State  24 B. Cost: two comparisons where the limit stands as it always did.
 */
export function powerLimitLowered(scene: Scene): void {
  const limit = reading(scene, COLUMN);
  if (!(limit > 0)) return;
  const cells = scene.state.power_limit;
  const at = scene.gpu * WIDTH;
  const highest = cells[at + HIGHEST] as number;
  if (highest === 0) cells[at + HIGHEST] = limit;
  if (limit > highest && highest > 0) raise(scene, at, limit);
  else cells[at + HIGHER] = 0;
  if (limit >= highest && (aliveBits(scene) & ALIVE) === 0) return;
  if (limit < highest) {
    const faded = -Math.expm1(((scene.previous_ts - scene.ts) * Math.LN2) / HALF_LIFE_MS);
    cells[at + HIGHEST] = highest - faded * (highest - limit);
  }
  judge(scene, limit, cells[at + HIGHEST] as number);
}

function raise(scene: Scene, at: number, limit: number): void {
  const cells = scene.state.power_limit;
  if (cells[at + HIGHER] !== limit) {
    cells[at + HIGHER] = limit;
    cells[at + HIGHER_SINCE] = scene.ts;
  } else if (scene.ts - (cells[at + HIGHER_SINCE] as number) >= RAISED_FOR_MS) cells[at + HIGHEST] = limit;
}

function judge(scene: Scene, limit: number, highest: number): void {
  const { limits } = scene;
  const share = limit / highest;
  let level: Level = 0;
  if (share < (limits.critical[LOWERED] as number)) level = 3;
  else if (share < (limits.warning[LOWERED] as number)) level = 2;
  else if (share < (limits.info[LOWERED] as number)) level = 1;
  else if (share < (limits.mildest[LOWERED] as number) + CLEAR_BY) level = HOLD;
  noteReading(scene, LOWERED, level, limit, highest);
}
