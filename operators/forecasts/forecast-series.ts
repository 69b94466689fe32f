import { findFeature } from '../../pipeline/contract/features.ts';
import { type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import { type DurationMs, hours } from '../../pipeline/contract/time.ts';
import { judgedGeneration, linkReading, replaysAllowed } from '../core/pcie-replays.ts';
import { type DampedHolt, dampedHolt } from './damped-holt.ts';

/** What is forecast: what a step reads, how it is smoothed, and from where on a climb is worth a word. */
export interface ForecastSeries {
  readonly metric: MetricName;
  readonly what: string;
  readonly unit: string;
  /**
   * temperature: mean of an hour, reduced to one power and to the day's mean hour; level: mean of an hour as it is;
   * rate: rises of a counter per day, smoothed as log1p; count: a counter as it stands.
   */
  readonly kind: 'temperature' | 'level' | 'rate' | 'count';
  /** Readings that are added up. */
  readonly counters: readonly number[];
  /** Feature that is read; -1 for counters. */
  readonly feature: number;
  readonly step: DurationMs;
  /** Steps in a stretch of evidence. */
  readonly stretch_steps: number;
  /** Rise over the stretches that counts, in what is smoothed. */
  readonly rise_min: number;
  readonly holt: DampedHolt;
}

const HOURLY = dampedHolt({ alpha: 0.08, beta: 0.0015, phi: 0.999 });
const SIX_HOURLY = dampedHolt({ alpha: 0.2, beta: 0.02, phi: 0.99 });

const hourly = (metric: MetricName, what: string, unit: string, kind: 'temperature' | 'level'): ForecastSeries => ({
  metric,
  what,
  unit,
  kind,
  counters: [],
  feature: findFeature(`${metric}_mean_1h`),
  step: hours(1),
  stretch_steps: 6,
  rise_min: 1,
  holt: HOURLY,
});

const counted = (
  metric: MetricName,
  what: string,
  unit: string,
  kind: 'rate' | 'count',
  counters: readonly MetricName[],
  rise_min: number,
): ForecastSeries => ({
  metric,
  what,
  unit,
  kind,
  counters: counters.map(metricIndex),
  feature: -1,
  step: hours(6),
  stretch_steps: 1,
  rise_min,
  holt: SIX_HOURLY,
});

export const FORECAST_SERIES: readonly ForecastSeries[] = [
  hourly('gpu_temp_celsius', 'GPU temperature', 'C', 'temperature'),
  hourly('memory_temp_celsius', 'memory temperature', 'C', 'temperature'),
  hourly('power_watts', 'power', 'W', 'level'),
  counted(
    'ecc_sbe_volatile_total',
    'corrected memory errors',
    'a day',
    'rate',
    ['ecc_sbe_volatile_total'],
    Math.log(3),
  ),
  counted('pcie_replay_total', 'PCIe replays', 'a day', 'rate', ['pcie_replay_total'], Math.log(3)),
  counted(
    'remapped_rows_uncorrectable_total',
    'remapped rows',
    'rows',
    'count',
    ['remapped_rows_uncorrectable_total', 'remapped_rows_correctable_total'],
    3,
  ),
];

const LINK_GEN = metricIndex('pcie_link_gen');
const LINK_WIDTH = metricIndex('pcie_link_width');
const MAX_GEN = metricIndex('pcie_max_link_gen');
const MAX_WIDTH = metricIndex('pcie_max_link_width');
const GPU_UTIL = metricIndex('gpu_util_ratio');
/** A GPU that works as much keeps its link awake. */
const BUSY_RATIO = 0.2;

/** Replays a day that the link may have; NaN where the link is unknown. */
export function replayLimit(latest: Float64Array): number {
  const busy = (latest[GPU_UTIL] as number) >= BUSY_RATIO;
  const gen = judgedGeneration(busy, latest[LINK_GEN] as number, latest[MAX_GEN] as number);
  const width = linkReading(latest[LINK_WIDTH] as number, latest[MAX_WIDTH] as number);
  return gen >= 1 && width >= 1 ? replaysAllowed(gen, width) * 1_440 : Number.NaN;
}
