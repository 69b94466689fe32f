import { metricIndex } from '../../pipeline/contract/metrics.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import { hours, minutes, seconds } from '../../pipeline/contract/time.ts';
import { CONDITION_COUNT, conditionBit, conditionIndex } from './condition-table.ts';
import { inTime } from './explain-condition.ts';
import { noteReading } from './ledger.ts';
import { aliveBits, reading, type Scene } from './scene.ts';

const PROF_ZERO = conditionIndex('prof_zero');
const TEMP_STUCK = conditionIndex('temp_stuck');
const PROF_ALIVE = conditionBit('prof_zero');
const TEMP_ALIVE = conditionBit('temp_stuck');
const GPU_UTIL = metricIndex('gpu_util_ratio');
const GR_ENGINE = metricIndex('gr_engine_active_ratio');
const SM_ACTIVE = metricIndex('sm_active_ratio');
const TEMP = metricIndex('gpu_temp_celsius');
const POWER = metricIndex('power_watts');
const POWER_LIMIT = metricIndex('power_limit_watts');
const SEEN_PROF = 2;
const REST_RATIO = 0.02;
/** More of its power limit than a GPU draws at rest. */
const WORKING_POWER_RATIO = 0.3;
/** Work that comes in bursts rests for a scrape or some between them, for so long at most and no longer than it works. */
const REST_MS = seconds(90);
const [READING, SINCE, SMOOTH, LEAST, MOST, WIDTH] = [0, 1, 2, 3, 4, 5] as const;
const STILL_MS = hours(1);
const SMOOTHING_MS = minutes(10);
const GAP_MS = minutes(10);
/** Besides the limit in watts: least movement of the power as a share of its highest. */
const MOVEMENT_RATIO = 0.3;

/**
 * Profiling counters that stand at exactly 0 on a GPU that works. Where they always did, more than the utilisation must say so
 * (`isProven`).
 */
export function profZero(scene: Scene): void {
  const { state, gpu, limits } = scene;
  const sm = reading(scene, SM_ACTIVE);
  const engine = reading(scene, GR_ENGINE);
  if (sm > 0 || engine > 0) {
    state.seen[gpu] = (state.seen[gpu] as number) | SEEN_PROF;
    state.prof_at[scene.batch.node[scene.row] as number] = scene.ts;
    if ((aliveBits(scene) & PROF_ALIVE) !== 0) noteReading(scene, PROF_ZERO, 0, 0, 0);
    return;
  }
  const util = reading(scene, GPU_UTIL);
  if (sm !== 0 && engine !== 0) return;
  const waits = (aliveBits(scene) & PROF_ALIVE) !== 0 && state.severity[gpu * CONDITION_COUNT + PROF_ZERO] === 0;
  const busy = util >= (limits.mildest[PROF_ZERO] as number);
  const known = ((state.seen[gpu] as number) & SEEN_PROF) !== 0;
  if (!busy || !(known || isProven(scene))) {
    // At rest they may well read 0: evidence must not be gathered from moments of work, or of proof, that lie apart.
    if (!waits || !(busy || util < REST_RATIO)) return;
    const left = (state.prof_zero_ms[gpu] as number) - (scene.ts - scene.previous_ts);
    state.prof_zero_ms[gpu] = Math.max(0, left);
    if (left < 0) noteReading(scene, PROF_ZERO, 0, 0, 0);
    return;
  }
  const worked = (state.prof_zero_ms[gpu] as number) + scene.ts - scene.previous_ts;
  state.prof_zero_ms[gpu] = Math.min(REST_MS, worked);
  const level = util >= (limits.critical[PROF_ZERO] as number) ? 3 : 2;
  noteReading(scene, PROF_ZERO, level, util, 0, sm === 0 ? SM_ACTIVE : GR_ENGINE);
}

/**
 * Whether counters that never were above 0 lie for sure: the GPU draws what no idle one does (an exporter that serves nothing but
 * 0 lies as well), or those of a neighbour are above 0 in the same scrapes. A board that is cut into instances may well read 0
 * as a whole.
 */
function isProven(scene: Scene): boolean {
  const { state, batch, row, ts, previous_ts } = scene;
  const { uuid, instance } = batch.registry.gpus[scene.gpu] as GpuIdentity;
  const draws = reading(scene, POWER) > WORKING_POWER_RATIO * reading(scene, POWER_LIMIT);
  const neighbour = (state.prof_at[batch.node[row] as number] as number) >= previous_ts;
  if (instance !== '' || !(draws || neighbour)) return false;
  return !batch.registry.instancesOf(uuid).some((slice) => (state.last_ts[slice] as number) > ts - GAP_MS);
}

/**
 * A temperature that is the same to the bit for an hour while the smoothed power moves a lot. The power counts from ten minutes
 * after the last move of the temperature on, so that what has just cooled down or heated up is no contradiction.
 */
export function tempStuck(scene: Scene): void {
  const { ts, limits } = scene;
  const cells = scene.state.stillness;
  const at = scene.gpu * WIDTH;
  const temp = reading(scene, TEMP);
  const power = reading(scene, POWER);
  if (Number.isNaN(temp) || Number.isNaN(power)) return;
  const elapsed = ts - scene.previous_ts;
  const since = cells[at + SINCE] as number;
  if (temp !== cells[at + READING] || since === 0 || elapsed > GAP_MS) {
    cells[at + READING] = temp;
    cells[at + SINCE] = ts;
    cells[at + SMOOTH] = power;
    if ((aliveBits(scene) & TEMP_ALIVE) !== 0 && elapsed <= GAP_MS) noteReading(scene, TEMP_STUCK, 0, 0, 0);
    return;
  }
  const before = cells[at + SMOOTH] as number;
  const smooth = elapsed >= SMOOTHING_MS ? power : before + ((power - before) * elapsed) / SMOOTHING_MS;
  cells[at + SMOOTH] = smooth;
  const still = ts - since;
  if (still < SMOOTHING_MS) {
    cells[at + LEAST] = smooth;
    cells[at + MOST] = smooth;
    return;
  }
  if (smooth < (cells[at + LEAST] as number)) cells[at + LEAST] = smooth;
  if (smooth > (cells[at + MOST] as number)) cells[at + MOST] = smooth;
  if (still < STILL_MS) return;
  const most = cells[at + MOST] as number;
  const moved = most - (cells[at + LEAST] as number);
  const limit = limits.mildest[TEMP_STUCK] as number;
  if (moved < limit || moved < MOVEMENT_RATIO * most) return;
  scene.detail = ` at ${temp} C for ${inTime(still)}`;
  noteReading(scene, TEMP_STUCK, moved >= (limits.critical[TEMP_STUCK] as number) ? 3 : 2, moved, limit);
}
