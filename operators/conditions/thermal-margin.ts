import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { HOLD, type Level } from './condition-limits.ts';
import { conditionBit, conditionIndex } from './condition-table.ts';
import { noteReading } from './ledger.ts';
import { aliveBits, reading, type Scene } from './scene.ts';
import { isBelievableMargin, THERMAL_LIMITS, type ThermalLimits, thermalModel } from './thermal-limits.ts';

const MARGIN = conditionIndex('thermal_margin');
const GPU = conditionIndex('gpu_temperature');
const MEMORY = conditionIndex('memory_temperature');
const ALIVE = conditionBit('thermal_margin') | conditionBit('gpu_temperature') | conditionBit('memory_temperature');
const MARGIN_COLUMN = metricIndex('temp_margin_celsius');
const GPU_COLUMN = metricIndex('gpu_temp_celsius');
const MEMORY_COLUMN = metricIndex('memory_temp_celsius');
/** A temperature is over once it is so far below its limit. */
const CLEAR_BY_C = 2;
const SEEN_MARGIN = 1;

/**
 * Heat against what the model bears: by the margin to the slowdown temperature where the model serves one that can be believed,
 * else by absolute temperatures of die and memory.
 */
export function thermalMargin(scene: Scene): void {
  const { state, gpu, limits } = scene;
  const margin = reading(scene, MARGIN_COLUMN);
  const die = reading(scene, GPU_COLUMN);
  const memory = reading(scene, MEMORY_COLUMN);
  const bounds = boundsOf(scene);
  if (margin > 0) state.seen[gpu] = (state.seen[gpu] as number) | SEEN_MARGIN;
  const die_warning = own(limits.warning[GPU], bounds.gpu_warning_c);
  const memory_warning = own(limits.warning[MEMORY], bounds.memory_warning_c);
  const offset = bounds.margin_offset_c;
  const near = offset !== null && margin - offset <= (limits.mildest[MARGIN] as number);
  if (!near && !(die >= die_warning) && !(memory >= memory_warning) && (aliveBits(scene) & ALIVE) === 0) return;
  if (offset !== null && believable(scene, margin, die, bounds)) {
    judgeMargin(scene, margin, offset);
    settle(scene, GPU, die);
    settle(scene, MEMORY, memory);
    return;
  }
  judge(scene, GPU, die, die_warning, own(limits.critical[GPU], bounds.gpu_critical_c));
  judge(scene, MEMORY, memory, memory_warning, own(limits.critical[MEMORY], bounds.memory_critical_c));
}

const own = (configured: number | undefined, model: number): number =>
  configured === undefined || Number.isNaN(configured) ? model : configured;

function boundsOf(scene: Scene): ThermalLimits {
  const { state, gpu, batch } = scene;
  const revision = batch.registry.gpuRevisions[gpu] as number;
  if (state.model_revision[gpu] !== revision) {
    state.model_revision[gpu] = revision;
    state.model[gpu] = thermalModel(batch.registry.gpus[gpu]?.model ?? '');
  }
  return THERMAL_LIMITS[state.model[gpu] as number] as ThermalLimits;
}

/** Where the die cannot be read, 0 is a margin only if there once was more. */
function believable(scene: Scene, margin: number, die: number, bounds: ThermalLimits): boolean {
  if (margin <= 0 && Number.isNaN(die)) {
    return margin < 0 || ((scene.state.seen[scene.gpu] as number) & SEEN_MARGIN) !== 0;
  }
  return isBelievableMargin(margin, die, bounds);
}

function judgeMargin(scene: Scene, margin: number, offset: number): void {
  const { limits } = scene;
  const above = margin - offset;
  let level: Level = 0;
  if (above <= (limits.critical[MARGIN] as number)) level = 3;
  else if (above <= (limits.warning[MARGIN] as number)) level = 2;
  else if (above <= (limits.info[MARGIN] as number)) level = 1;
  else if (above <= (limits.mildest[MARGIN] as number) + CLEAR_BY_C) level = HOLD;
  const limit = (level === 3 ? limits.critical[MARGIN] : limits.mildest[MARGIN]) as number;
  noteReading(scene, MARGIN, level, margin, limit + offset);
}

function judge(scene: Scene, c: number, value: number, warning: number, critical: number): void {
  if (Number.isNaN(value)) return;
  let level: Level = 0;
  if (value >= critical) level = 3;
  else if (value >= warning) level = 2;
  else if (value > Math.min(warning, critical) - CLEAR_BY_C) level = HOLD;
  noteReading(scene, c, level, value, level === 3 ? critical : warning);
}

/** The margin can be believed again: what absolute temperatures said is over. */
function settle(scene: Scene, c: number, value: number): void {
  if ((aliveBits(scene) & (1 << c)) !== 0) noteReading(scene, c, 0, value, 0);
}
