import type { Batch } from '../../pipeline/contract/batch.ts';
import { METRIC_COUNT, METRICS } from '../../pipeline/contract/metrics.ts';
import type { GpuIdentity, Registry } from '../../pipeline/contract/registry.ts';
import { ROLLUPS, type RollupSpec, rollupAggregates } from '../../pipeline/contract/tables.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';

/** One row of a rollup table: `values` in the order of the table's columns after `instance`, NaN = no reading. Lent. */
export interface RollupRow {
  /** Start of the bucket, epoch ms. */
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly values: Float64Array;
}

export interface Rollup {
  add(batch: Batch): void;
  /** Gives what is still open; call it once, at the end of the input. */
  end(): void;
}

export interface RollupOptions {
  /** Rows that are later than this against the newest row of their node do not come: they were refused before. */
  readonly lateness_max: DurationMs;
  readonly row: (table: RollupSpec, row: RollupRow) => void;
}

/** Sum, count, minimum and maximum of each metric: what every aggregate is made of, and what adds up over buckets. */
const PARTS = 4;
/** The readings of a GPU, and who it is: a registry forgets who was away for a month, and gives the index to another. */
interface GpuCells {
  readonly identity: GpuIdentity;
  readonly cells: Float64Array;
}
interface Bucket {
  readonly start: number;
  readonly gpus: Map<number, GpuCells>;
}
interface NodeBuckets {
  readonly node: string;
  /** Largest event time of a row, epoch ms. */
  newest: number;
  /** By level of ROLLUPS, then by start. */
  readonly open: readonly Map<number, Bucket>[];
}

const COLUMNS = METRICS.flatMap((metric, index) =>
  rollupAggregates(metric).map((aggregate) => ({ metric: index, aggregate })),
);
const ROLLED = [...new Set(COLUMNS.map((column) => column.metric))];

/**
 * gpu_metrics_1m, _5m and _1h from rows: a bucket is given when no row can reach it any more, that is when its node has a
 * row `lateness_max` behind its end, so nodes may come one after the other. Larger buckets are made of complete smaller
 * ones. Order: as buckets complete; within one, GPUs as first seen. State: 1.8 kB per GPU and open bucket.
 */
export function createRollup(options: RollupOptions): Rollup {
  const nodes = new Map<Registry, NodeBuckets[]>();
  const every: NodeBuckets[] = [];
  const values = new Float64Array(COLUMNS.length);
  const spare: Float64Array[] = [];

  const nodeOf = (registry: Registry, node: number): NodeBuckets => {
    const known = nodes.get(registry) ?? [];
    nodes.set(registry, known);
    const name = registry.nodes[node] as string;
    let buckets = known[node];
    if (buckets?.node !== name) {
      buckets = { node: name, newest: Number.NEGATIVE_INFINITY, open: ROLLUPS.map(() => new Map()) };
      known[node] = buckets;
      every.push(buckets);
    }
    return buckets;
  };
  const cellsOf = (
    buckets: NodeBuckets,
    level: number,
    ts: number,
    gpu: number,
    identity: GpuIdentity,
  ): Float64Array => {
    const { size_ms } = ROLLUPS[level] as RollupSpec;
    const start = Math.floor(ts / size_ms) * size_ms;
    const open = buckets.open[level] as Map<number, Bucket>;
    const bucket = open.get(start) ?? { start, gpus: new Map<number, GpuCells>() };
    if (bucket.gpus.size === 0) open.set(start, bucket);
    const known = bucket.gpus.get(gpu);
    if (known !== undefined) return known.cells;
    const cells = spare.pop() ?? new Float64Array(METRIC_COUNT * PARTS);
    for (const metric of ROLLED) cells.set(NOTHING, metric * PARTS);
    bucket.gpus.set(gpu, { identity, cells });
    return cells;
  };
  const give = (buckets: NodeBuckets, level: number, bucket: Bucket): void => {
    const table = ROLLUPS[level] as RollupSpec;
    const { node } = buckets;
    for (const [gpu, { identity, cells }] of [...bucket.gpus].sort(([a], [b]) => a - b)) {
      const { uuid, instance } = identity;
      aggregate(cells, values);
      options.row(table, { ts: bucket.start, gpu_uuid: uuid, node, instance, values });
      if (level + 1 < ROLLUPS.length) merge(cellsOf(buckets, level + 1, bucket.start, gpu, identity), cells);
      spare.push(cells);
    }
  };
  /** Gives all buckets of a node that end at `until` or before, small ones first: larger ones are made of them. */
  const complete = (buckets: NodeBuckets, until: number): void => {
    ROLLUPS.forEach(({ size_ms }, level) => {
      const open = buckets.open[level] as Map<number, Bucket>;
      const due = [...open.values()].filter((bucket) => bucket.start + size_ms <= until);
      for (const bucket of due.sort((a, b) => a.start - b.start)) {
        open.delete(bucket.start);
        give(buckets, level, bucket);
      }
    });
  };
  const smallest = (ROLLUPS[0] as RollupSpec).size_ms;

  return {
    add(batch) {
      for (let row = 0; row < batch.rows; row++) {
        const ts = batch.ts[row] as number;
        const buckets = nodeOf(batch.registry, batch.node[row] as number);
        if (ts > buckets.newest) {
          const before = Math.floor((buckets.newest - options.lateness_max) / smallest);
          buckets.newest = ts;
          const until = ts - options.lateness_max;
          if (Math.floor(until / smallest) !== before) complete(buckets, until);
        }
        const gpu = batch.gpu[row] as number;
        const identity = batch.registry.gpus[gpu] as GpuIdentity;
        include(cellsOf(buckets, 0, ts, gpu, identity), batch.values, row * METRIC_COUNT);
      }
    },
    end() {
      for (let level = 0; level < ROLLUPS.length; level++) {
        const left = every.flatMap((buckets) =>
          [...(buckets.open[level] as Map<number, Bucket>).values()].map((bucket) => ({ buckets, bucket })),
        );
        for (const { buckets, bucket } of left.sort((a, b) => a.bucket.start - b.bucket.start)) {
          give(buckets, level, bucket);
        }
        for (const buckets of every) buckets.open[level]?.clear();
      }
    },
  };
}

const NOTHING = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

function include(cells: Float64Array, values: Float64Array, from: number): void {
  for (const metric of ROLLED) {
    const value = values[from + metric] as number;
    if (Number.isNaN(value)) continue;
    const at = metric * PARTS;
    cells[at] = (cells[at] as number) + value;
    cells[at + 1] = (cells[at + 1] as number) + 1;
    if (value < (cells[at + 2] as number)) cells[at + 2] = value;
    if (value > (cells[at + 3] as number)) cells[at + 3] = value;
  }
}

function merge(into: Float64Array, from: Float64Array): void {
  for (const metric of ROLLED) {
    const at = metric * PARTS;
    into[at] = (into[at] as number) + (from[at] as number);
    into[at + 1] = (into[at + 1] as number) + (from[at + 1] as number);
    into[at + 2] = Math.min(into[at + 2] as number, from[at + 2] as number);
    into[at + 3] = Math.max(into[at + 3] as number, from[at + 3] as number);
  }
}

function aggregate(cells: Float64Array, values: Float64Array): void {
  COLUMNS.forEach(({ metric, aggregate: what }, i) => {
    const at = metric * PARTS;
    const count = cells[at + 1] as number;
    const part = what === 'avg' ? (cells[at] as number) / count : (cells[at + (what === 'min' ? 2 : 3)] as number);
    values[i] = count === 0 ? Number.NaN : part;
  });
}
