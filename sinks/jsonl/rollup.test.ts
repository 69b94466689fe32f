import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../pipeline/contract/batch.ts';
import { METRIC_COUNT, METRICS, metricIndex } from '../../pipeline/contract/metrics.ts';
import { Registry } from '../../pipeline/contract/registry.ts';
import { ROLLUPS } from '../../pipeline/contract/tables.ts';
import { milliseconds } from '../../pipeline/contract/time.ts';
import { createRollup } from './rollup.ts';

interface Reading {
  readonly node: string;
  readonly gpu: string;
  readonly ts: number;
  readonly power: number;
  readonly energy: number;
}
const POWER = metricIndex('power_watts');
const ENERGY = metricIndex('energy_joules_total');
const T0 = Date.UTC(2026, 0, 1);

function batchesOf(readings: readonly Reading[], size: number): Batch[] {
  const registry = new Registry(0);
  const batches: Batch[] = [];
  for (let at = 0; at < readings.length; at += size) {
    const rows = readings.slice(at, at + size);
    const values = new Float64Array(rows.length * METRIC_COUNT).fill(Number.NaN);
    const node = Uint32Array.from(rows, (row) => registry.node(row.node));
    const gpu = Uint32Array.from(rows, (row, i) => {
      const blank = { instance: '', model: '', pci_bus_id: '', serial: '', slot: '' };
      values[i * METRIC_COUNT + POWER] = row.power;
      values[i * METRIC_COUNT + ENERGY] = row.energy;
      return registry.gpu({ uuid: row.gpu, ...blank }, node[i] as number);
    });
    const ts = Float64Array.from(rows, (row) => row.ts);
    const attribution = new Uint32Array(rows.length);
    batches.push({
      group: 0,
      registry,
      rows: rows.length,
      ts,
      gpu,
      node,
      attribution,
      values,
      xids: [],
      position: at,
      arrived_at: new Float64Array(rows.length),
      clock: new Float64Array(rows.length),
    });
  }
  return batches;
}

type Row = Record<string, number | string | null>;
function roll(readings: readonly Reading[], lateness: number, size: number): Record<string, Row[]> {
  const out: Record<string, Row[]> = Object.fromEntries(ROLLUPS.map((table) => [table.name, []]));
  const rollup = createRollup({
    lateness_max: milliseconds(lateness),
    row(table, { ts, gpu_uuid, node, instance, values }) {
      const row: Row = { ts, gpu_uuid, node, instance };
      table.columns.slice(4).forEach((column, i) => {
        row[column.name] = Number.isNaN(values[i]) ? null : (values[i] as number);
      });
      out[table.name]?.push(row);
    },
  });
  for (const batch of batchesOf(readings, size)) rollup.add(batch);
  rollup.end();
  return out;
}

/** All readings at once, by definition. */
function expected(readings: readonly Reading[], size: number): Map<string, Row> {
  const buckets = new Map<string, Reading[]>();
  for (const reading of readings) {
    const key = `${Math.floor(reading.ts / size) * size} ${reading.gpu} ${reading.node}`;
    buckets.set(key, [...(buckets.get(key) ?? []), reading]);
  }
  return new Map(
    [...buckets].map(([key, list]) => {
      const power = list.map((one) => one.power).filter((value) => !Number.isNaN(value));
      const energy = list.map((one) => one.energy).filter((value) => !Number.isNaN(value));
      const none = power.length === 0;
      return [
        key,
        {
          power_watts_avg: none ? null : power.reduce((a, b) => a + b, 0) / power.length,
          power_watts_min: none ? null : Math.min(...power),
          power_watts_max: none ? null : Math.max(...power),
          energy_joules_total_min: energy.length === 0 ? null : Math.min(...energy),
          energy_joules_total_max: energy.length === 0 ? null : Math.max(...energy),
        },
      ];
    }),
  );
}

