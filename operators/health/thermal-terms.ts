import { isBelievableMargin } from '../conditions/thermal-limits.ts';
import type { BoardLimits } from './board-limits.ts';
import type { Observations } from './observations.ts';
import { known, type Term } from './term.ts';
import { BITS, hasBit, shareOfSamples } from './throttle-bits.ts';

/** Headroom, C, below which an hour's mean begins to cost. */
const HEADROOM_C = 7;
const MEMORY_HEADROOM_C = 5;
/** Violation time a day that is too short to mean anything. */
const VIOLATION_MIN_S = 60;
const DAY_S = 86_400;

const hasMargin = (o: Observations, limits: BoardLimits): boolean =>
  isBelievableMargin(o.temp_margin_celsius, o.gpu_temp_celsius, limits.thermal);

/** Where the GPU begins to slow itself down: by its own margin where it tells a believable one, else by its model. */
export const slowdownCelsius = (o: Observations, limits: BoardLimits): number =>
  hasMargin(o, limits) ? o.gpu_temp_celsius + o.temp_margin_celsius : limits.gpu_celsius;

const hourMean = (o: Observations): number => known(o.gpu_temp_celsius_mean_1h, o.gpu_temp_celsius);

// The margin is to the nearest of several thresholds, memory's among them, so it moves the limit about: what it says now
// clears the hour, and the day's peak is held against the kinder of both limits.
function headroom(o: Observations, limits: BoardLimits): number {
  const overHour = slowdownCelsius(o, limits) - hourMean(o);
  return hasMargin(o, limits) ? Math.max(o.temp_margin_celsius, overHour) : overHour;
}
const peakLimit = (o: Observations, limits: BoardLimits): number =>
  Math.max(slowdownCelsius(o, limits), limits.gpu_celsius);
const memoryLimit = (_: Observations, limits: BoardLimits): number => limits.memory_celsius ?? Number.NaN;

const thermal = { dimension: 'thermal', action: 'check airflow, fans and inlet temperature' } as const;
const throttle = { ...thermal, cause: 'thermal_throttle', factor: 'thermal_throttling' } as const;

/** What heat costs: nearness to where the board slows itself down, and having been slowed. */
export const THERMAL_TERMS: readonly Term[] = [
  {
    ...thermal,
    cause: 'heat',
    factor: 'elevated_temperature',
    points: (o, limits) => Math.min(50, 5 * (HEADROOM_C - headroom(o, limits))),
    metric: 'gpu_temp_celsius',
    value: hourMean,
    limit: slowdownCelsius,
    unit: 'C',
    window: '1h',
  },
  {
    ...thermal,
    cause: 'hot_peak',
    factor: 'elevated_temperature',
    points: (o, limits) => Math.min(30, 3 * (o.gpu_temp_celsius_max_24h - peakLimit(o, limits))),
    metric: 'gpu_temp_celsius',
    value: (o) => o.gpu_temp_celsius_max_24h,
    limit: peakLimit,
    unit: 'C',
    window: '24h',
  },
  {
    ...thermal,
    cause: 'memory_heat',
    factor: 'elevated_memory_temperature',
    points: (o, limits) =>
      Math.min(40, 4 * (o.memory_temp_celsius_mean_1h - (memoryLimit(o, limits) - MEMORY_HEADROOM_C))),
    metric: 'memory_temp_celsius',
    value: (o) => o.memory_temp_celsius_mean_1h,
    limit: memoryLimit,
    unit: 'C',
    window: '1h',
  },
  {
    ...throttle,
    points: (o) =>
      o.thermal_throttle_count > 0 ? Math.min(60, 15 + 200 * shareOfSamples(o.thermal_throttle_count, o)) : 0,
    metric: 'thermal_throttle_count',
    value: (o) => o.thermal_throttle_count,
    limit: 0,
    unit: 'samples',
    window: '7d',
  },
  {
    ...throttle,
    points: ({ thermal_violation_seconds_per_day_24h: held }) =>
      held > VIOLATION_MIN_S ? Math.min(60, 15 + (300 * held) / DAY_S) : 0,
    metric: 'thermal_violation_ns_total',
    value: (o) => o.thermal_violation_seconds_per_day_24h,
    limit: VIOLATION_MIN_S,
    unit: 's/day',
    window: '24h',
  },
  {
    ...throttle,
    points: (o) => (hasBit(o, BITS.hw_thermal | BITS.sw_thermal) ? 15 : 0),
    metric: 'throttle_reasons',
    value: (o) => o.throttle_reasons,
    limit: 0,
    unit: 'bitmask',
    window: 'now',
  },
];
