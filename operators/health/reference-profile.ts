import type { Dimension, HealthContribution } from '../../pipeline/contract/events.ts';
import { days, minutes } from '../../pipeline/contract/time.ts';
import { figure } from './figure.ts';
import { DIMENSION_WEIGHTS, gradeOf, type HealthVerdict, perDimension, tenthOf } from './verdict.ts';

/** The readings that the formula knows, in the order of a sample's columns. */
export const REFERENCE_METRICS = [
  'gpu_temp_celsius',
  'power_watts',
  'sm_clock_mhz',
  'sm_active_ratio',
  'sm_occupancy_ratio',
  'dram_active_ratio',
  'throttle_reasons',
  'ecc_sbe_volatile_total',
  'ecc_dbe_volatile_total',
  'retired_pages_dbe_total',
] as const;
export type ReferenceMetric = (typeof REFERENCE_METRICS)[number];

/** One GPU's samples of one window, oldest first, each instant once; in `values` one column a metric, NaN = missing. */
export interface RawSamples {
  readonly ts: Float64Array;
  readonly values: Readonly<Record<ReferenceMetric, Float64Array>>;
}

export interface ReferenceProfileOptions {
  /** Time between samples, ms; null = the GPU's usual one, the median of its gaps. */
  readonly interval: number | null;
}

const WINDOW_MS = days(7);
const GAP_MIN_MS = minutes(5);
const GAP_INTERVALS = 3;
/** Samples at either end of the window that memory bandwidth is compared over. */
const BANDWIDTH_SAMPLES = 24;
const BIT = { power_cap: 4, hw_thermal: 64, power_brake: 128 } as const;
const PERCENT = 100;
const WEAK = 70;

const EVIDENCE: Readonly<Record<Dimension, readonly ReferenceMetric[]>> = {
  memory: ['ecc_dbe_volatile_total', 'ecc_sbe_volatile_total', 'retired_pages_dbe_total', 'dram_active_ratio'],
  thermal: ['gpu_temp_celsius', 'throttle_reasons'],
  performance: ['sm_active_ratio', 'sm_occupancy_ratio', 'sm_clock_mhz'],
  power: ['power_watts', 'throttle_reasons'],
  reliability: [],
};

/** Lower median of the time between samples; NaN for fewer than two. */
export function usualInterval(ts: Float64Array): number {
  if (ts.length < 2) return Number.NaN;
  const gaps = Float64Array.from({ length: ts.length - 1 }, (_, i) => (ts[i + 1] as number) - (ts[i] as number)).sort();
  return gaps[(gaps.length - 1) >> 1] as number;
}

/**
 * The specification's formula, number for number, over one GPU's samples of the last 7 days.
 *
 * Each dimension begins at 100 and is clamped to 0..100; nothing is rounded here. A missing reading is left out of means,
 * deviations and shares; "latest" is what the window's last sample reads. A term whose readings are missing costs nothing,
 * so a confidence stands beside every score: the share of the dimension's readings that were there at all, times how full
 * the window is. No sample at all: unknown. Cost: O(samples x metrics), sorting the gaps where no interval is given.
 * Source: DOMAIN.md section 6. It knows neither XIDs nor recovery actions.
 */
