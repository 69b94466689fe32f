import type { Dimension } from '../../pipeline/contract/events.ts';
import type { BoardLimits } from './board-limits.ts';
import type { Loss } from './loss.ts';
import { memoryLosses, watchedDays } from './memory-losses.ts';
import type { Observations } from './observations.ts';

/** Bits of throttle_reasons that say something. Not among them: 1 idle, 2 application clocks, 256 display; they are benign. */
export const BITS = {
  power_cap: 4,
  hw_slowdown: 8,
  sw_thermal: 32,
  hw_thermal: 64,
  power_brake: 128,
} as const;

const DAY_S = 86_400;
const DAY_MINUTES = 1_440;

/** Headroom, C, below which an hour's mean begins to cost. */
const HEADROOM_C = 7;
const MEMORY_HEADROOM_C = 5;
/** Violation time a day that is too short to mean anything. */
const VIOLATION_MIN_S = 60;
const BUSY_RATIO = 0.5;
/** Allowed PCIe replays per minute and lane, Gen1 to Gen6. Source: DCGM's health watch. */
const REPLAYS_PER_LANE = [0.15, 0.3, 0.48, 0.96, 1.92, 3.84] as const;
/** Corrected NVLink errors per second from which they begin to cost; 100 is DCGM's limit. */
const NVLINK_ERRORS_MIN = 1;
const RECOVERIES_MIN_PER_DAY = 10;
const POWER_OVERSHOOT = 1.05;
const COVERAGE_MIN = 0.95;

/** Where the GPU begins to slow itself down: by its own margin where it tells a believable one, else by its model. */
export function slowdownCelsius(o: Observations, limits: BoardLimits): number {
  const margin = o.temp_margin_celsius;
  const temperature = o.gpu_temp_celsius;
  // Boards without a margin tell 0 or less; one that is hot may truly have none left.
  if (margin > 0 || (margin <= 0 && temperature >= limits.gpu_celsius - HEADROOM_C)) return temperature + margin;
  return limits.gpu_celsius;
}

export const hasBit = (o: Observations, bit: number): boolean =>
  !Number.isNaN(o.throttle_reasons) && (o.throttle_reasons & bit) !== 0;

/** The highest of what the GPU tells of its use; NaN when it tells nothing. */
export const activityOf = (o: Observations): number => {
  const told = [o.gr_engine_active_ratio, o.sm_active_ratio, o.gpu_util_ratio].filter((ratio) => !Number.isNaN(ratio));
  return told.length === 0 ? Number.NaN : Math.max(...told);
};

/** What the numbers of a GPU cost it. Every term is a function of evidence of damage or distress, none of workload. */
export function metricLosses(o: Observations, limits: BoardLimits): readonly Loss[] {
  return [
    ...memoryLosses(o),
    ...thermalLosses(o, limits),
    ...performanceLosses(o),
    ...powerLosses(o),
    ...reliabilityLosses(o),
  ].filter(({ points }) => points > 0);
}

interface Finding extends Omit<Loss, 'dimension' | 'proves' | 'factor'> {
  readonly factor?: string;
}
const found = (dimension: Dimension, { factor = '', ...finding }: Finding): Loss => ({
  dimension,
  proves: true,
  factor,
  ...finding,
});

/** Share of the samples in the window, from a count; NaN without any. */
const shareOf = (count: number, o: Observations): number => count / Math.max(1, o.samples_7d);

