import { METRIC_COUNT, type MetricName, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { Scrape } from '../../pipeline/contract/scrape.ts';
import { type DurationMs, hours, minutes, seconds } from '../../pipeline/contract/time.ts';
import { bell, draws } from '../fleet/random.ts';
import { scrapeMessage } from './fleet-stream.ts';
import { startStream } from './run-stream.ts';

export interface StormCase {
  readonly name: string;
  readonly interval: DurationMs;
  /** Which counters the exporter tells. */
  readonly counters: readonly MetricName[];
  /** Corrected errors that the stormy board had before. */
  readonly before: number;
}

export interface StormFigures {
  readonly name: string;
  readonly warned_after_s: number | null;
  readonly critical_after_s: number | null;
  /** Types that were told of the stormy GPU as critical. */
  readonly critical_types: readonly string[];
  /** Warnings and criticals of the seven GPUs beside it, which are sound. */
  readonly false_alarms: number;
}

const VOLATILE: MetricName = 'ecc_sbe_volatile_total';
const AGGREGATE: MetricName = 'ecc_sbe_aggregate_total';

export const STORM_CASES: readonly StormCase[] = [
  { name: 'both counters, every 10 s', interval: seconds(10), counters: [VOLATILE, AGGREGATE], before: 0 },
  { name: 'both counters, every 30 s', interval: seconds(30), counters: [VOLATILE, AGGREGATE], before: 0 },
  { name: 'volatile counter only, every 30 s', interval: seconds(30), counters: [VOLATILE], before: 0 },
  { name: 'aggregate counter only, every 30 s', interval: seconds(30), counters: [AGGREGATE], before: 0 },
  { name: 'after billions of older ones', interval: seconds(30), counters: [VOLATILE, AGGREGATE], before: 4e9 },
];

/** The published case: an H100 whose HBM corrected this many errors a second while every tool called it healthy. */
const PER_SECOND = 17_700;
const START_MS = Date.UTC(2026, 0, 5);
const CALM = hours(1);
const STORM = minutes(20);
const STORMY = 3;
const GPUS = 8;

/** A training board at its usual work, each reading with its usual noise. Sources: public 8xH100 captures. */
const USUAL: readonly (readonly [name: MetricName, level: number, noise: number])[] = [
  ['gpu_temp_celsius', 58, 0.8],
  ['memory_temp_celsius', 71, 0.8],
  ['power_watts', 640, 12],
  ['power_limit_watts', 700, 0],
  ['sm_clock_mhz', 1_755, 12],
  ['memory_clock_mhz', 2_619, 0],
  ['gpu_util_ratio', 0.98, 0.005],
  ['gr_engine_active_ratio', 0.96, 0.01],
  ['sm_active_ratio', 0.8, 0.01],
  ['tensor_active_ratio', 0.5, 0.01],
  ['dram_active_ratio', 0.4, 0.01],
  ['fb_used_bytes', 70e9, 0],
  ['fb_free_bytes', 14e9, 0],
  ['ecc_dbe_volatile_total', 0, 0],
  ['ecc_dbe_aggregate_total', 0, 0],
  ['row_remap_failed', 0, 0],
  ['row_remap_pending', 0, 0],
  ['remapped_rows_uncorrectable_total', 0, 0],
  ['throttle_reasons', 0, 0],
  ['pcie_replay_total', 0, 0],
  ['xid_last', 0, 0],
];

/** An hour of health, then the storm, on one of eight GPUs; everything else stays as it was. */
export function evaluateStorm({ name, interval, counters, before }: StormCase): StormFigures {
  const stream = startStream();
  const noise = draws(17_700);
  const began_ms = START_MS + CALM;
  let position = 0;
  for (let ts = START_MS; ts <= began_ms + STORM; ts += interval) {
    const scrape = scrapeOf(ts, (gpu, values) => {
      for (const [metric, level, spread] of USUAL) values[metricIndex(metric)] = level + spread * bell(noise);
      const storm_s = Math.max(0, ts - began_ms) / 1_000;
      const errors = gpu === STORMY ? before + Math.round(PER_SECOND * storm_s) : 0;
      for (const counter of counters) values[metricIndex(counter)] = errors;
    });
    stream.push([scrapeMessage(scrape, ++position)], ts);
  }
  const { log } = stream.finish();
  const serious = [...log.alarms.values()].filter(({ severity }) => severity !== 'info');
  const mine = serious.filter(({ gpu_uuid }) => gpu_uuid === uuidOf(STORMY));
  const after = (times: readonly (number | null)[]): number | null => {
    const told = times.filter((ms) => ms !== null && ms > began_ms) as number[];
    return told.length === 0 ? null : (Math.min(...told) - began_ms) / 1_000;
  };
  return {
    name,
    warned_after_s: after(mine.map(({ warned_at }) => warned_at)),
    critical_after_s: after(mine.map(({ critical_at }) => critical_at)),
    critical_types: [
      ...new Set(mine.filter((a) => a.critical_at !== null).map((a) => `${a.detector}/${a.type}`)),
    ].sort(),
    false_alarms: serious.length - mine.length,
  };
}

const uuidOf = (gpu: number): string => `GPU-00000000-0000-0000-0000-00000000000${gpu}`;

function scrapeOf(ts: number, fill: (gpu: number, values: Float64Array) => void): Scrape {
  const gpus = Array.from({ length: GPUS }, (_, gpu) => {
    const values = new Float64Array(METRIC_COUNT).fill(Number.NaN);
    fill(gpu, values);
    return {
      uuid: uuidOf(gpu),
      instance: '',
      model: 'NVIDIA H100 80GB HBM3',
      pci_bus_id: `00000000:${(16 * (gpu + 1)).toString(16)}:00.0`,
      serial: '',
      slot: String(gpu),
      ts,
      values,
      xids: [],
      attribution: [{ namespace: 'training', pod: 'trainer-0', container: 'trainer', job: 'pretrain' }],
    };
  });
  return { node: 'storm-1', ts, boot_epoch: START_MS, sequence: 0, gpus, refusals: [], blanks: 0, unknown_metrics: 0 };
}