export function referenceProfile(samples: RawSamples, options: ReferenceProfileOptions): HealthVerdict {
  const { ts, values } = samples;
  const count = ts.length;
  const losses: (HealthContribution & { readonly dimension: Dimension })[] = [];
  const lose = (
    dimension: Dimension,
    points: number,
    metric: string,
    value: number,
    limit: number,
    unit: string,
    action: string,
  ): void => {
    if (points > 0) losses.push({ dimension, points, metric, value, limit, unit, window: '7d', action });
  };
  if (count === 0) return nothingKnown();
  const latest = (metric: ReferenceMetric): number => values[metric][count - 1] as number;
  const factors: string[] = [];

  const dbe = latest('ecc_dbe_volatile_total');
  const sbe = latest('ecc_sbe_volatile_total');
  const pages = latest('retired_pages_dbe_total');
  lose(
    'memory',
    Math.min(50, 10 * dbe),
    'ecc_dbe_volatile_total',
    dbe,
    0,
    'count',
    'reset the GPU and test its memory',
  );
  if (sbe > 100) {
    const points = Math.min(20, ((sbe - 100) / 100) * 20);
    lose('memory', points, 'ecc_sbe_volatile_total', sbe, 100, 'count', 'watch how fast corrected errors rise');
  }
  lose('memory', Math.min(30, 5 * pages), 'retired_pages_dbe_total', pages, 0, 'pages', 'plan the replacement');
  const base = meanOf(values.dram_active_ratio.subarray(0, BANDWIDTH_SAMPLES));
  const now = meanOf(values.dram_active_ratio.subarray(-BANDWIDTH_SAMPLES));
  const fall = (base - now) / base;
  if (base > 0 && fall > 0.1) {
    lose('memory', 100 * fall, 'dram_active_ratio', now, base * 0.9, 'ratio', 'compare the workload with a week ago');
  }

  const temperature = values.gpu_temp_celsius;
  const heat = meanOf(temperature);
  const hottest = temperature.reduce((max, t) => (t > max ? t : max), Number.NEGATIVE_INFINITY);
  const cool = 'check airflow, fans and inlet temperature';
  if (heat > 85) lose('thermal', 2 * (heat - 85), 'gpu_temp_celsius', heat, 85, 'C', cool);
  else if (heat > 75) lose('thermal', heat - 75, 'gpu_temp_celsius', heat, 75, 'C', cool);
  else if (heat < 30) lose('thermal', 0.5 * (30 - heat), 'gpu_temp_celsius', heat, 30, 'C', 'check the sensor');
  lose('thermal', 3 * (hottest - 95), 'gpu_temp_celsius', hottest, 95, 'C', cool);
  const swing = deviationOf(temperature, heat);
  lose('thermal', 0.5 * (swing - 10), 'gpu_temp_celsius', swing, 10, 'C', 'look for changing load or cooling');
  const mask = values.throttle_reasons;
  const throttled = PERCENT * shareOf(mask, (bits) => bits > 0);
  if (throttled > 5) {
    lose('thermal', throttled, 'throttle_reasons', throttled, 5, 'percent', 'read which bits hold the clocks back');
  }
  const hwThermal = PERCENT * shareOf(mask, (bits) => (bits & BIT.hw_thermal) !== 0);
  if (hwThermal > 0) lose('thermal', 20, 'throttle_reasons', hwThermal, 0, 'percent', cool);

  const active = PERCENT * meanOf(values.sm_active_ratio);
  const occupancy = PERCENT * meanOf(values.sm_occupancy_ratio);
  if (active > 10 && occupancy < 30) {
    const points = 0.5 * (30 - occupancy);
    lose('performance', points, 'sm_occupancy_ratio', occupancy, 30, 'percent', 'profile the workload');
  }
  const clockMode = modeOf(values.sm_clock_mhz);
  const clockSwing = deviationOf(values.sm_clock_mhz, meanOf(values.sm_clock_mhz));
  if (clockSwing > 0.05 * clockMode) {
    lose('performance', 10, 'sm_clock_mhz', clockSwing, 0.05 * clockMode, 'MHz', 'find what holds the clock back');
  }

  const watts = meanOf(values.power_watts);
  const cv = deviationOf(values.power_watts, watts) / watts;
  lose('power', 100 * (cv - 0.2), 'power_watts', cv, 0.2, 'ratio', 'compare with how the load changes');
  const braked = PERCENT * shareOf(mask, (bits) => (bits & BIT.power_brake) !== 0);
  if (braked > 0) lose('power', 15, 'throttle_reasons', braked, 0, 'percent', 'check power supplies and cables');
  const capped = PERCENT * shareOf(mask, (bits) => (bits & BIT.power_cap) !== 0);
  if (capped > 50) lose('power', 10, 'throttle_reasons', capped, 50, 'percent', 'compare power limit and load');

  const interval = options.interval ?? usualInterval(ts);
  const fullness = count / (WINDOW_MS / interval);
  const scrape = 'find out why samples are missing';
  lose('reliability', 100 * (0.95 - fullness), 'samples', fullness, 0.95, 'ratio', scrape);
  // Without an interval there is one sample, and so no gap.
  const longest = Math.max(GAP_MIN_MS, GAP_INTERVALS * interval);
  let gaps = 0;
  for (let i = 1; i < count; i++) if ((ts[i] as number) - (ts[i - 1] as number) > longest) gaps++;
  lose('reliability', 5 * gaps, 'gaps', gaps, 0, 'count', scrape);

  const dimensions = perDimension((dimension) => 100 - Math.min(100, lostIn(losses, dimension)));
  if (dbe > 0) factors.push('uncorrectable_ecc_errors');
  if (sbe > 100) factors.push('high_correctable_ecc_errors');
  if (heat > 80) factors.push('elevated_temperature');
  if (hwThermal > 0) factors.push('thermal_throttling');
  if (pages > 0) factors.push('retired_memory_pages');
  if (dimensions.memory < WEAK) factors.push('memory_degradation');
  if (dimensions.thermal < WEAK) factors.push('thermal_issues');
  if (dimensions.performance < WEAK) factors.push('performance_degradation');

  const full = Number.isNaN(fullness) ? 1 / (WINDOW_MS / GAP_MIN_MS) : Math.min(1, fullness);
  const confidences = perDimension((dimension) => full * shareSeen(samples, EVIDENCE[dimension]));
  const sum = (values: Readonly<Record<Dimension, number>>): number =>
    (Object.keys(DIMENSION_WEIGHTS) as Dimension[]).reduce((s, d) => s + DIMENSION_WEIGHTS[d] * values[d], 0);
  const overall = sum(dimensions);
  const contributions = losses.map((loss) => ({
    ...loss,
    points: loss.points * Math.min(1, 100 / lostIn(losses, loss.dimension)),
  }));
  return {
    overall,
    dimensions,
    confidence: sum(confidences),
    confidences,
    grade: reportedGrade(overall),
    factors,
    contributions,
    explanation: sentence(overall, contributions, count),
    action: 'none',
  };
}

