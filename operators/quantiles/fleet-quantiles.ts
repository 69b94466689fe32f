import type { FeatureVector, FleetQuantiles } from '../../pipeline/contract/events.ts';
import { type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { FleetItem, FleetOperator } from '../../pipeline/contract/operator.ts';
import { type DurationMs, hours, minutes } from '../../pipeline/contract/time.ts';
import { type QuantileSketch, sketchAdd, sketchQuantile, sketchStart } from './quantile-sketch.ts';

/** How a metric was spread over the fleet's GPUs (model empty), or those of one model, in an hour so far. */
export interface FleetQuantilesOptions {
  /** Event time between two tellings. */
  readonly every: DurationMs;
  /** How long items may be on their way from other groups. */
  readonly delay: DurationMs;
}

export const FLEET_QUANTILES_DEFAULTS: FleetQuantilesOptions = { every: minutes(5), delay: minutes(1) };

const METRICS_TOLD: readonly MetricName[] = [
  'gpu_temp_celsius',
  'memory_temp_celsius',
  'power_watts',
  'sm_clock_mhz',
  'gpu_util_ratio',
  'memory_util_ratio',
  'sm_active_ratio',
  'tensor_active_ratio',
  'dram_active_ratio',
  'fb_used_bytes',
];
/** A MIG instance has these of its own; the others it repeats from its board. */
const OF_INSTANCES: readonly MetricName[] = [
  'sm_active_ratio',
  'tensor_active_ratio',
  'dram_active_ratio',
  'fb_used_bytes',
];
const COLUMNS = METRICS_TOLD.map((name) => ({ column: metricIndex(name), of_instances: OF_INSTANCES.includes(name) }));

/** The whole fleet, beside the models. */
const FLEET = '';

interface Kept extends FleetItem {
  readonly model: string;
  /** By metric told; null = not read. */
  readonly values: readonly (number | null)[];
}

/** The hour that is being counted: sketches by model and metric. */
interface HourSketches {
  readonly hour_ts: number;
  readonly models: ModelSketches[];
}
interface ModelSketches {
  readonly model: string;
  /** By metric told; null = not read yet. */
  readonly sketches: (QuantileSketch | null)[];
}

const STATE = { hour: { scope: 'group', type: 'record', width: 1, initial: 0 } } as const;

/**
 * Quantiles over the fleet and per model of what gauges read last, hour by hour.
 *
 * Input    feature vectors, each with the GPU's last reading; MIG instances count for what is their own.
 * Output   quantiles: every 5 minutes of event time, of the hour so far, for the fleet and each model and metric that was
 *          read; at the end of an hour of all of it. A quantile is within 1 % of a value of that rank.
 * Time     event time; an hour begins with its first item, and one that comes after its hour counts for the next.
 * State    a sketch per model and metric, up to 12 kB each for readings over five orders of magnitude.
 * Cost     about 1 us per vector.
 * Errors   none.
 * Source   see quantile-sketch.ts.
 */
export function fleetQuantiles(
  options: FleetQuantilesOptions,
): FleetOperator<{ vectors: FeatureVector }, typeof STATE, { quantiles: FleetQuantiles }> {
  return {
    name: 'fleet_quantiles',
    summary: 'how each gauge is spread over the fleet and over each model',
    state: STATE,
    ports: ['quantiles'],
    delay: options.delay,
    on: {
      vectors: {
        pick({ ts, node, model, instance, latest }: FeatureVector): Kept | null {
          const values = COLUMNS.map(({ column, of_instances }) => {
            const value = instance === '' || of_instances ? (latest[column] as number) : Number.NaN;
            return Number.isFinite(value) ? value : null;
          });
          return values.every((value) => value === null) ? null : { ts, node, model, values };
        },
        take({ ts, model, values }: Kept, state) {
          // The full hour itself still belongs to the hour that ends then, and is told with it.
          const hour_ts = (Math.ceil(ts / hours(1)) - 1) * hours(1);
          let hour = state.hour[0] as HourSketches | null;
          if (hour === null || hour_ts > hour.hour_ts) {
            hour = { hour_ts, models: [] };
            state.hour[0] = hour;
          }
          count(hour, FLEET, values);
          if (model !== FLEET) count(hour, model, values);
        },
      },
    },
    timer: {
      every: options.every,
      onTime(now, state, emit) {
        const hour = state.hour[0] as HourSketches | null;
        if (hour === null || now > hour.hour_ts + hours(1)) return;
        for (const { model, sketches } of [...hour.models].sort((a, b) => (a.model < b.model ? -1 : 1))) {
          sketches.forEach((sketch, m) => {
            if (sketch) emit('quantiles', quantilesOf(now, model, METRICS_TOLD[m] as MetricName, hour.hour_ts, sketch));
          });
        }
      },
    },
  };
}

function count(hour: HourSketches, model: string, values: readonly (number | null)[]): void {
  let known = hour.models.find((each) => each.model === model);
  if (known === undefined) {
    known = { model, sketches: new Array<null>(METRICS_TOLD.length).fill(null) };
    hour.models.push(known);
  }
  const { sketches } = known;
  values.forEach((value, m) => {
    if (value === null) return;
    const sketch = sketches[m] ?? sketchStart();
    sketches[m] = sketch;
    sketchAdd(sketch, value);
  });
}

function quantilesOf(
  ts: number,
  model: string,
  metric: string,
  hour_ts: number,
  sketch: QuantileSketch,
): FleetQuantiles {
  const at = (share: number): number => sketchQuantile(sketch, share);
  return {
    ts,
    model,
    metric,
    hour_ts,
    count: sketch.count,
    p01: at(0.01),
    p05: at(0.05),
    p25: at(0.25),
    p50: at(0.5),
    p75: at(0.75),
    p95: at(0.95),
    p99: at(0.99),
  };
}
