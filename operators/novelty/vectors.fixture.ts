import type { Anomaly, FeatureVector } from '../../pipeline/contract/events.ts';
import { FEATURE_COUNT, findFeature } from '../../pipeline/contract/features.ts';
import { findMetric, METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import type { FleetOperator, StateSpec } from '../../pipeline/contract/operator.ts';
import { GroupState } from '../core/group-state.ts';
import { keepForFleet } from '../core/keep-for-fleet.fixture.ts';
import { random } from '../core/laws.fixture.ts';
import { finishFleet, fleetSpecs, runFleet } from '../core/run-fleet.ts';

export const START_MS = Date.UTC(2026, 0, 1);
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** What is wrong with a GPU from an instant on. */
export interface Fault {
  readonly gpu: number;
  readonly from_ms: number;
  readonly until_ms?: number;
  /** Added to the cooling's resistance, as a factor. */
  readonly hotter?: number;
  /** Added to the memory's own temperature. */
  readonly memory_c?: number;
  readonly replays_per_day?: number;
  readonly corrected_per_day?: number;
}

export interface FleetCourse {
  readonly gpus: number;
  readonly days: number;
  readonly seed: number;
  readonly step_ms?: number;
  readonly model?: string;
  readonly instance?: string;
  readonly faults?: readonly Fault[];
}

interface Course {
  readonly sums: Record<string, number[]>;
  readonly now: Record<string, number[]>;
}

/**
 * Vectors of a fleet in the order of time: a daily rhythm of work and of the room, jobs that come and go, boards that differ
 * a little, now and then a benign corrected error; windows are true means over the steps.
 */
export function fleetVectors(course: FleetCourse): FeatureVector[] {
  const step_ms = course.step_ms ?? 15 * 60_000;
  const steps = Math.floor((course.days * DAY_MS) / step_ms);
  const gpus = Array.from({ length: course.gpus }, (_, gpu) => courseOf(course, gpu, steps, step_ms));
  const vectors: FeatureVector[] = [];
  for (let step = 1; step < steps; step++) {
    for (let gpu = 0; gpu < course.gpus; gpu++) {
      vectors.push(vectorAt(course, gpus, gpu, step, step_ms));
    }
  }
  return vectors;
}

function courseOf(course: FleetCourse, gpu: number, steps: number, step_ms: number): Course {
  const next = random(course.seed * 1_000 + gpu);
  const bell = (): number => next() + next() + next() - 1.5;
  const own_c = bell() * 2;
  const own_power = 1 + bell() * 0.02;
  const now: Record<string, number[]> = {
    temp: [],
    memory: [],
    power: [],
    active: [],
    dram: [],
    clock: [],
    replays: [],
    sbe: [],
  };
  let job = next();
  let job_until = 0;
  for (let step = 0; step < steps; step++) {
    const ts = START_MS + step * step_ms;
    if (ts >= job_until) {
      job = next() < 0.25 ? 0 : next();
      job_until = ts + (1 + next() * 20) * HOUR_MS;
    }
    const hour = (ts % DAY_MS) / HOUR_MS;
    const rhythm = 0.8 + 0.2 * Math.sin(((hour - 9) / 24) * 2 * Math.PI);
    const active = Math.min(1, job * rhythm);
    const power = (75 + 590 * active) * own_power + bell() * 8;
    const fault = (course.faults ?? []).find(
      (f) => f.gpu === gpu && ts >= f.from_ms && ts < (f.until_ms ?? Number.POSITIVE_INFINITY),
    );
    const inlet = 24 + 2 * Math.sin(((hour - 15) / 24) * 2 * Math.PI);
    const temp = inlet + own_c + power * 0.06 * (1 + (fault?.hotter ?? 0)) + bell() * 0.5;
    const readings = {
      temp,
      memory: temp + 6 + active * 4 + (fault?.memory_c ?? 0) + bell() * 0.5,
      power,
      active,
      dram: active * 0.6,
      clock: active > 0.02 ? 1980 - 150 * active : 345,
      replays: (fault?.replays_per_day ?? 0) * (step_ms / DAY_MS) * (0.5 + next()) + (next() < 0.002 ? 1 : 0),
      sbe: (fault?.corrected_per_day ?? 0) * (step_ms / DAY_MS) * (0.5 + next()) + (next() < 0.001 ? 1 : 0),
    };
    for (const [name, value] of Object.entries(readings)) now[name]?.push(value);
  }
  const sums: Record<string, number[]> = {};
  for (const [name, values] of Object.entries(now)) {
    let sum = 0;
    sums[name] = [0, ...values.map((value) => (sum += value))];
  }
  return { sums, now };
}

function vectorAt(
  course: FleetCourse,
  gpus: readonly Course[],
  gpu: number,
  step: number,
  step_ms: number,
): FeatureVector {
  const values = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
  const set = (name: string, value: number): void => {
    const index = findFeature(name);
    if (index < 0) throw new Error(`no feature is called ${name}`);
    values[index] = value;
  };
  const window = (hours: number): number => Math.max(0, step - Math.round((hours * HOUR_MS) / step_ms));
  const over = (of: number, name: string, hours: number): number => {
    const from = window(hours);
    const sums = gpus[of]?.sums[name] as number[];
    return ((sums[step] as number) - (sums[from] as number)) / (step - from);
  };
  const largest = (name: string, hours: number): number =>
    Math.max(...((gpus[gpu] as Course).now[name] as number[]).slice(window(hours), step));
  const trend = (name: string): number => {
    const from = window(168);
    const half = (from + step) >> 1;
    const sums = gpus[gpu]?.sums[name] as number[];
    const late = ((sums[step] as number) - (sums[half] as number)) / (step - half);
    const early = ((sums[half] as number) - (sums[from] as number)) / Math.max(1, half - from);
    return ((late - early) * DAY_MS) / Math.max(1, (half - from) * step_ms);
  };
  const metrics = [
    ['gpu_temp_celsius', 'temp'],
    ['memory_temp_celsius', 'memory'],
    ['power_watts', 'power'],
    ['sm_active_ratio', 'active'],
    ['dram_active_ratio', 'dram'],
  ] as const;
  for (const [metric, name] of metrics) {
    for (const [label, hours] of [
      ['1h', 1],
      ['6h', 6],
      ['24h', 24],
      ['7d', 168],
    ] as const) {
      set(`${metric}_mean_${label}`, over(gpu, name, hours));
    }
    set(`${metric}_max_24h`, largest(name, 24));
    set(`${metric}_trend_7d`, trend(name));
  }
  set('gpu_temp_mean', over(gpu, 'temp', 168));
  set('gpu_temp_trend', trend('temp'));
  set('power_usage_mean', over(gpu, 'power', 168));
  set('sm_active_mean', over(gpu, 'active', 168) * 100);
  set('sm_clock_mhz_max_24h', largest('clock', 24));
  const node = gpu >> 3;
  const peers = gpus.map((_, other) => other).filter((other) => other >> 3 === node && other !== gpu);
  for (const [metric, name] of metrics.slice(0, 4)) {
    const means = peers.map((other) => over(other, name, 1)).sort((a, b) => a - b);
    if (means.length > 1) set(`${metric}_peer_deviation_1h`, over(gpu, name, 1) - (means[means.length >> 1] as number));
  }
  const per_day = DAY_MS / step_ms;
  set('pcie_replay_per_day_24h', over(gpu, 'replays', 24) * per_day);
  set('ecc_sbe_volatile_per_day_24h', over(gpu, 'sbe', 24) * per_day);
  for (const name of [
    'nvlink_crc_flit_errors',
    'nvlink_crc_data_errors',
    'ecc_dbe_volatile',
    'thermal_violation_seconds',
  ]) {
    set(`${name}_per_day_24h`, 0);
  }
  set('energy_joules_per_day_24h', over(gpu, 'power', 24) * 86_400);
  set('thermal_throttle_count', 0);
  set('samples_7d', step - window(168));
  set('cadence_seconds', step_ms / 1_000);
  const latest = new Float64Array(METRIC_COUNT).fill(Number.NaN);
  for (const [name, value] of [
    ['pcie_link_width', 16],
    ['pcie_max_link_width', 16],
    ['row_remap_pending', 0],
    ['row_remap_failed', 0],
  ] as const) {
    latest[findMetric(name)] = value;
  }
  const ts = START_MS + step * step_ms;
  return {
    ts,
    gpu_uuid: `GPU-${gpu}`,
    node: `node-${String(node).padStart(3, '0')}`,
    instance: course.instance ?? '',
    model: course.model ?? 'NVIDIA H100 80GB HBM3',
    job: '',
    values,
    latest,
    latest_ts: ts,
    arrived_at: ts,
    final: false,
  };
}

type Detector<S extends StateSpec> = FleetOperator<{ vectors: FeatureVector }, S, { anomalies: Anomaly }>;

/**
 * Feeds vectors, in pushes of one instant, as the engine does; `restore_at` are places in the list where state goes through
 * a snapshot and a new operator takes over.
 */
export function runDetector<S extends StateSpec>(
  make: () => Detector<S>,
  vectors: readonly FeatureVector[],
  options: { restore_at?: readonly number[] } = {},
): { anomalies: Anomaly[]; state: unknown } {
  const anomalies: Anomaly[] = [];
  let operator = make();
  let fleet = new GroupState(0);
  const emit = (_: unknown, anomaly: Anomaly): number => anomalies.push(anomaly);
  const began = vectors[0]?.ts ?? 0;
  let now = began;
  vectors.forEach((vector, i) => {
    now = Math.max(now, vector.ts);
    keepForFleet('under_test', operator, fleet, 'vectors', vector, now);
    if (vectors[i + 1]?.ts !== vector.ts) runFleet('under_test', operator, fleet, { began, now }, emit);
    if (options.restore_at?.includes(i)) {
      operator = make();
      fleet = GroupState.restore(structuredClone(fleet.save()), new Map(fleetSpecs('under_test', operator)));
    }
  });
  finishFleet('under_test', operator, fleet, now, emit);
  const columns = fleet.columns('under_test', operator.state) as Readonly<Record<string, unknown>>;
  return { anomalies, state: JSON.parse(JSON.stringify(columns)) };
}