function nothingKnown(): HealthVerdict {
  return {
    overall: null,
    dimensions: perDimension(() => null),
    confidence: 0,
    confidences: perDimension(() => 0),
    grade: 'unknown',
    factors: [],
    contributions: [],
    explanation: 'unknown: no sample in the last 7 days.',
    action: 'none',
  };
}

/** Of the score as it is reported, so that score and grade of a row, and what is decided on the score, agree. */
const reportedGrade = (overall: number) => gradeOf(tenthOf(overall));

function sentence(overall: number, contributions: readonly HealthContribution[], count: number): string {
  const worst = [...contributions].sort((a, b) => b.points - a.points)[0];
  const why = worst
    ? `${worst.dimension} lost most, ${figure(worst.points)} points for ${worst.metric} at ${figure(worst.value as number)} ${worst.unit} (limit ${figure(worst.limit as number)})`
    : 'no term of the formula cost anything';
  return `${reportedGrade(overall)}: ${tenthOf(overall).toFixed(1)} of 100 over ${figure(count)} samples; ${why}.`;
}

const lostIn = (losses: readonly HealthContribution[], dimension: Dimension): number =>
  losses.reduce((sum, loss) => (loss.dimension === dimension ? sum + loss.points : sum), 0);

const shareSeen = ({ values }: RawSamples, metrics: readonly ReferenceMetric[]): number =>
  metrics.length === 0
    ? 1
    : metrics.filter((metric) => values[metric].some((value) => !Number.isNaN(value))).length / metrics.length;

function meanOf(column: Float64Array): number {
  let sum = 0;
  let n = 0;
  for (const value of column) {
    if (Number.isNaN(value)) continue;
    sum += value;
    n++;
  }
  return sum / n;
}

/** Sample standard deviation (n - 1); NaN for fewer than two readings. */
function deviationOf(column: Float64Array, mean: number): number {
  let squares = 0;
  let n = 0;
  for (const value of column) {
    if (Number.isNaN(value)) continue;
    squares += (value - mean) ** 2;
    n++;
  }
  return n < 2 ? Number.NaN : Math.sqrt(squares / (n - 1));
}

/** Share of the readings that were made; NaN without any. */
function shareOf(column: Float64Array, holds: (value: number) => boolean): number {
  let held = 0;
  let n = 0;
  for (const value of column) {
    if (Number.isNaN(value)) continue;
    if (holds(value)) held++;
    n++;
  }
  return held / n;
}

/** The most frequent reading, the smallest of several. */
function modeOf(column: Float64Array): number {
  const counts = new Map<number, number>();
  for (const value of column) if (!Number.isNaN(value)) counts.set(value, (counts.get(value) ?? 0) + 1);
  let mode = Number.NaN;
  let most = 0;
  for (const [value, times] of counts) {
    if (times > most || (times === most && value < mode)) {
      mode = value;
      most = times;
    }
  }
  return mode;
}
