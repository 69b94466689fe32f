import { bytesPerGpu, GroupState } from '../operators/core/group-state.ts';
import { runOperator } from '../operators/core/lift.ts';
import { features } from '../operators/features/features.ts';
import { createPaneSet } from '../operators/windows/pane-set.ts';
import type { Batch } from '../pipeline/contract/batch.ts';
import { GROUPS } from '../pipeline/contract/ids.ts';
import { METRIC_COUNT, METRICS, type Metric, metricIndex } from '../pipeline/contract/metrics.ts';
import { type DurationMs, days, hours, minutes } from '../pipeline/contract/time.ts';
import { TIERS } from '../pipeline/contract/windows.ts';

/** What the windows cost on one core. */
export interface WindowsFigures {
  /** The features operator over rows of 25 metrics, vectors included. */
  readonly operator_ns_per_row: number;
  readonly operator_bytes_per_gpu: number;
  readonly vectors: number;
  /** What a vector costs: the difference to a run without any. */
  readonly vector_us: number;
  /** The pane hierarchy alone, with all 25 metrics of a row in all four windows. */
  readonly panes_ns_per_row: number;
  readonly panes_bytes_per_gpu: number;
  /** Longest time that one batch of 512 rows took: rotations and vectors happen inside. */
  readonly pause_max_ms: number;
}

const GPUS_PER_NODE = 8;
const BATCH_ROWS = 512;
const CADENCE_MS = 10_000;
const START_MS = Date.UTC(2026, 0, 1);

/** Scrapes that make every GPU's panes rotate once. */
const WARMUP_SCRAPES = 35;

/** 25 metrics, as a usual exporter sends: gauges, counters, the mask. */
const PRESENT = [
  ...METRICS.filter(({ kind }) => kind === 'gauge').slice(0, 18),
  ...METRICS.filter(({ kind }) => kind === 'counter').slice(0, 6),
  ...METRICS.filter(({ kind }) => kind === 'mask'),
].map(({ name }) => metricIndex(name));

interface Fleet {
  /** The next batch of one group: its next scrape, or a part of it. Lent until the next call. */
  next(): { readonly state: GroupState; readonly batch: Batch };
}

/** A fleet's scrapes, group by group as in service; the same arrays again and again, only time and GPU written anew. */
function fleet(gpus: number): Fleet {
  const groups = Array.from({ length: Math.min(GROUPS, Math.ceil(gpus / GPUS_PER_NODE)) }, (_, g) => new GroupState(g));
  const sizes = groups.map(() => 0);
  for (let gpu = 0; gpu < gpus; gpu++) {
    const host = Math.floor(gpu / GPUS_PER_NODE);
    const group = host % groups.length;
    const { registry } = groups[group] as GroupState;
    const uuid = `GPU-${gpu}`;
    const identity = { uuid, instance: '', model: 'NVIDIA H100 80GB HBM3', pci_bus_id: '', serial: '', slot: '' };
    registry.gpu(identity, registry.node(`node-${host}`));
    sizes[group] = (sizes[group] as number) + 1;
  }
  const ts = new Float64Array(BATCH_ROWS);
  const gpu = new Uint32Array(BATCH_ROWS);
  const node = new Uint32Array(BATCH_ROWS);
  const values = new Float64Array(BATCH_ROWS * METRIC_COUNT).fill(Number.NaN);
  const mask = metricIndex('throttle_reasons');
  let seed = 1;
  for (let row = 0; row < BATCH_ROWS; row++) {
    for (const metric of PRESENT) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      values[row * METRIC_COUNT + metric] = 50 + seed / 2 ** 30;
    }
    values[row * METRIC_COUNT + mask] = row % 5;
  }
  const attribution = new Uint32Array(BATCH_ROWS);
  let scrape = 0;
  let group = 0;
  let from = 0;
  return {
    next() {
      const state = groups[group] as GroupState;
      const size = sizes[group] as number;
      const rows = Math.min(BATCH_ROWS, size - from);
      for (let row = 0; row < rows; row++) {
        gpu[row] = from + row;
        node[row] = (from + row) >> 3;
        ts[row] = START_MS + scrape * CADENCE_MS;
      }
      from += rows;
      if (from >= size) {
        from = 0;
        group = (group + 1) % groups.length;
        if (group === 0) scrape++;
      }
      const { registry } = state;
      const batch = {
        group: state.group,
        registry,
        rows,
        ts,
        gpu,
        node,
        attribution,
        values,
        xids: [],
        arrived_at: ts,
        clock: ts,
      };
      return { state, batch: { ...batch, position: 1 } };
    },
  };
}

