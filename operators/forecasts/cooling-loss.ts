import type { Anomaly, FeatureVector } from '../../pipeline/contract/events.ts';
import { findFeature } from '../../pipeline/contract/features.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import type { State } from '../../pipeline/contract/operator.ts';
import type { Registry } from '../../pipeline/contract/registry.ts';
import { hours } from '../../pipeline/contract/time.ts';
import { elapsedWords } from '../core/elapsed-words.ts';

export const COOLING_STATE = {
  /** The last two hours with a mean, by their parity: number of the hour, temperature and power. */
  cool_hours: { scope: 'gpu', type: 'f64', width: 2, initial: 0 },
  cool_means: { scope: 'gpu', type: 'f32', width: 4, initial: 0 },
  /** Usual distance from the neighbours, from so many hours. */
  cool_offset: { scope: 'gpu', type: 'f32', width: 1, initial: 0 },
  cool_known: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  /** How much more it is now, averaged; hours in a row above the limit, and far below it. */
  cool_excess: { scope: 'gpu', type: 'f32', width: 1, initial: 0 },
  cool_over: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  cool_calm: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  /** Node plus one where all this was learnt. */
  cool_home: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  cooling: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
} as const;
type CoolingState = State<typeof COOLING_STATE>;

const HOUR_MS = hours(1);
const TEMP = findFeature('gpu_temp_celsius_mean_1h');
const POWER = findFeature('power_watts_mean_1h');
/** Neighbours that draw as much: with three, one that changes itself moves nobody's median. */
const PEERS_MIN = 3;
const SAME_POWER_RATIO = 0.1;
/** At rest there is no heat to compare. */
const POWER_MIN_W = 150;
/** Comparable hours before the usual distance is known, and after which a change of it is told or over. */
const KNOWN_HOURS = 48;
const LASTS_HOURS = 12;
/** Weight of an hour in what is now: half a day. */
const WEIGHT = 0.08;
/** A board that got cooler against its neighbours (a new paste) has a new usual distance in a week. */
const COOLER_WEIGHT = 0.01;
/** What counts: so many degrees, and so much of the rise over common air. */
const LIMIT_C = 5;
const LIMIT_RATIO = 0.15;
const AIR_C = 25;
const STAYS_SHARE = 0.6;

/**
 * Notices cooling that is lost over days: type `cooling_loss`, a warning, for a board that grows hotter than it used to be
 * against the neighbours of its node that draw the same power. What all of them share (air, coolant, fans, season) cancels
 * out, and so is not seen; nor are boards that never work at the power of three neighbours.
 *
 * State  51 B per GPU. Cost: once an hour a pass over the group's GPUs.
 */
export function followCooling(
  registry: Pick<Registry, 'gpus' | 'gpuNodes'>,
  vector: FeatureVector,
  gpu: number,
  state: CoolingState,
  tell: (anomaly: Anomaly) => void,
): void {
  const hour = Math.floor(vector.ts / HOUR_MS);
  const slot = 2 * gpu + (hour & 1);
  if (vector.instance !== '' || state.cool_hours[slot] === hour) return;
  const home = (registry.gpuNodes[gpu] as number) + 1;
  if (state.cool_home[gpu] !== home) {
    if (state.cool_home[gpu] !== 0) end(state, gpu, vector.ts, 'is in another node now', tell);
    state.cool_home[gpu] = home;
    state.cool_known[gpu] = 0;
    state.cool_offset[gpu] = 0;
    state.cool_excess[gpu] = 0;
  }
  const temp = vector.values[TEMP] as number;
  const power = vector.values[POWER] as number;
  if (!Number.isNaN(temp + power)) {
    state.cool_hours[slot] = hour;
    state.cool_means[2 * slot] = temp;
    state.cool_means[2 * slot + 1] = power;
  }
  // All of the node have told of the hour before by now.
  judge(registry, vector, gpu, hour - 1, state, tell);
}

