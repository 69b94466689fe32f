import { describe, expect, it } from 'vitest';
import { METRIC_COUNT, METRICS } from '../../pipeline/contract/metrics.ts';
import { Registry } from '../../pipeline/contract/registry.ts';
import { chunkSlice, clearChunk, createChunk, decodeRow, type RowChunk, sortChunk } from './row-chunk.ts';
import { rowEncoder } from './row-encoder.ts';
import { escapeSymbol } from './row-template.ts';
import { batchOf, randomRows, seeded, type TestRow } from './test-batches.fixture.ts';

const NOW = 1_795_260_000_000;

/** The same row, slowly and from the protocol's description: text piece by piece, eight bytes per value. */
function slowRow(row: TestRow): Buffer {
  const escaped = (text: string): string => [...text].map((c) => (' ,=\n\r\\'.includes(c) ? `\\${c}` : c)).join('');
  const parts: Buffer[] = [
    Buffer.from(
      `gpu_metrics,gpu_uuid=${escaped(row.gpu_uuid)},node=${escaped(row.node)},instance=${escaped(row.instance ?? '')} `,
    ),
  ];
  let first = true;
  for (const { name } of METRICS) {
    const value = row.metrics[name];
    if (value === undefined) continue;
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    parts.push(Buffer.from(`${first ? '' : ','}${name}==\u0010`), bytes);
    first = false;
  }
  parts.push(Buffer.from(` ${String(row.ts).padStart(15, '0')}\n`));
  return Buffer.concat(parts);
}

const encode = (rows: readonly TestRow[], chunk: RowChunk = createChunk(4 << 20, 10_000)): RowChunk => {
  expect(rowEncoder('gpu_metrics').append(batchOf(rows), 0, chunk)).toBe(rows.length);
  return chunk;
};
const bytesOf = (chunk: RowChunk): Buffer => Buffer.from(chunk.bytes.subarray(0, chunk.length));

