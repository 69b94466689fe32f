import { METRICS, type Metric, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';

/** What a gauge answers to, when the board is sound. */
export type Cause =
  /** Heat put in lately (power behind a lag; activity where no power is told). */
  | 'heat'
  /** What the kernels do: SM, tensor and memory activity. */
  | 'activity'
  /** Whether application clocks are set; held back for a benign reason it answers to nothing. */
  | 'clock_setting';

export interface WatchedGauge {
  readonly name: MetricName;
  readonly column: number;
  readonly unit: string;
  /** Deviation that counts, in sigma; infinite where none does. */
  readonly threshold: number;
  readonly cause: Cause;
  /** The side on which a deviation can be a fault: above 1, below -1, either 0. The other side is worth knowing at most. */
  readonly worse: -1 | 0 | 1;
  /** Smallest deviation that counts as one sigma: the larger of the metric's unit and the share of what is expected. */
  readonly floor: number;
  readonly floor_ratio: number;
  readonly floor_ratio_idle: number;
  /** The workload itself: its deviation is news, never a warning. */
  readonly workload: boolean;
  /** Said twice where this other gauge is there too. */
  readonly mirror_of: MetricName | null;
}

type Nature = Pick<WatchedGauge, 'cause' | 'worse'> & Partial<WatchedGauge>;

/** Work of another kind draws another power at the same activity, by a tenth and more; a context held without work, more than half. */
const POWER_RATIO = 0.1;
const POWER_RATIO_IDLE = 0.6;
const CLOCK_RATIO = 0.03;
/** The air that cools a board is not told; halls drift by some degrees in a day. */
const AIR_CELSIUS = 2;
const WORKLOAD_RATIO = 0.3;

const NATURES: Partial<Record<MetricName, Nature>> = {
  gpu_temp_celsius: { cause: 'heat', worse: 1, floor: AIR_CELSIUS },
  memory_temp_celsius: { cause: 'heat', worse: 1, floor: AIR_CELSIUS },
  temp_margin_celsius: { cause: 'heat', worse: -1, floor: AIR_CELSIUS, mirror_of: 'gpu_temp_celsius' },
  power_watts: { cause: 'activity', worse: 0, floor_ratio: POWER_RATIO, floor_ratio_idle: POWER_RATIO_IDLE },
  sm_clock_mhz: { cause: 'clock_setting', worse: -1, floor_ratio: CLOCK_RATIO },
  memory_clock_mhz: { cause: 'clock_setting', worse: -1, floor_ratio: CLOCK_RATIO },
};

/** The gauges that a board answers with, rather than what it is asked to do. */
export const BOARD_GAUGES: readonly MetricName[] = Object.keys(NATURES) as MetricName[];

/** Every gauge of the catalogue that can be watched. */
export const WATCHABLE_GAUGES: readonly MetricName[] = METRICS.flatMap(({ name, sigma_floor }: Metric) =>
  sigma_floor ? [name] : [],
);

/** Sigma by gauge, where it is not what holds for all; 0 = the gauge is never told. */
export type GaugeThresholds = { readonly [name in MetricName]?: number | undefined };

/** The gauges that thresholds name besides those of the board. */
export const addedGauges = (thresholds: GaugeThresholds): readonly MetricName[] =>
  WATCHABLE_GAUGES.filter((name) => thresholds[name] !== undefined && !BOARD_GAUGES.includes(name));

export function watchedGauge(name: MetricName, threshold: number): WatchedGauge {
  const column = metricIndex(name);
  const metric = METRICS[column] as Metric;
  const nature = NATURES[name];
  return {
    name,
    column,
    unit: metric.unit,
    // Watched all the same: what is open can close, and what is usual is known when the gauge shall be told again.
    threshold: threshold === 0 ? Number.POSITIVE_INFINITY : threshold,
    cause: 'activity',
    worse: 0,
    floor: metric.sigma_floor ?? 0,
    floor_ratio: nature ? 0 : WORKLOAD_RATIO,
    workload: nature === undefined,
    mirror_of: null,
    ...nature,
    floor_ratio_idle: nature?.floor_ratio_idle ?? nature?.floor_ratio ?? (nature ? 0 : WORKLOAD_RATIO),
  };
}