/** Asking for the CPU time costs as much as a small batch. */
const STEPS_PER_LOOK = 100;

interface Cost {
  readonly rows: number;
  readonly vectors: number;
  readonly ns_per_row: number;
  readonly pause_ms: number;
}

const usedSince = (start: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(start);
  return user + system;
};

/** Takes `warmup_rows` rows, so that all memory is there, then as many as `seconds` of this process's CPU time allow. */
function measure(warmup_rows: number, seconds: number, step: () => number, told = { vectors: 0 }): Cost {
  for (let rows = 0; rows < warmup_rows; ) rows += step();
  told.vectors = 0;
  const start = process.cpuUsage();
  let rows = 0;
  let steps = 0;
  let used_us = 0;
  while (used_us < seconds * 1e6) {
    for (let i = 0; i < STEPS_PER_LOOK; i++) rows += step();
    steps += STEPS_PER_LOOK;
    used_us = usedSince(start);
  }
  const { vectors } = told;
  let pause_us = 0;
  for (let i = 0; i < steps; i++) {
    const before = process.cpuUsage();
    step();
    pause_us = Math.max(pause_us, usedSince(before));
  }
  return { rows, vectors, ns_per_row: (used_us * 1_000) / rows, pause_ms: pause_us / 1_000 };
}

/**
 * Event time runs as fast as the core allows, so that rotations and vectors come as often per row as in service. Costs are
 * CPU time of all threads, collector included, so that neighbours on the machine matter little.
 */
export function benchWindows(options: { gpus: number; seconds: number }): WindowsFigures {
  const assets = { get: () => undefined, edition: () => 0 };
  const warmup_rows = options.gpus * WARMUP_SCRAPES;
  const run = (every: DurationMs) => {
    const source = fleet(options.gpus);
    const operator = features({
      lateness_max: minutes(5),
      every,
      history: { age_min: days(30), every: hours(1) },
      assets,
    });
    const counted = { vectors: 0 };
    const step = (): number => {
      const { state, batch } = source.next();
      runOperator('features', operator, state, batch, (port) => {
        if (port === 'vectors') counted.vectors++;
      });
      return batch.rows;
    };
    return { ...measure(warmup_rows, options.seconds, step, counted), bytes: bytesPerGpu(operator.state) };
  };
  const told = run(minutes(5));
  const untold = run(minutes(1e6));

  const metrics = PRESENT.map((metric) => (METRICS[metric] as Metric).name);
  const panes = createPaneSet({ metrics, tiers: TIERS, lateness_max: minutes(5) });
  const columns = { ...panes.columns };
  const source = fleet(options.gpus);
  const bare = measure(warmup_rows, options.seconds, () => {
    const { state, batch } = source.next();
    const { rows, ts, gpu, values } = batch;
    const cells = state.columns('panes', columns);
    for (let row = 0; row < rows; row++) {
      const pane = panes.locate(cells, gpu[row] as number, ts[row] as number);
      panes.add(cells, gpu[row] as number, pane, ts[row] as number, values, row * METRIC_COUNT);
    }
    return rows;
  });
  return {
    operator_ns_per_row: Math.round(told.ns_per_row),
    operator_bytes_per_gpu: told.bytes,
    vectors: told.vectors,
    vector_us: Math.round(((told.ns_per_row - untold.ns_per_row) * told.rows) / Math.max(1, told.vectors)) / 1_000,
    panes_ns_per_row: Math.round(bare.ns_per_row),
    panes_bytes_per_gpu: bytesPerGpu(columns),
    pause_max_ms: Math.round(Math.max(told.pause_ms, bare.pause_ms) * 10) / 10,
  };
}