describe('row encoder', () => {
  it.each([
    ['plain', 'GPU-1'],
    ['blank', 'GPU one two'],
    ['comma', 'a,b'],
    ['equals', 'a=b'],
    ['newline', 'a\nb'],
    ['carriage return', 'a\rb'],
    ['backslash', 'a\\b\\'],
    ['quote', 'a"b\'c'],
    ['unicode', 'Zürich 東京 \u{1f525}'],
    ['empty', ''],
    ['all of them', '\\ ,=\n\r\\\\ x'],
  ])('spells a symbol with %s', (_, text) => {
    const row: TestRow = { ts: NOW, gpu_uuid: text, node: `${text}n`, instance: text, metrics: { power_watts: 1.5 } };
    const chunk = encode([row]);
    expect(bytesOf(chunk)).toEqual(slowRow(row));
    expect(decodeRow(chunkSlice(chunk, 0, 1))).toEqual({
      ts: NOW,
      gpu_uuid: text,
      node: `${text}n`,
      instance: text,
      power_watts: 1.5,
    });
  });

  it('spells a lone surrogate as the replacement character, which QuestDB takes', () => {
    const chunk = encode([{ ts: NOW, gpu_uuid: 'a\ud800b', node: 'n', metrics: { power_watts: 1 } }]);
    expect(decodeRow(chunkSlice(chunk, 0, 1)).gpu_uuid).toBe('a\ufffdb');
    expect(escapeSymbol('a b')).toBe('a\\ b');
  });

  it('writes the same bytes as the slow twin for random rows, whatever is present', () => {
    for (const seed of [1, 2, 3]) {
      const random = seeded(seed);
      const share = [1, 0.4, 0.02][seed - 1] as number;
      const rows = randomRows(random, { rows: 600, gpus: 37, from: NOW, step_ms: 1_000, share });
      expect(bytesOf(encode(rows)).equals(Buffer.concat(rows.map(slowRow)))).toBe(true);
    }
  });

  it('writes times from 1970 to 9999 with the same width', () => {
    for (const ts of [1, 999_999_999_999, NOW, NOW + 0.9, 253_402_300_799_999]) {
      const decoded = decodeRow(bytesOf(encode([{ ts, gpu_uuid: 'g', node: 'n', metrics: { power_watts: 1 } }])));
      expect(decoded.ts).toBe(Math.trunc(ts));
    }
  });

  it('makes a prefix anew when the GPU moves, and for another registry of the same group', () => {
    const encoder = rowEncoder('gpu_metrics');
    const registry = new Registry(0);
    const names = (batch: ReturnType<typeof batchOf>): unknown[] => {
      const chunk = createChunk(1 << 16, 10);
      encoder.append(batch, 0, chunk);
      const row = decodeRow(chunkSlice(chunk, 0, 1));
      return [row.gpu_uuid, row.node];
    };
    const row = (gpu_uuid: string, node: string): TestRow => ({ ts: NOW, gpu_uuid, node, metrics: { power_watts: 1 } });
    expect(names(batchOf([row('a', 'n1')], registry))).toEqual(['a', 'n1']);
    expect(names(batchOf([row('a', 'n2')], registry))).toEqual(['a', 'n2']);
    expect(names(batchOf([row('a', 'n1')], registry))).toEqual(['a', 'n1']);
    expect(names(batchOf([row('b', 'n3')], new Registry(0)))).toEqual(['b', 'n3']);
  });

  it('stops at the first row that does not fit, by bytes and by rows, and goes on from there', () => {
    const rows = randomRows(seeded(5), { rows: 50, gpus: 5, from: NOW, step_ms: 1_000, share: 0.5 });
    const batch = batchOf(rows);
    for (const [bytes, max] of [
      [3_000, 100],
      [1 << 20, 7],
    ] as const) {
      const encoder = rowEncoder('gpu_metrics');
      const chunk = createChunk(bytes, max);
      const written: Buffer[] = [];
      let from = 0;
      while (from < batch.rows) {
        clearChunk(chunk);
        const next = encoder.append(batch, from, chunk);
        expect(next - from).toBe(chunk.rows);
        expect(chunk.rows).toBeGreaterThan(0);
        written.push(bytesOf(chunk));
        from = next;
      }
      expect(written.length).toBeGreaterThan(5);
      expect(Buffer.concat(written).equals(Buffer.concat(rows.map(slowRow)))).toBe(true);
    }
  });

  it('skips what is missing and never writes NaN', () => {
    const batch = batchOf([{ ts: NOW, gpu_uuid: 'g', node: 'n', metrics: {} }]);
    for (let m = 0; m < METRIC_COUNT; m += 2) batch.values[m] = m;
    const chunk = createChunk(1 << 16, 1);
    rowEncoder('gpu_metrics').append(batch, 0, chunk);
    const { ts, gpu_uuid, node, instance, ...metrics } = decodeRow(chunkSlice(chunk, 0, 1));
    expect(Object.keys(metrics)).toEqual(METRICS.filter((_, m) => m % 2 === 0).map((metric) => metric.name));
    expect(Object.values(metrics)).toEqual(METRICS.map((_, m) => m).filter((m) => m % 2 === 0));
  });
});

describe('sorting a chunk', () => {
  it('is by time and keeps the order within one instant', () => {
    const random = seeded(9);
    const rows = randomRows(random, { rows: 400, gpus: 8, from: NOW, step_ms: 1_000, share: 0.3 }).map((row) => ({
      ...row,
      ts: NOW + Math.floor(random() * 20) * 1_000,
    }));
    const chunk = encode(rows);
    const into = createChunk(4 << 20, 10_000);
    expect(sortChunk(chunk, into)).toBe(true);
    const expected = rows.map((row, i) => ({ row, i })).sort((a, b) => a.row.ts - b.row.ts || a.i - b.i);
    expect(bytesOf(into).equals(Buffer.concat(expected.map(({ row }) => slowRow(row))))).toBe(true);
    expected.forEach(({ row }, i) => {
      expect(Buffer.from(chunkSlice(into, i, i + 1)).equals(slowRow(row))).toBe(true);
    });
  });

  it('leaves ordered rows where they are', () => {
    const chunk = encode(randomRows(seeded(1), { rows: 40, gpus: 4, from: NOW, step_ms: 1_000, share: 0.3 }));
    expect(sortChunk(chunk, createChunk(1, 1))).toBe(false);
  });
});
