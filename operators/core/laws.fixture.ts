import { describe, expect, it } from 'vitest';
import type { Batch, BatchXid } from '../../pipeline/contract/batch.ts';
import { METRIC_COUNT, METRICS, type Metric } from '../../pipeline/contract/metrics.ts';
import type { Operator, StateSpec } from '../../pipeline/contract/operator.ts';
import { compactBatch, sliceBatch } from './batch-slice.ts';
import { bytesPerGpu, GroupState } from './group-state.ts';
import { finishOperator, runOperator, stateSpecs } from './lift.ts';

/** mulberry32: small, seeded, good enough to draw test data. */
export function random(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface SampleRow {
  readonly ts: number;
  readonly node: string;
  readonly uuid: string;
  /** Default: the whole board. */
  readonly instance?: string;
  /** Default: an H100. */
  readonly model?: string;
  readonly values: Readonly<Record<string, number>>;
  readonly xids?: readonly Omit<BatchXid, 'row'>[];
  /** Default: its own ts. */
  readonly arrived_at?: number;
}

export const START_MS = Date.UTC(2026, 0, 1);

/** Rows of a small fleet that drifts, jumps, goes missing, repeats itself and comes late. */
export function sampleRows(seed: number, options: { gpus?: number; scrapes?: number } = {}): SampleRow[] {
  const next = random(seed);
  const rows: SampleRow[] = [];
  for (let scrape = 0; scrape < (options.scrapes ?? 160); scrape++) {
    for (let gpu = 0; gpu < (options.gpus ?? 6); gpu++) {
      if (next() < 0.03) continue;
      const skewed = next() < 0.02;
      const late = next() < 0.05 ? 15_000 + next() * 600_000 : 0;
      const jump = next() < 0.04 || (scrape > 110 && scrape < 125 && gpu === 2) ? 60 : 0;
      const values: Record<string, number> = {};
      METRICS.forEach((metric: Metric, m) => {
        if ((m * 7 + gpu) % 5 === 0 || next() < 0.02) return;
        const base = metric.max === 1 ? 0.4 : Math.min(60, metric.max / 4);
        const noise = (next() - 0.5) * base * 0.1;
        values[metric.name] =
          metric.kind === 'counter' ? scrape * 3 + gpu : base + noise + (metric.max > 120 ? jump : 0);
        if (next() < 0.002) values[metric.name] = metric.max * 3;
      });
      rows.push({
        ts: START_MS + scrape * 10_000 - Math.round(late),
        arrived_at: START_MS + scrape * 10_000 + (skewed ? -400_000 : 20),
        node: `node-${gpu >> 1}`,
        uuid: `GPU-${gpu}`,
        values,
        ...(next() < 0.01 ? { xids: [{ xid: 31, kind: 'event' as const, count: 1 }] } : {}),
      });
    }
  }
  return rows;
}

export function batchOf(state: GroupState, rows: readonly SampleRow[], position = 1): Batch {
  const { registry } = state;
  const batch = {
    group: state.group,
    registry,
    rows: rows.length,
    ts: Float64Array.from(rows, (row) => row.ts),
    gpu: new Uint32Array(rows.length),
    node: new Uint32Array(rows.length),
    attribution: new Uint32Array(rows.length),
    values: new Float64Array(rows.length * METRIC_COUNT).fill(Number.NaN),
    xids: rows.flatMap((row, i) => (row.xids ?? []).map((xid) => ({ ...xid, row: i }))),
    position,
    arrived_at: Float64Array.from(rows, (row) => row.arrived_at ?? row.ts),
    clock: Float64Array.from(rows, (row) => row.ts),
  };
  rows.forEach((row, i) => {
    const node = registry.node(row.node);
    const identity = {
      uuid: row.uuid,
      instance: row.instance ?? '',
      model: row.model ?? 'NVIDIA H100 80GB HBM3',
      pci_bus_id: '',
      serial: '',
      slot: '',
    };
    batch.node[i] = node;
    batch.gpu[i] = registry.gpu(identity, node);
    METRICS.forEach((metric, m) => {
      batch.values[i * METRIC_COUNT + m] = row.values[metric.name] ?? Number.NaN;
    });
  });
  return batch;
}

/** Everything that went out of an operator, in order, as comparable text; batches are written out row by row. */
class Recorder {
  readonly lines: string[] = [];

  readonly emit = (port: unknown, item: unknown): void => {
    if (!isBatch(item)) {
      this.lines.push(`${String(port)} ${JSON.stringify(item)}`);
      return;
    }
    for (let row = 0; row < item.rows; row++) {
      const values = Array.from(item.values.subarray(row * METRIC_COUNT, (row + 1) * METRIC_COUNT)).join(',');
      const xids = JSON.stringify(
        item.xids.filter((x) => x.row === row).map(({ xid, kind, count }) => [xid, kind, count]),
      );
      const identity = item.registry.gpus[item.gpu[row] as number]?.uuid;
      this.lines.push(
        `${String(port)} ${item.ts[row]} ${identity} ${item.registry.nodes[item.node[row] as number]} ${values} ${xids}`,
      );
    }
  };
}

const isBatch = (item: unknown): item is Batch =>
  item !== null && typeof item === 'object' && 'values' in item && item.values instanceof Float64Array;

const STEP = 'under_test';

/** Ports in one fixed order: cutting a batch may interleave ports differently, never the items of one port. */
const byPort = (lines: readonly string[]): Record<string, string[]> => {
  const ports: Record<string, string[]> = {};
  for (const line of lines) {
    const port = line.slice(0, line.indexOf(' '));
    ports[port] = [...(ports[port] ?? []), line];
  }
  return ports;
};

function run<S extends StateSpec, P>(
  operator: Operator<S, P>,
  rows: readonly SampleRow[],
  cuts: readonly number[],
  options: { restoreAt?: number; finishAt?: number } = {},
): { lines: string[]; state: GroupState } {
  const recorder = new Recorder();
  let state = new GroupState(0);
  let from = 0;
  for (const cut of [...cuts, rows.length]) {
    if (cut <= from) continue;
    runOperator(STEP, operator, state, batchOf(state, rows.slice(from, cut)), recorder.emit);
    from = cut;
    if (options.restoreAt !== undefined && from >= options.restoreAt) {
      const saved = structuredClone(state.save());
      state = GroupState.restore(saved, new Map(stateSpecs(STEP, operator as unknown as Operator<StateSpec, never>)));
    }
  }
  if (options.finishAt !== undefined) finishOperator(STEP, operator, state, options.finishAt, recorder.emit);
  return { lines: recorder.lines, state };
}

/**
 * The laws that every operator passes: called from its test file. `rows` may bring data of the operator's own.
 */
export function describeLaws<S extends StateSpec, P>(
  name: string,
  make: () => Operator<S, P>,
  options: { bytes_per_gpu_max: number; rows?: (seed: number) => SampleRow[] },
): void {
  const rowsOf = options.rows ?? sampleRows;
  const end = START_MS + 3_600_000;
  const onTime = (seed: number): SampleRow[] => rowsOf(seed);

  describe(`${name} laws`, () => {
    it('gives the same output for the same rows cut into other batches', () => {
      for (const seed of [1, 2, 3]) {
        const rows = onTime(seed);
        const next = random(seed + 100);
        const whole = run(make(), rows, [], { finishAt: end });
        for (let attempt = 0; attempt < 4; attempt++) {
          const cuts = rows.map((_, i) => i).filter(() => next() < 0.2);
          expect(byPort(run(make(), rows, cuts, { finishAt: end }).lines)).toEqual(byPort(whole.lines));
        }
        const single = rows.map((_, i) => i);
        expect(byPort(run(make(), rows, single, { finishAt: end }).lines)).toEqual(byPort(whole.lines));
      }
    });

    it('never lets one GPU affect another of a different node', () => {
      const rows = onTime(4);
      const lines = run(make(), rows, []).lines;
      for (const node of new Set(rows.map((row) => row.node))) {
        const alone = rows.filter((row) => row.node === node);
        const mentions = (line: string): boolean => line.includes(` ${node} `) || line.includes(`"node":"${node}"`);
        expect(run(make(), alone, []).lines.filter(mentions)).toEqual(lines.filter(mentions));
      }
    });

    it('leaves its input as it was', () => {
      const rows = onTime(5);
      const state = new GroupState(0);
      const batch = batchOf(state, rows);
      const before = structuredClone({ ...batch, registry: null });
      runOperator(STEP, make(), state, batch, () => undefined);
      expect({ ...batch, registry: null }).toEqual(before);
    });

    it('goes on after a snapshot as if nothing had happened', () => {
      const rows = onTime(6);
      const cuts = Array.from({ length: 20 }, (_, i) => Math.floor((rows.length * (i + 1)) / 21));
      const whole = run(make(), rows, cuts, { finishAt: end });
      for (const restoreAt of [1, Math.floor(rows.length / 2)]) {
        expect(run(make(), rows, cuts, { restoreAt, finishAt: end }).lines).toEqual(whole.lines);
      }
    });

    it(`keeps at most ${options.bytes_per_gpu_max} B per GPU`, () => {
      const operator = make();
      expect(bytesPerGpu(operator.state)).toBeLessThanOrEqual(options.bytes_per_gpu_max);
      const { state } = run(operator, onTime(7), []);
      const gpus = state.registry.gpus.length;
      const perGpu = state
        .save()
        .columns.filter(({ name: column, type }) => type !== 'record' && operator.state[column]?.scope === 'gpu')
        .reduce((sum, { data }) => sum + data.byteLength, 0);
      expect(perGpu).toBe(gpus * bytesPerGpu(operator.state));
    });

    it('gives the same output twice', () => {
      const rows = onTime(8);
      expect(run(make(), rows, []).lines).toEqual(run(make(), rows, []).lines);
    });

    it('sees a slice and a compacted copy as the rows they hold', () => {
      const rows = onTime(9);
      const half = rows.length >> 1;
      const state = new GroupState(0);
      const all = batchOf(state, rows);
      const recorder = new Recorder();
      recorder.emit('rows', sliceBatch(all, half, rows.length));
      const keep = Uint8Array.from(rows, (_, i) => (i >= half ? 1 : 0));
      const compacted = new Recorder();
      compacted.emit('rows', compactBatch(all, keep));
      expect(compacted.lines).toEqual(recorder.lines);
    });
  });
}
