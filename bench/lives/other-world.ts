import type { Asset } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { FailureLabel, FailureType } from '../../pipeline/contract/predictions.ts';
import type { ReadingRow } from './feature-steps.ts';

export interface OtherWorldOptions {
  readonly gpus: number;
  readonly days: number;
  readonly seed: number;
  readonly interval_ms?: number;
  /** Share of boards that fail within the run. */
  readonly failing?: number;
}

export interface OtherWorld {
  readonly end_ms: number;
  readonly assets: readonly Asset[];
  readonly failures: readonly FailureLabel[];
  /** Eleven readings of every board, instant by instant; a board that has failed is silent from then on. */
  rows(): Generator<ReadingRow[]>;
}

const START_MS = Date.UTC(2026, 5, 1);
const DAY_MS = 86_400_000;
const MODELS = ['NVIDIA L40S', 'NVIDIA A100-SXM4-80GB', 'NVIDIA H100 80GB HBM3', 'NVIDIA B200'] as const;

const TEMP = metricIndex('gpu_temp_celsius');
const POWER = metricIndex('power_watts');
const CLOCK = metricIndex('sm_clock_mhz');
const SM = metricIndex('sm_active_ratio');
const OCCUPANCY = metricIndex('sm_occupancy_ratio');
const DRAM = metricIndex('dram_active_ratio');
const MEMORY = metricIndex('memory_util_ratio');
const THROTTLE = metricIndex('throttle_reasons');
const SBE = metricIndex('ecc_sbe_volatile_total');
const DBE = metricIndex('ecc_dbe_volatile_total');
const PAGES = metricIndex('retired_pages_dbe_total');

/** Its own numbers (xorshift32 under Box-Muller): nothing here may be shared with the fleet that models are trained on. */
interface Dice {
  uniform(): number;
  normal(): number;
  poisson(mean: number): number;
}

function dice(seed: number): Dice {
  let x = (seed * 2_654_435_761) >>> 0 || 88_172_645;
  const uniform = (): number => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 4_294_967_296;
  };
  for (let k = 0; k < 8; k++) uniform();
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform,
    normal,
    poisson(mean) {
      if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
      const limit = Math.exp(-mean);
      let k = 0;
      for (let u = uniform(); u > limit; u *= uniform()) k++;
      return k;
    },
  };
}

type Nuisance = 'none' | 'capped' | 'hot_spell' | 'steady_errors' | 'error_burst' | 'cold' | 'silences';
const NUISANCES: readonly Nuisance[] = ['capped', 'hot_spell', 'steady_errors', 'error_burst', 'cold', 'silences'];

interface OtherBoard {
  readonly uuid: string;
  readonly node: string;
  readonly model: string;
  readonly seed: number;
  readonly rated_watts: number;
  readonly usual_c: number;
  readonly load: number;
  readonly nuisance: Nuisance;
  readonly nuisance_day: number;
  readonly fails_day: number;
  readonly type: FailureType;
  /** Days before the failure from which it shows; 0 = never. */
  readonly shows_days: number;
  readonly plainness: number;
  readonly deployed_at: number;
}

function boardOf(index: number, { seed, days, failing = 0.25 }: OtherWorldOptions): OtherBoard {
  const own = dice(seed * 7_919 + index * 104_729 + 13);
  const model = MODELS[Math.floor(own.uniform() * MODELS.length)] as string;
  const age_days = 1_500 * own.uniform();
  // Gompertz: the risk grows by the year; what is old fails more often, what is young not never.
  const risk = Math.min(0.9, failing * (0.55 + 0.9 * (age_days / 1_500) ** 1.5) * 1.05);
  const fails = own.uniform() < risk;
  const type = (['memory', 'memory', 'thermal', 'thermal', 'power', 'other'] as const)[
    Math.floor(own.uniform() * 6)
  ] as FailureType;
  const hidden = own.uniform() < (type === 'other' ? 0.8 : 0.3);
  return {
    uuid: `GPU-other-${seed}-${index}`,
    node: `other-${Math.floor(index / 4)}`,
    model,
    seed: seed * 31 + index,
    rated_watts: model.includes('L40S') ? 350 : model.includes('A100') ? 400 : model.includes('B200') ? 1_000 : 700,
    usual_c: 52 + 8 * own.normal(),
    load: 0.45 + 0.5 * own.uniform(),
    nuisance: own.uniform() < 0.35 ? (NUISANCES[Math.floor(own.uniform() * NUISANCES.length)] as Nuisance) : 'none',
    nuisance_day: own.uniform() * days,
    fails_day: fails ? own.uniform() * (days - 8) + 8 : Number.POSITIVE_INFINITY,
    type,
    shows_days: hidden ? 0 : 1.5 + 18 * own.uniform(),
    plainness: 0.3 + 1.4 * own.uniform(),
    deployed_at: START_MS - Math.round(age_days * DAY_MS),
  };
}

interface Counters {
  temp_c: number;
  load: number;
  sbe: number;
  dbe: number;
  pages: number;
}

/**
 * A small fleet by other rules than bench/fleet: boards under one load each with autocorrelated noise, heat as a mean with a
 * deviation instead of a circuit, failures that show as ramps, doublings and growing noise over days, eleven readings and no
 * more. What is learnt there must hold here, or it was learnt of the simulator. Nuisances that lead nowhere are as common
 * as failures. Deterministic from the options; 100 bytes a board.
 */