function judge(
  registry: Pick<Registry, 'gpus' | 'gpuNodes'>,
  vector: FeatureVector,
  gpu: number,
  hour: number,
  state: CoolingState,
  tell: (anomaly: Anomaly) => void,
): void {
  const own = 2 * gpu + (hour & 1);
  const power = state.cool_means[2 * own + 1] as number;
  if (state.cool_hours[own] !== hour || power < POWER_MIN_W) return;
  const learning = (state.cool_known[gpu] as number) < KNOWN_HOURS;
  const peers: number[] = [];
  for (let other = 0; other < registry.gpus.length; other++) {
    const slot = 2 * other + (hour & 1);
    if (other === gpu || registry.gpuNodes[other] !== registry.gpuNodes[gpu] || state.cool_hours[slot] !== hour)
      continue;
    if (registry.gpus[other]?.model !== registry.gpus[gpu]?.model) continue;
    if (Math.abs((state.cool_means[2 * slot + 1] as number) - power) > SAME_POWER_RATIO * power) continue;
    if (!learning && (state.cool_known[other] as number) < KNOWN_HOURS) continue;
    const offset = learning ? 0 : (state.cool_offset[other] as number);
    peers.push((state.cool_means[2 * slot] as number) - offset);
  }
  if (peers.length < PEERS_MIN) return;
  const temp = state.cool_means[2 * own] as number;
  const usual = state.cool_offset[gpu] as number;
  if (learning) {
    const known = (state.cool_known[gpu] as number) + 1;
    state.cool_known[gpu] = known;
    // Itself among them: the same middle for all.
    state.cool_offset[gpu] = usual + (temp - medianOf([...peers, temp]) - usual) / known;
    return;
  }
  const before = state.cool_excess[gpu] as number;
  const excess = before + WEIGHT * (temp - usual - medianOf(peers) - before);
  state.cool_excess[gpu] = excess;
  if (excess < 0) state.cool_offset[gpu] = usual + COOLER_WEIGHT * excess;
  const limit = Math.max(LIMIT_C, LIMIT_RATIO * (temp - AIR_C));
  state.cool_over[gpu] = excess >= limit ? Math.min(255, (state.cool_over[gpu] as number) + 1) : 0;
  state.cool_calm[gpu] = excess < STAYS_SHARE * limit ? Math.min(255, (state.cool_calm[gpu] as number) + 1) : 0;
  if (state.cooling[gpu] === null) {
    if ((state.cool_over[gpu] as number) < LASTS_HOURS) return;
    const anomaly = lost(vector, temp, power, excess, limit, peers.length);
    state.cooling[gpu] = anomaly;
    tell(anomaly);
  } else if ((state.cool_calm[gpu] as number) >= LASTS_HOURS) {
    end(state, gpu, vector.ts, 'is as far from its neighbours as it used to be', tell);
  }
}

function end(state: CoolingState, gpu: number, now: number, how: string, tell: (anomaly: Anomaly) => void): void {
  const open = state.cooling[gpu] as Anomaly | null;
  if (open === null) return;
  state.cooling[gpu] = null;
  const explanation = `The GPU had grown hotter than it used to be against its neighbours; after ${elapsedWords(now - open.opened_at)} it ${how}.`;
  tell({ ...open, state: 'closed', closed_at: now, explanation });
}

function lost(
  vector: FeatureVector,
  temp: number,
  power: number,
  excess: number,
  limit: number,
  peers: number,
): Anomaly {
  const { ts, gpu_uuid, node, instance } = vector;
  return {
    ts,
    gpu_uuid,
    node,
    instance,
    id: causeId('forecasts', gpu_uuid, instance, 'cooling_loss', 'gpu_temp_celsius', ts),
    type: 'cooling_loss',
    metric: 'gpu_temp_celsius',
    severity: 'warning',
    score: excess / limit,
    observed: temp,
    expected: temp - excess,
    window: '1d',
    detector: 'forecasts',
    explanation:
      `The GPU has grown ${excess.toFixed(1)} C hotter than it used to be against ${peers} neighbours that draw the same ` +
      `power: ${temp.toFixed(1)} C at ${Math.round(power)} W where ${(temp - excess).toFixed(1)} C was usual (limit ` +
      `${limit.toFixed(1)} C). Its own cooling gets worse: look at paste, cold plate or heat sink, and dust, before it throttles.`,
    state: 'open',
    opened_at: ts,
    closed_at: null,
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}
