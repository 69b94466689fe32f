import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { days, hours, minutes } from '../../pipeline/contract/time.ts';
import { HOLD, type Level } from './condition-limits.ts';
import { CONDITION_COUNT, conditionBit, conditionIndex } from './condition-table.ts';
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
/** Another board of the node counts as there when it came within this. */
const PRESENT_MS = minutes(10);

/**
 * The enforced power limit against the highest one that this GPU has had. The first limit ever seen is taken as it is, so a
 * GPU that was lowered before it was first seen is not told. Lowered together with most boards of its node it was meant: that
 * is info, and stays so.
 *
 * State  24 B. Cost: two comparisons where the limit stands as it always did; a scan of the group's GPUs when it opens.
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
  if (level === 2) level = alone(scene) ? 2 : 1;
  noteReading(scene, LOWERED, level, limit, highest);
}

/** Whether few of the node's other boards were lowered too; asked once, when the anomaly is about to open. */
function alone(scene: Scene): boolean {
  const { state, gpu, ts, limits } = scene;
  const at = gpu * CONDITION_COUNT + LOWERED;
  const severity = state.severity[at] as number;
  if (severity !== 0) return severity > 1;
  const since = state.since[at] as number;
  if (since === 0 || ts - since < (limits.open_after[LOWERED] as number)) return true;
  const { registry } = scene.batch;
  const node = registry.gpuNodes[gpu];
  let others = 0;
  let lowered = 0;
  for (let other = 0; other < registry.gpus.length; other++) {
    if (registry.gpuNodes[other] !== node || registry.gpus[other]?.uuid === registry.gpus[gpu]?.uuid) continue;
    if (!((state.last_ts[other] as number) >= ts - PRESENT_MS)) continue;
    others++;
    if (((state.alive[other] as number) & ALIVE) !== 0) lowered++;
  }
  if (lowered === 0 || 2 * lowered < others) return true;
  scene.detail = `, as on ${lowered} of the ${others} other boards of its node`;
  return false;
}