export function otherWorld(options: OtherWorldOptions): OtherWorld {
  const { gpus, days, interval_ms = 600_000 } = options;
  const boards = Array.from({ length: gpus }, (_, index) => boardOf(index, options));
  function* rows(): Generator<ReadingRow[]> {
    const rolls = boards.map(({ seed }) => dice(seed ^ 0x5eed));
    const counters = boards.map(({ usual_c, load }): Counters => ({ temp_c: usual_c, load, sbe: 0, dbe: 0, pages: 0 }));
    for (let ts = START_MS; ts < START_MS + days * DAY_MS; ts += interval_ms) {
      const day = (ts - START_MS) / DAY_MS;
      const instant: ReadingRow[] = [];
      boards.forEach((board, index) => {
        if (day >= board.fails_day) return;
        const values = readOther(board, counters[index] as Counters, rolls[index] as Dice, day, interval_ms / DAY_MS);
        if (values === null) return;
        instant.push({ ts, gpu_uuid: board.uuid, node: board.node, model: board.model, values });
      });
      yield instant;
    }
  }
  return {
    end_ms: START_MS + days * DAY_MS,
    assets: boards.map(assetOf),
    failures: boards
      .filter(({ fails_day }) => fails_day < days)
      .map((board): FailureLabel => {
        const failed_at = Math.round(START_MS + board.fails_day * DAY_MS);
        return {
          ts: failed_at,
          gpu_uuid: board.uuid,
          node: board.node,
          failed_at,
          type: board.type,
          source: 'simulated',
          note: board.shows_days > 0 ? 'shown' : 'sudden',
          status: 'confirmed',
        };
      })
      .sort((a, b) => a.failed_at - b.failed_at),
    rows,
  };
}

function readOther(
  board: OtherBoard,
  state: Counters,
  roll: Dice,
  day: number,
  step_days: number,
): Float64Array | null {
  const { nuisance, nuisance_day, type, plainness } = board;
  const left_days = board.fails_day - day;
  const shown = board.shows_days > 0 && left_days < board.shows_days ? 1 - left_days / board.shows_days : 0;
  const disturbed = nuisance !== 'none' && day > nuisance_day && day < nuisance_day + 9;
  if (disturbed && nuisance === 'silences' && (day * 6) % 4 < 1) return null;

  state.load += 0.05 * (board.load - state.load) + 0.035 * roll.normal();
  const load = Math.min(1, Math.max(0.02, state.load + 0.06 * roll.normal()));
  const thermal = type === 'thermal' ? shown * plainness : 0;
  const noon = 1.5 * Math.sin(2 * Math.PI * day);
  const shift = disturbed ? (nuisance === 'hot_spell' ? 11 : nuisance === 'cold' ? -25 : 0) : 0;
  const usual_c = board.usual_c + noon + shift + 30 * thermal;
  state.temp_c += 0.2 * (usual_c - state.temp_c) + 1.3 * roll.normal();
  let temp_c = state.temp_c + 9 * (load - board.load) + 1.5 * roll.normal();
  let reasons = 0;
  let clock = 1;
  if (temp_c > 86) {
    reasons |= 64;
    clock = 0.75 + 0.1 * roll.uniform();
    temp_c = Math.min(97, temp_c);
  }
  const power = type === 'power' ? shown * plainness : 0;
  if (power > 0 && roll.uniform() < 0.05 * power ** 2) {
    reasons |= 128;
    clock = 0.5;
  }
  if (disturbed && nuisance === 'capped' && roll.uniform() < 0.6) {
    reasons |= 4;
    clock = Math.min(clock, 0.93);
  }
  if (type === 'other' && shown > 0 && roll.uniform() < 0.1 * shown) clock = Math.min(clock, 0.85);
  const watts = board.rated_watts * (0.2 + 0.62 * load) * (1 + (0.06 + 0.2 * power) * roll.normal());

  const memory = type === 'memory' && shown > 0 ? 0.5 * 2 ** (8 * plainness * shown) : 0;
  const errors_per_day =
    0.05 + memory + (disturbed && nuisance === 'steady_errors' ? 6 : disturbed && nuisance === 'error_burst' ? 90 : 0);
  state.sbe += roll.poisson(errors_per_day * step_days);
  if (type === 'memory' && shown > 0.5 && roll.uniform() < 0.35 * plainness * step_days) {
    state.dbe += 1;
    state.pages += 1;
  }

  const values = new Float64Array(METRIC_COUNT).fill(Number.NaN);
  values[TEMP] = Math.round(temp_c);
  values[POWER] = Math.max(20, watts);
  values[CLOCK] = Math.round(1_980 * clock);
  values[SM] = load;
  values[OCCUPANCY] = Math.min(1, 0.55 * load);
  values[DRAM] = Math.min(1, 0.45 * load);
  values[MEMORY] = Math.min(1, 0.5 * load);
  values[THROTTLE] = reasons;
  values[SBE] = state.sbe;
  values[DBE] = state.dbe;
  values[PAGES] = state.pages;
  return values;
}

const assetOf = (board: OtherBoard): Asset => ({
  ts: START_MS,
  gpu_uuid: board.uuid,
  node: board.node,
  model: board.model,
  serial: '',
  pci_bus_id: '',
  cluster: 'other',
  rack: '',
  slot: '',
  owner: '',
  tenant: '',
  deployed_at: board.deployed_at,
  warranty_until: board.deployed_at + 1_095 * DAY_MS,
  purchase_price: null,
  operating_hours: 0,
  registered_at: START_MS,
  status: 'active',
  note: '',
  retired_at: null,
});
