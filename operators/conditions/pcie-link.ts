import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { judgedGeneration, linkReading, replaysAllowed, usualGeneration, usualWidth } from '../core/pcie-replays.ts';
import { HOLD, type Level } from './condition-limits.ts';
import { conditionBit, conditionIndex } from './condition-table.ts';
import { noteRate, noteReading } from './ledger.ts';
import { slotBit, slotOf } from './rate-slots.ts';
import { slotMissing, slotRate, slotRiseAt } from './rate-window.ts';
import { aliveBits, reading, type Scene } from './scene.ts';

const REPLAYS = conditionIndex('pcie_replay_rate');
const WIDTH = conditionIndex('pcie_width');
const GENERATION = conditionIndex('pcie_generation');
const REPLAYS_ALIVE = conditionBit('pcie_replay_rate');
const LINK_ALIVE = conditionBit('pcie_width') | conditionBit('pcie_generation');
const REPLAY_SLOT = slotOf('pcie_replay_total');
const REPLAY_BIT = slotBit('pcie_replay_total');
const LINK_GEN = metricIndex('pcie_link_gen');
const LINK_WIDTH = metricIndex('pcie_link_width');
const MAX_GEN = metricIndex('pcie_max_link_gen');
const MAX_WIDTH = metricIndex('pcie_max_link_width');
const GPU_UTIL = metricIndex('gpu_util_ratio');
const GR_ENGINE = metricIndex('gr_engine_active_ratio');
const MS_PER_MINUTE = 60_000;
/** A GPU that works as much keeps its link awake; below, a link may sleep at a lower generation. */
const BUSY_RATIO = 0.2;

/** The profiling ratio is an average, which outlasts the work: it counts where there is no other (MIG). */
function busy(scene: Scene): boolean {
  const util = reading(scene, GPU_UTIL);
  return (Number.isNaN(util) ? reading(scene, GR_ENGINE) : util) >= BUSY_RATIO;
}

/** Replays against what the link may repeat. The generation of a sleeping link says nothing: then the slot's own counts. */
export function pcieReplays(scene: Scene): void {
  if (((scene.state.active[scene.gpu] as number) & REPLAY_BIT) === 0 && (aliveBits(scene) & REPLAYS_ALIVE) === 0)
    return;
  if (slotMissing(scene, REPLAY_SLOT)) return;
  const { limits } = scene;
  const link = reading(scene, LINK_GEN);
  const most = reading(scene, MAX_GEN);
  const gen = judgedGeneration(busy(scene), link, most);
  const width = linkReading(reading(scene, LINK_WIDTH), reading(scene, MAX_WIDTH));
  const allowed = replaysAllowed(gen, width);
  const per_minute = slotRate(scene, REPLAY_SLOT) * MS_PER_MINUTE;
  const times = per_minute / allowed;
  let level: Level = HOLD;
  // Exactly what is allowed is allowed.
  if (times > (limits.critical[REPLAYS] as number)) level = 3;
  else if (times > (limits.warning[REPLAYS] as number)) level = 2;
  else if (times < (limits.clear[REPLAYS] as number)) level = 0;
  scene.detail = ` for ${usualWidth(width)} lanes of generation ${usualGeneration(gen)}`;
  noteRate(scene, REPLAYS, level, per_minute, allowed, slotRiseAt(scene, REPLAY_SLOT));
}

/** Lanes missing at any time; generation below the slot's own, only while the GPU works, since links sleep at idle. */
export function pcieDowntrained(scene: Scene): void {
  const width = reading(scene, LINK_WIDTH);
  const width_max = reading(scene, MAX_WIDTH);
  const gen = reading(scene, LINK_GEN);
  const gen_max = reading(scene, MAX_GEN);
  if (!(width < width_max) && !(gen < gen_max) && (aliveBits(scene) & LINK_ALIVE) === 0) return;
  if (width >= 1 && width_max >= 1) judge(scene, WIDTH, width, width_max);
  if (gen >= 1 && gen_max >= 1 && (gen >= gen_max || busy(scene))) judge(scene, GENERATION, gen, gen_max);
}

function judge(scene: Scene, c: number, now: number, most: number): void {
  const { limits } = scene;
  const ratio = now / most;
  let level: Level = 0;
  if (ratio < 1) level = ratio < (limits.critical[c] as number) ? 3 : ratio < (limits.warning[c] as number) ? 2 : 0;
  noteReading(scene, c, level, now, most);
}
