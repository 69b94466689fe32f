import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Batch } from '../../pipeline/contract/batch.ts';
import { METRIC_COUNT, METRICS, metricIndex } from '../../pipeline/contract/metrics.ts';
import { Registry } from '../../pipeline/contract/registry.ts';
import { ANOMALIES, GPU_METRICS, ROLLUPS } from '../../pipeline/contract/tables.ts';
import { minutes } from '../../pipeline/contract/time.ts';
import { batchJsonlSink } from './batch-jsonl-sink.ts';
import { deadLetterJsonlSink } from './dead-letter-jsonl-sink.ts';
import { jsonlTableSink } from './jsonl-table-sink.ts';
import { rollupJsonlSink } from './rollup-jsonl-sink.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'jsonl-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const lines = (name: string): Record<string, unknown>[] =>
  readFileSync(join(directory, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

function batch(rows: readonly { ts: number; power: number }[]): Batch {
  const registry = new Registry(0);
  const node = registry.node('n "1"');
  registry.gpu({ uuid: 'GPU-é', instance: '3', model: '', pci_bus_id: '', serial: '', slot: '' }, node);
  const values = new Float64Array(rows.length * METRIC_COUNT).fill(Number.NaN);
  rows.forEach((row, i) => {
    values[i * METRIC_COUNT + metricIndex('power_watts')] = row.power;
  });
  return {
    group: 0,
    registry,
    rows: rows.length,
    ts: Float64Array.from(rows, (row) => row.ts),
    gpu: new Uint32Array(rows.length),
    node: new Uint32Array(rows.length),
    attribution: new Uint32Array(rows.length),
    values,
    xids: [],
    position: 1,
    arrived_at: new Float64Array(rows.length),
    clock: new Float64Array(rows.length),
  };
}

describe('gpu_metrics.jsonl', () => {
  it('has every column in every line, missing ones null, numbers as they are', async () => {
    const sink = batchJsonlSink({ directory });
    const powers = [0.1 + 0.2, -0, 1e21, 5e-324, Number.NaN];
    sink.write(batch(powers.map((power, i) => ({ ts: 1_000 + i, power }))));
    expect(readdirSync(directory)).toEqual(['gpu_metrics.jsonl.partial']);
    await sink.close();
    expect(readdirSync(directory)).toEqual(['gpu_metrics.jsonl']);
    const written = lines('gpu_metrics.jsonl');
    expect(sink.rows).toBe(5);
    for (const line of written) expect(Object.keys(line)).toEqual(GPU_METRICS.columns.map((column) => column.name));
    expect(written.map((line) => line.power_watts)).toEqual([0.1 + 0.2, 0, 1e21, 5e-324, null]);
    expect(written[0]).toMatchObject({ ts: 1_000, gpu_uuid: 'GPU-é', node: 'n "1"', instance: '3' });
    expect(METRICS.every(({ name }) => name === 'power_watts' || written[0]?.[name] === null)).toBe(true);
  });

  it('writes more than a block in order', async () => {
    const sink = batchJsonlSink({ directory });
    for (let i = 0; i < 20; i++) {
      sink.write(batch(Array.from({ length: 100 }, (_, k) => ({ ts: i * 100 + k + 1, power: 1 }))));
      await sink.flush();
      expect(sink.pressure()).toBeNull();
    }
    await sink.close();
    expect(lines('gpu_metrics.jsonl').map((line) => line.ts)).toEqual(Array.from({ length: 2_000 }, (_, i) => i + 1));
  });
});

describe('table sinks', () => {
  const opened = { ts: 5, gpu_uuid: 'G', id: 'x', score: Number.NaN, state: 'open', closed_at: null };
  it('keeps the order of the columns, drops what the table has not, and says null for what is missing', async () => {
    const sink = jsonlTableSink<object>({ directory, table: ANOMALIES, rewrites: true });
    sink.write({ state: 'open', secret: 1, explanation: 'a "b"\n', ts: 5, gpu_uuid: 'G', id: 'x', score: Number.NaN });
    await sink.close();
    const [line] = lines('anomalies.jsonl');
    expect(Object.keys(line ?? {})).toEqual(ANOMALIES.columns.map((column) => column.name));
    expect(line).toMatchObject({ ts: 5, score: null, explanation: 'a "b"\n', closed_at: null });
  });

  it.each([
    [true, ['x closed', 'y open']],
    [false, ['x open', 'y open', 'x closed']],
  ])('rewrites: %s', async (rewrites, expected) => {
    const sink = jsonlTableSink<object>({ directory, table: ANOMALIES, rewrites });
    sink.write(opened);
    sink.write({ ...opened, id: 'y' });
    sink.write({ ...opened, state: 'closed', closed_at: 9 });
    expect(sink.rows).toBe(expected.length);
    await sink.close();
    expect(sink.rows).toBe(expected.length);
    expect(lines('anomalies.jsonl').map((line) => `${line.id} ${line.state}`)).toEqual(expected);
  });

  it('writes dead letters in the order of their fields', async () => {
    const sink = deadLetterJsonlSink({ directory });
    const letter = {
      ts: 7,
      node: 'n',
      level: 'row',
      reason: 'late',
      code: 'GV-VAL-005',
      step: 's',
      detail: 'd',
    } as const;
    sink.write({ original: 'text', ...letter });
    sink.write({ ...letter, original_base64: 'AAE=' });
    await sink.close();
    const fields = ['ts', 'node', 'level', 'reason', 'code', 'step', 'detail'];
    expect(lines('dead_letters.jsonl').map((line) => Object.keys(line))).toEqual([
      [...fields, 'original'],
      [...fields, 'original_base64'],
    ]);
  });

  it('makes empty files when nothing came', async () => {
    const sinks = [
      batchJsonlSink({ directory }),
      rollupJsonlSink({ directory, lateness_max: minutes(5) }),
      deadLetterJsonlSink({ directory }),
      jsonlTableSink({ directory, table: ANOMALIES, rewrites: true }),
    ];
    for (const sink of sinks) await sink.close();
    const names = ['anomalies', 'dead_letters', 'gpu_metrics', ...ROLLUPS.map((table) => table.name)];
    expect(readdirSync(directory).sort()).toEqual(names.map((name) => `${name}.jsonl`).sort());
    for (const name of names) expect(readFileSync(join(directory, `${name}.jsonl`), 'utf8')).toBe('');
  });

  it('writes rollups into three files and tells how many rows', async () => {
    const sink = rollupJsonlSink({ directory, lateness_max: minutes(0) });
    sink.write(batch(Array.from({ length: 120 }, (_, i) => ({ ts: 3_600_000 + i * 10_000, power: i }))));
    await sink.flush();
    expect(sink.pressure()).toBeNull();
    await sink.close();
    expect(sink.rows).toEqual({ gpu_metrics_1m: 20, gpu_metrics_5m: 4, gpu_metrics_1h: 1 });
    expect(lines('gpu_metrics_1m.jsonl')[1]).toMatchObject({ ts: 3_660_000, power_watts_avg: 8.5, power_watts_min: 6 });
    expect(lines('gpu_metrics_1h.jsonl')).toMatchObject([
      { ts: 3_600_000, power_watts_avg: 59.5, power_watts_max: 119 },
    ]);
  });

  it('tells a folder that is not there, and leaves an earlier file when it fails', async () => {
    expect(() => batchJsonlSink({ directory: join(directory, 'missing') })).toThrow(/cannot be written/);
    const sink = deadLetterJsonlSink({ directory });
    mkdirSync(join(directory, 'dead_letters.jsonl'));
    await expect(sink.close()).rejects.toMatchObject({ code: 'GV-CLI-002' });
    expect(existsSync(join(directory, 'dead_letters.jsonl'))).toBe(true);
  });
});
