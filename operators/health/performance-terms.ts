import { judgedGeneration, linkReading, replaysAllowed } from '../core/pcie-replays.ts';
import type { Observations } from './observations.ts';
import { perDecade, sumKnown, type Term } from './term.ts';
import { BITS, hasBit } from './throttle-bits.ts';

const BUSY_RATIO = 0.5;
/** NVLink CRC errors per second from which they begin to cost; 100 is DCGM's limit. */
const NVLINK_ERRORS_MIN = 1;
const RECOVERIES_MIN_PER_DAY = 10;
/** Violation time a day that is too short to mean anything. */
const VIOLATION_MIN_S = 60;
const DAY_S = 86_400;
const DAY_MINUTES = 1_440;

/** The highest of what the GPU tells of its use; NaN when it tells nothing. */
export function activityOf(o: Observations): number {
  let highest = Number.NaN;
  for (const ratio of [o.gr_engine_active_ratio, o.sm_active_ratio, o.gpu_util_ratio]) {
    if (!(ratio <= highest) && !Number.isNaN(ratio)) highest = ratio;
  }
  return highest;
}

/** Whether the GPU works at the very instant of the link's readings; the other ratios are averages, which outlast a job. */
function worksNow(o: Observations): boolean {
  if (o.gpu_util_ratio >= 0) return o.gpu_util_ratio >= BUSY_RATIO;
  return activityOf(o) >= BUSY_RATIO;
}

const replayLimit = (o: Observations): number =>
  replaysAllowed(
    judgedGeneration(worksNow(o), o.pcie_link_gen, o.pcie_max_link_gen),
    linkReading(o.pcie_link_width, o.pcie_max_link_width),
  );
const replaysPerMinute = (o: Observations): number => o.pcie_replay_per_day_24h / DAY_MINUTES;
const crcPerSecond = (o: Observations): number =>
  sumKnown(o.nvlink_crc_flit_errors_per_day_24h, o.nvlink_crc_data_errors_per_day_24h) / DAY_S;
const heldBack = (o: Observations): number =>
  sumKnown(o.board_limit_violation_seconds_per_day_24h, o.reliability_violation_seconds_per_day_24h);

const performance = { dimension: 'performance' } as const;
const RESEAT = 'reseat the board and check its slot and riser';
const link = {
  ...performance,
  cause: 'pcie_link',
  factor: 'pcie_link_degraded',
  window: 'now',
  action: RESEAT,
} as const;
const nvlink = {
  ...performance,
  cause: 'nvlink',
  factor: 'nvlink_errors',
  window: '24h',
  action: 'check the NVLink bridge or switch',
} as const;

/** What slows a GPU down against its will: degraded links, and clocks held back by the board. */
export const PERFORMANCE_TERMS: readonly Term[] = [
  {
    ...link,
    points: (o) => Math.min(60, 25 * Math.log2(o.pcie_max_link_width / o.pcie_link_width)),
    metric: 'pcie_link_width',
    value: (o) => o.pcie_link_width,
    limit: (o) => o.pcie_max_link_width,
    unit: 'lanes',
  },
  {
    ...link,
    // An idle link is slowed down to save power; only a busy one shows what it can do.
    points: (o) => (worksNow(o) ? Math.min(45, 15 * (o.pcie_max_link_gen - o.pcie_link_gen)) : 0),
    metric: 'pcie_link_gen',
    value: (o) => o.pcie_link_gen,
    limit: (o) => o.pcie_max_link_gen,
    unit: 'generation',
  },
  {
    ...performance,
    cause: 'pcie_replay',
    factor: 'pcie_replays',
    points: (o) =>
      replaysPerMinute(o) > replayLimit(o) ? Math.min(50, 15 + perDecade(15, replaysPerMinute(o), replayLimit(o))) : 0,
    metric: 'pcie_replay_total',
    value: replaysPerMinute,
    limit: replayLimit,
    unit: 'replays/min',
    window: '24h',
    action: RESEAT,
  },
  {
    ...nvlink,
    points: (o) =>
      crcPerSecond(o) > NVLINK_ERRORS_MIN ? Math.min(60, 10 + perDecade(20, crcPerSecond(o), NVLINK_ERRORS_MIN)) : 0,
    metric: 'nvlink_crc_errors',
    value: crcPerSecond,
    limit: NVLINK_ERRORS_MIN,
    unit: 'errors/s',
  },
  {
    ...nvlink,
    points: ({ nvlink_recovery_errors_per_day_24h: recoveries }) =>
      recoveries > RECOVERIES_MIN_PER_DAY ? Math.min(40, 10 + perDecade(15, recoveries, RECOVERIES_MIN_PER_DAY)) : 0,
    metric: 'nvlink_recovery_errors_total',
    value: (o) => o.nvlink_recovery_errors_per_day_24h,
    limit: RECOVERIES_MIN_PER_DAY,
    unit: 'recoveries/day',
  },
  {
    ...performance,
    cause: 'hw_slowdown',
    factor: 'hardware_slowdown',
    points: (o) => (hasBit(o, BITS.hw_slowdown) && !hasBit(o, BITS.hw_thermal | BITS.power_brake) ? 15 : 0),
    metric: 'throttle_reasons',
    value: (o) => o.throttle_reasons,
    limit: 0,
    unit: 'bitmask',
    window: 'now',
    action: 'check cooling, power cables and power supplies',
  },
  {
    ...performance,
    cause: 'board_limits',
    factor: 'clocks_held_back',
    points: (o) => (heldBack(o) > VIOLATION_MIN_S ? Math.min(40, 5 + (100 * heldBack(o)) / DAY_S) : 0),
    metric: 'board_limit_violation_ns_total',
    value: heldBack,
    limit: VIOLATION_MIN_S,
    unit: 's/day',
    window: '24h',
    action: 'compare board power and voltage with its peers',
  },
];