function thermalLosses(o: Observations, limits: BoardLimits): Loss[] {
  const limit = slowdownCelsius(o, limits);
  const mean = Number.isNaN(o.gpu_temp_celsius_mean_1h) ? o.gpu_temp_celsius : o.gpu_temp_celsius_mean_1h;
  const cool = 'check airflow, fans and inlet temperature';
  const throttle = { cause: 'thermal_throttle', factor: 'thermal_throttling', action: cool } as const;
  const throttled = shareOf(o.thermal_throttle_count, o);
  const violated = o.thermal_violation_seconds_per_day_24h;
  const memoryLimit = limits.memory_celsius ?? Number.NaN;
  return [
    found('thermal', {
      cause: 'heat',
      factor: 'elevated_temperature',
      points: Math.min(50, 5 * (mean - (limit - HEADROOM_C))),
      metric: 'gpu_temp_celsius',
      value: mean,
      limit,
      unit: 'C',
      window: '1h',
      action: cool,
    }),
    found('thermal', {
      cause: 'hot_peak',
      factor: 'elevated_temperature',
      points: Math.min(30, 3 * (o.gpu_temp_celsius_max_24h - limit)),
      metric: 'gpu_temp_celsius',
      value: o.gpu_temp_celsius_max_24h,
      limit,
      unit: 'C',
      window: '24h',
      action: cool,
    }),
    found('thermal', {
      cause: 'memory_heat',
      factor: 'elevated_memory_temperature',
      points: Math.min(40, 4 * (o.memory_temp_celsius_mean_1h - (memoryLimit - MEMORY_HEADROOM_C))),
      metric: 'memory_temp_celsius',
      value: o.memory_temp_celsius_mean_1h,
      limit: memoryLimit,
      unit: 'C',
      window: '1h',
      action: cool,
    }),
    found('thermal', {
      ...throttle,
      points: o.thermal_throttle_count > 0 ? Math.min(60, 15 + 200 * throttled) : 0,
      metric: 'thermal_throttle_count',
      value: o.thermal_throttle_count,
      limit: 0,
      unit: 'samples',
      window: '7d',
    }),
    found('thermal', {
      ...throttle,
      points: violated > VIOLATION_MIN_S ? Math.min(60, 15 + (300 * violated) / DAY_S) : 0,
      metric: 'thermal_violation_ns_total',
      value: violated,
      limit: VIOLATION_MIN_S,
      unit: 's/day',
      window: '24h',
    }),
    found('thermal', {
      ...throttle,
      points: hasBit(o, BITS.hw_thermal | BITS.sw_thermal) ? 15 : 0,
      metric: 'throttle_reasons',
      value: o.throttle_reasons,
      limit: 0,
      unit: 'bitmask',
      window: 'now',
    }),
  ];
}

function performanceLosses(o: Observations): Loss[] {
  const narrower = Math.log2(o.pcie_max_link_width / o.pcie_link_width);
  // An idle link is slowed down to save power; only a busy one shows what it can do.
  const slower = activityOf(o) >= BUSY_RATIO ? o.pcie_max_link_gen - o.pcie_link_gen : 0;
  const lanes = o.pcie_link_width > 0 ? o.pcie_link_width : 16;
  const perLane = REPLAYS_PER_LANE[Math.min(6, Math.max(1, o.pcie_link_gen || 4)) - 1] as number;
  const allowed = Math.ceil(lanes * perLane);
  const replays = o.pcie_replay_per_day_24h / DAY_MINUTES;
  const crc = sumOf(o.nvlink_crc_flit_errors_per_day_24h, o.nvlink_crc_data_errors_per_day_24h) / DAY_S;
  const recoveries = o.nvlink_recovery_errors_per_day_24h;
  const held = sumOf(o.board_limit_violation_seconds_per_day_24h, o.reliability_violation_seconds_per_day_24h);
  const reseat = 'reseat the board and check its slot and riser';
  const cable = 'check the NVLink bridge or switch';
  return [
    found('performance', {
      cause: 'pcie_link',
      factor: 'pcie_link_degraded',
      points: Math.min(60, 25 * narrower),
      metric: 'pcie_link_width',
      value: o.pcie_link_width,
      limit: o.pcie_max_link_width,
      unit: 'lanes',
      window: 'now',
      action: reseat,
    }),
    found('performance', {
      cause: 'pcie_link',
      factor: 'pcie_link_degraded',
      points: Math.min(45, 15 * slower),
      metric: 'pcie_link_gen',
      value: o.pcie_link_gen,
      limit: o.pcie_max_link_gen,
      unit: 'generation',
      window: 'now',
      action: reseat,
    }),
    found('performance', {
      cause: 'pcie_replay',
      factor: 'pcie_replays',
      points: replays > allowed ? Math.min(50, 15 + 15 * Math.log10(replays / allowed)) : 0,
      metric: 'pcie_replay_total',
      value: replays,
      limit: allowed,
      unit: 'replays/min',
      window: '24h',
      action: reseat,
    }),
    found('performance', {
      cause: 'nvlink',
      factor: 'nvlink_errors',
      points: crc > NVLINK_ERRORS_MIN ? Math.min(60, 10 + 20 * Math.log10(crc)) : 0,
      metric: 'nvlink_crc_errors',
      value: crc,
      limit: NVLINK_ERRORS_MIN,
      unit: 'errors/s',
      window: '24h',
      action: cable,
    }),
    found('performance', {
      cause: 'nvlink',
      factor: 'nvlink_errors',
      points:
        recoveries > RECOVERIES_MIN_PER_DAY
          ? Math.min(40, 10 + 15 * Math.log10(recoveries / RECOVERIES_MIN_PER_DAY))
          : 0,
      metric: 'nvlink_recovery_errors_total',
      value: recoveries,
      limit: RECOVERIES_MIN_PER_DAY,
      unit: 'recoveries/day',
      window: '24h',
      action: cable,
    }),
    found('performance', {
      cause: 'hw_slowdown',
      factor: 'hardware_slowdown',
      points: hasBit(o, BITS.hw_slowdown) && !hasBit(o, BITS.hw_thermal | BITS.power_brake) ? 15 : 0,
      metric: 'throttle_reasons',
      value: o.throttle_reasons,
      limit: 0,
      unit: 'bitmask',
      window: 'now',
      action: 'check cooling, power cables and power supplies',
    }),
    found('performance', {
      cause: 'board_limits',
      factor: 'clocks_held_back',
      points: held > VIOLATION_MIN_S ? Math.min(40, 5 + (100 * held) / DAY_S) : 0,
      metric: 'board_limit_violation_ns_total',
      value: held,
      limit: VIOLATION_MIN_S,
      unit: 's/day',
      window: '24h',
      action: 'compare board power and voltage with its peers',
    }),
  ];
}