const LATENESS = 90_000;
const MONTH_MS = 30 * 86_400_000;
const reading = fc.record({
  node: fc.constantFrom('a', 'b'),
  gpu: fc.constantFrom('1', '2', '3'),
  step: fc.integer({ min: 0, max: 400_000 }),
  late: fc.integer({ min: 0, max: LATENESS }),
  power: fc.oneof(fc.integer({ min: 0, max: 700 }), fc.constant(Number.NaN)),
  energy: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.NaN)),
});
/** Rows in any order that the allowed lateness permits, each node with a clock of its own. */
const stream = fc.array(reading, { minLength: 1, maxLength: 120 }).map((list) => {
  const clock = new Map<string, number>();
  return list.map(({ step, late, ...one }): Reading => {
    const newest = (clock.get(one.node) ?? T0) + step;
    clock.set(one.node, newest);
    return { ...one, ts: late > LATENESS / 2 ? newest : newest - late };
  });
});

describe('rollups', () => {
  it('equal the definition, whatever the order within the lateness', () => {
    fc.assert(
      fc.property(stream, (readings) => {
        const got = roll(readings, LATENESS, 1_000);
        for (const table of ROLLUPS) {
          const want = expected(readings, table.size_ms);
          const rows = got[table.name] ?? [];
          expect(rows).toHaveLength(want.size);
          for (const row of rows) {
            const { power_watts_avg, ...exact } = want.get(`${row.ts} ${row.gpu_uuid} ${row.node}`) ?? {};
            expect(row).toMatchObject(exact);
            if (typeof power_watts_avg === 'number') expect(row.power_watts_avg).toBeCloseTo(power_watts_avg, 9);
            else expect(row.power_watts_avg).toBeNull();
          }
        }
      }),
      { numRuns: 100, seed: 7 },
    );
  });

  it('do not depend on how rows are cut into batches', () => {
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 7 }), (readings, size) => {
        expect(roll(readings, LATENESS, size)).toEqual(roll(readings, LATENESS, 1_000));
      }),
      { numRuns: 50, seed: 8 },
    );
  });

  it('has the columns of the tables: nothing of masks and codes, the maximum of flags', () => {
    const names = ROLLUPS[0]?.columns.map((column) => column.name) ?? [];
    expect(names).toContain('row_remap_failed_max');
    expect(names).not.toContain('row_remap_failed_min');
    expect(names.some((name) => name.startsWith('throttle_reasons') || name.startsWith('xid_last'))).toBe(false);
    expect(names.length).toBeGreaterThan(METRICS.length);
  });

  it('keeps the names of who is forgotten before the end, whoever has the place by then', () => {
    const rows: string[] = [];
    const rollup = createRollup({
      lateness_max: milliseconds(60_000),
      row: (table, { ts, gpu_uuid, node }) => rows.push(`${table.size} ${node} ${gpu_uuid} ${(ts - T0) / MONTH_MS}`),
    });
    const [batch] = batchesOf([{ node: 'gone', gpu: '1', ts: T0, power: 1, energy: 1 }], 1) as [Batch];
    rollup.add(batch);
    const { registry } = batch;
    registry.sweep(T0 + MONTH_MS);
    const node = registry.node('new');
    const gpu = registry.gpu({ uuid: '2', instance: '', model: '', pci_bus_id: '', serial: '', slot: '' }, node);
    expect([node, gpu]).toEqual([0, 0]);
    rollup.add({ ...batch, ts: Float64Array.of(T0 + MONTH_MS) });
    registry.sweep(T0 + 2 * MONTH_MS);
    rollup.end();
    expect(rows).toEqual(['1m', '5m', '1h'].flatMap((size) => [`${size} gone 1 0`, `${size} new 2 1`]));
  });

  it('gives buckets while the input runs, and keeps those that can still change', () => {
    const given: number[] = [];
    const rollup = createRollup({
      lateness_max: milliseconds(60_000),
      row: (table, row) => given.push(table.size === '1m' ? (row.ts - T0) / 60_000 : Number.NaN),
    });
    const at = (minutes: number): Reading => ({ node: 'a', gpu: '1', ts: T0 + minutes * 60_000, power: 1, energy: 1 });
    const readings = [at(0), at(1.5), at(1.99), at(0.5), at(2), at(3)];
    const seen = batchesOf(readings, 1).map((batch) => {
      rollup.add(batch);
      return given.length;
    });
    expect(seen).toEqual([0, 0, 0, 0, 1, 2]);
    expect(given).toEqual([0, 1]);
  });
});
