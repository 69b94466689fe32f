import { jobOf } from '../../pipeline/contract/events.ts';
import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { hours, minutes } from '../../pipeline/contract/time.ts';
import { HOLD, type Level, levelOf } from './condition-limits.ts';
import { conditionBit, conditionIndex } from './condition-table.ts';
import { note, noteReading } from './ledger.ts';
import { aliveBits, reading, type Scene } from './scene.ts';

const HELD = conditionIndex('held_idle');
const STUCK = conditionIndex('framebuffer_stuck');
const HELD_ALIVE = conditionBit('held_idle');
const STUCK_ALIVE = conditionBit('framebuffer_stuck');
const GPU_UTIL = metricIndex('gpu_util_ratio');
const GR_ENGINE = metricIndex('gr_engine_active_ratio');
const SM_ACTIVE = metricIndex('sm_active_ratio');
const POWER = metricIndex('power_watts');
const POWER_LIMIT = metricIndex('power_limit_watts');
const FB_USED = metricIndex('fb_used_bytes');
const FB_FREE = metricIndex('fb_free_bytes');
const FB_RESERVED = metricIndex('fb_reserved_bytes');
/** A monitor's own touch shows as this much at most. */
const IDLE_RATIO = 0.005;
/** Near idle: so much of the power limit, or so many watts where there is none. */
const IDLE_POWER_RATIO = 0.3;
const IDLE_POWER_WATTS = 150;
const GAP_MS = minutes(10);

/** A GPU that somebody holds and nobody uses: cost, told as GPU-hours. Another holder, or a silence, begins anew. */
export function heldIdle(scene: Scene): void {
  const { state, batch, gpu, row, ts } = scene;
  const attribution = batch.attribution[row] as number;
  if (attribution !== 0) state.attributes[batch.node[row] as number] = 1;
  const since = state.held_since[gpu] as number;
  const alive = (aliveBits(scene) & HELD_ALIVE) !== 0;
  if (attribution === 0 && since === 0 && !alive) return;
  const util = reading(scene, GPU_UTIL);
  const work = Number.isNaN(util) ? reading(scene, GR_ENGINE) : util;
  const same = state.held_by[gpu] === attribution;
  if (Number.isNaN(work) && same) return;
  // Work that only the profiling counters see is work.
  const idle = work <= IDLE_RATIO && !(reading(scene, SM_ACTIVE) > IDLE_RATIO) && attribution !== 0;
  if (!idle && since === 0 && !alive) return;
  const holder = jobOf(batch.registry.attributions[attribution]);
  if (!idle || holder === '' || !same || since === 0 || ts - scene.previous_ts > GAP_MS) {
    tell(scene, 0, '');
    state.held_by[gpu] = attribution;
    state.held_since[gpu] = idle && holder !== '' ? ts : 0;
    return;
  }
  tell(scene, ts - since, holder);
}

function tell(scene: Scene, idle_ms: number, holder: string): void {
  const { limits, ts } = scene;
  const hours_long = idle_ms / hours(1);
  const level = hours_long > 0 ? levelOf(limits, HELD, hours_long) : 0;
  if (level <= 0 && (aliveBits(scene) & HELD_ALIVE) === 0) return;
  scene.detail = holder === '' ? '' : ` while ${holder} held the GPU`;
  note(scene, HELD, level, hours_long, limits.mildest[HELD] as number, ts - idle_ms, ts, -1);
}

/**
 * Memory in use on a GPU on which nothing runs and that nobody is known to hold. Where the exporter never names users of this
 * node that says little, and so is only worth knowing.
 */
export function framebufferStuck(scene: Scene): void {
  const { state, batch, limits, row } = scene;
  const alive = (aliveBits(scene) & STUCK_ALIVE) !== 0;
  const util = reading(scene, GPU_UTIL);
  if (!alive && !(util <= 0)) return;
  const attribution = batch.attribution[row] as number;
  const power = reading(scene, POWER);
  const used = reading(scene, FB_USED);
  if (Number.isNaN(util) || Number.isNaN(power) || Number.isNaN(used)) return;
  const free = reading(scene, FB_FREE);
  if (Number.isNaN(free)) return;
  const reserved = reading(scene, FB_RESERVED);
  const share = used / (used + free + (!Number.isNaN(reserved) ? reserved : 0));
  const limit = reading(scene, POWER_LIMIT);
  const idle_power = limit > 0 ? limit * IDLE_POWER_RATIO : IDLE_POWER_WATTS;
  const quiet = util <= 0 && !(reading(scene, SM_ACTIVE) > IDLE_RATIO) && power <= idle_power;
  const named = state.attributes[batch.node[row] as number] === 1;
  let level: Level = 0;
  if (quiet && attribution === 0) {
    if (named && share >= (limits.warning[STUCK] as number)) level = 2;
    else if (share >= (limits.info[STUCK] as number)) level = 1;
    else if (share >= (limits.clear[STUCK] as number)) level = HOLD;
  }
  if (!alive && level <= 0) return;
  scene.detail = named ? 'no job holds' : 'nobody is known to use';
  noteReading(scene, STUCK, level, share, limits.mildest[STUCK] as number);
}