function powerLosses(o: Observations): Loss[] {
  const braked = shareOf(o.power_brake_count, o);
  const drawn = Math.min(o.power_watts_mean_1h, o.power_watts) / o.power_limit_watts;
  const supply = 'check power supplies and cables';
  const brake = { cause: 'power_brake', factor: 'power_brake', action: supply } as const;
  return [
    found('power', {
      ...brake,
      points: o.power_brake_count > 0 ? Math.min(60, 15 + 200 * braked) : 0,
      metric: 'power_brake_count',
      value: o.power_brake_count,
      limit: 0,
      unit: 'samples',
      window: '7d',
    }),
    found('power', {
      ...brake,
      points: hasBit(o, BITS.power_brake) ? 15 : 0,
      metric: 'throttle_reasons',
      value: o.throttle_reasons,
      limit: 0,
      unit: 'bitmask',
      window: 'now',
    }),
    found('power', {
      cause: 'power_over_limit',
      factor: 'power_over_limit',
      points: drawn > POWER_OVERSHOOT ? Math.min(40, 10 + 200 * (drawn - POWER_OVERSHOOT)) : 0,
      metric: 'power_watts',
      value: Math.min(o.power_watts_mean_1h, o.power_watts),
      limit: o.power_limit_watts,
      unit: 'W',
      window: '1h',
      action: 'read the power limit back and set it anew',
    }),
  ];
}

function reliabilityLosses(o: Observations): Loss[] {
  const scrape = 'find out why samples are missing';
  return [
    found('reliability', {
      cause: 'gaps',
      factor: 'missing_samples',
      // In the first day a few samples are a large share.
      points: Math.min(15, 50 * (COVERAGE_MIN - o.coverage_ratio_7d)) * Math.min(1, watchedDays(o)),
      metric: 'coverage_ratio_7d',
      value: o.coverage_ratio_7d,
      limit: COVERAGE_MIN,
      unit: 'ratio',
      window: '7d',
      action: scrape,
    }),
    found('reliability', {
      cause: 'gaps',
      factor: 'missing_samples',
      points: Math.min(15, 2 * o.gap_count_7d),
      metric: 'gap_count_7d',
      value: o.gap_count_7d,
      limit: 0,
      unit: 'gaps',
      window: '7d',
      action: scrape,
    }),
  ];
}

/** Sum of what is known; NaN when nothing is. */
const sumOf = (...values: readonly number[]): number => {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? Number.NaN : known.reduce((sum, value) => sum + value, 0);
};
